"""HL7 batches over the wire, on both databases: what their senders are told, what is applied, what a person does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from interface.app.verify import verify
from interface.ledger.journal import Book
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.amend import amend, edited
from interface.operate.hold import release, skip
from interface.simulate.incoming import Incoming, field_of
from interface.view.message import MessageFilter, MessageRow, MessageStory
from tests.engine.conftest import on_port
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Spec, make_root
from tests.engine.wire import Wire, adt, answered, charge, code, control_id
from tests.hl7.batches import bhs, bts, fhs, fts
from tests.ports import free_ports
from tests.postgres import PostgresServer

BY = By("tester", "to see what becomes of batches")
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Office:
    """An engine that takes batches: `epic` answers the batch, `each` every message, `slow` (one by one) once it was processed."""

    engine: Engine
    each_port: int
    slow_port: int

    def story(self, number: str, channel: str = "epic") -> MessageStory:
        """All about the batch of this control id, once it was looked into."""
        row = self.engine.await_state(number, MessageState.PROCESSED, MessageState.HELD, channel=channel)
        with self.engine.app.store.snapshot() as reader:
            found = reader.message(row.id)
        assert found is not None
        return found

    def members(self, batch: MessageStory) -> list[MessageRow]:
        """The messages of a batch, once all of them were run."""
        self.engine.await_idle()
        return self.engine.messages(MessageFilter(ids=batch.members, limit=_PAGE))

    def charged(self, account: str) -> int:
        """What was booked on an account, in cents."""
        with self.engine.app.store.snapshot() as reader:
            found = reader.account(account)
        if found is None:
            return 0
        return sum(line.amount_minor for entry in found.entries for line in entry.lines if line.book is Book.RECEIVABLE)


@contextmanager
def running(folder: Path, root: Path, database_url: str, each_port: int, slow_port: int) -> Iterator[Office]:
    with running_engine(folder / "home", root, database_url=database_url) as engine:
        engine.await_listening(each_port)
        engine.await_listening(slow_port)
        yield Office(engine, each_port, slow_port)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    each_port, slow_port = free_ports(2)

    def each(spec: Spec) -> None:
        on_port(each_port, "EAST")(spec)
        spec["batch"] = {"acks": "each"}

    def slow(spec: Spec) -> None:
        on_port(slow_port, "SOUTH")(spec)
        spec["ack"] = {"mode": "processed", "answer_within_secs": 10.0}

    root = make_root(folder / "root", more={"each": each, "slow": slow})
    if request.param == "sqlite":
        with running(folder, root, "", each_port, slow_port) as made:
            yield made
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url, running(folder, root, url, each_port, slow_port) as made:
        yield made


def ask(port: int, content: bytes) -> Incoming:
    with Wire(port) as wire:
        return wire.ask(content)


def account_of(number: str, facility: str = "NORTH") -> bytes:
    """The patient `number` with an account `A<number>`."""
    return adt(control_id(), mrn=number, account=f"A{number}", visit=f"V{number}", facility=facility)


def charge_of(number: str, amount: str, facility: str = "NORTH") -> bytes:
    return charge(control_id(), amount, mrn=number, account=f"A{number}", facility=facility)


def test_a_batch_of_charges_is_answered_once_and_booked(office: Office) -> None:
    number, patient = control_id("B"), control_id("P")
    messages = [account_of(patient), charge_of(patient, "10.00"), charge_of(patient, "2.50")]
    reply = ask(office.engine.port, bhs(number) + b"".join(messages) + bts(3, "12.50"))
    assert (code(reply), answered(reply), len(reply.all("MSA"))) == ("AA", number, 1)
    batch = office.story(number)
    assert (batch.row.type, batch.row.state) == ("BHS", MessageState.PROCESSED)
    rows = office.members(batch)
    assert [(row.state, row.batch_position) for row in rows] == [(MessageState.PROCESSED, place) for place in (1, 2, 3)]
    assert office.charged(f"A{patient}") == 1250


def test_nothing_of_a_batch_with_a_wrong_total_is_booked_until_a_person_mends_it(office: Office) -> None:
    number, patient = control_id("B"), control_id("P")
    raw = bhs(number) + account_of(patient) + charge_of(patient, "10.00") + bts(2, "11.00")
    assert code(ask(office.engine.port, raw)) == "AA"
    batch = office.story(number)
    (ran,) = batch.runs
    assert (batch.row.state, ran.cause, ran.place) == (MessageState.HELD, "batch-total-differs", "BTS-3[1]")
    assert ran.text == "it says 11.00, and the amounts add up to 10.00"
    later = charge_of(patient, "1.00")
    with Wire(office.engine.port) as wire:
        wire.ask(later)
    app = office.engine.app
    mended = edited(app.store, BY, batch.row.id, {"BTS-3": "10.00"})
    done = amend(app.store, app.clock, BY, batch.row.id, mended)
    wait_until(lambda: office.charged(f"A{patient}") == 1100, "the mended batch and what came after it were booked")
    with app.store.snapshot() as reader:
        copy = reader.message(done.message_id)
    assert copy is not None
    assert [row.channel for row in office.members(copy)] == ["operator/epic"] * 2


def test_a_wrong_count_holds_the_batch_and_a_release_looks_again(office: Office) -> None:
    number, patient = control_id("B"), control_id("P")
    ask(office.engine.port, bhs(number) + account_of(patient) + bts(2))
    batch = office.story(number)
    assert (batch.row.state, batch.row.reason) == (MessageState.HELD, "batch-count-differs")
    release(office.engine.app.store, BY, [batch.row.id])
    wait_until(lambda: len(office.story(number).runs) == 2, "it was looked into once more")
    assert office.story(number).row.state is MessageState.HELD
    skip(office.engine.app.store, BY, [batch.row.id])
    assert office.engine.message(number).state is MessageState.FILTERED


def test_what_a_batch_repeats_is_booked_once(office: Office) -> None:
    number, patient = control_id("B"), control_id("P")
    messages = account_of(patient) + charge_of(patient, "10.00")
    before = office.engine.counts()
    for control in (number, f"{number}A"):
        assert code(ask(office.engine.port, bhs(control) + messages + bts(2, "10.00"))) == "AA"
        office.members(office.story(control))
    counts = office.engine.counts()
    assert office.charged(f"A{patient}") == 1000
    assert counts["received"] - before["received"] == 6
    assert counts["duplicates"] - before["duplicates"] == 2
    assert office.story(f"{number}A").repeats == 2


def test_the_same_batch_again_gets_the_same_answer_and_is_one_message(office: Office) -> None:
    number = control_id("B")
    raw = bhs(number) + account_of(control_id("P")) + bts(1)
    assert [code(ask(office.engine.port, raw)) for _ in range(2)] == ["AA", "AA"]
    assert len(office.engine.messages(MessageFilter(control_id=number))) == 1


def test_each_message_of_a_batch_is_answered_where_that_is_agreed(office: Office) -> None:
    number, patient = control_id("B"), control_id("P")
    right, wrong = account_of(patient, "EAST"), charge_of(patient, "10.00", "EAST").replace(b"|P|2.5.1", b"|T|2.5.1")
    raw = fhs("F1") + bhs(number) + right + wrong + bts(2, "10.00") + fts(1)
    reply = ask(office.each_port, raw)
    names = [segment[0] for segment in reply.segments]
    assert names == ["FHS", "BHS", "MSH", "MSA", "MSH", "MSA", "ERR", "BTS", "FTS"]
    assert [field_of(segment, 11) for segment in reply.segments if segment[0] in ("FHS", "BHS")] == ["F1", number]
    assert [segment[1] for segment in reply.all("MSA")] == ["AA", "AR"]
    batch = office.story(number, "each")
    assert [(row.state, row.answer) for row in office.members(batch)] == [
        (MessageState.PROCESSED, "AA"),
        (MessageState.REFUSED, "AR"),
    ]


def test_a_batch_that_cannot_be_taken_apart_is_answered_as_one(office: Office) -> None:
    number = control_id("B")
    reply = ask(office.each_port, bhs(number) + bhs(f"{number}X") + account_of(control_id("P"), "EAST") + bts(1))
    assert (code(reply), answered(reply)) == ("AA", number)
    assert office.story(number, "each").row.reason == "batch-malformed"


def test_a_sender_that_waits_hears_what_became_of_its_batch(office: Office) -> None:
    right, wrong = control_id("B"), control_id("B")
    patient = control_id("P")
    reply = ask(office.slow_port, bhs(right) + account_of(patient, "SOUTH") + bts(1))
    assert (code(reply), answered(reply), reply.field("ERR", 3)) == ("AA", right, "")
    reply = ask(office.slow_port, bhs(wrong) + account_of(patient, "SOUTH") + bts(3))
    assert (code(reply), answered(reply)) == ("AA", wrong)
    assert reply.field("ERR", 2) == "BTS^1^1"
    assert "3 messages, and there are 1" in reply.field("ERR", 8)


@pytest.mark.parametrize(("raw", "place"), [(bhs(""), "BHS^1^11"), (fhs(""), "FHS^1^11")])
def test_a_batch_without_control_id_is_refused(office: Office, raw: bytes, place: str) -> None:
    reply = ask(office.engine.port, raw + account_of(control_id("P")) + bts(1))
    assert (code(reply), reply.field("ERR", 2)) == ("AE", place)


def test_a_large_batch_is_booked_in_order_and_nothing_is_lost(office: Office) -> None:
    number, patient = control_id("B"), control_id("P")
    charges = [charge_of(patient, "1.00") for _ in range(600)]
    reply = ask(office.engine.port, bhs(number) + account_of(patient) + b"".join(charges) + bts(601, "600.00"))
    assert code(reply) == "AA"
    last = charge_of(patient, "0.50")
    ask(office.engine.port, last)
    batch = office.story(number)
    rows = office.members(batch)
    assert {row.state for row in rows} == {MessageState.PROCESSED}
    with office.engine.app.store.snapshot() as reader:
        found = reader.account(f"A{patient}")
    assert found is not None
    booked = [entry.message_id for entry in found.entries]
    assert booked[:-1] == list(batch.members[1:])
    assert len(booked) == len(charges) + 1


@pytest.mark.proof
@pytest.mark.parametrize("written", [1, 1000, 2500, 3900])
def test_a_large_batch_survives_a_kill_at_any_point(office: Office, written: int) -> None:
    number, patient = control_id("B"), control_id("P")
    charges = [charge_of(patient, "1.00") for _ in range(4000)]
    before = office.engine.counts()
    ask(office.engine.port, bhs(number) + account_of(patient) + b"".join(charges) + bts(4001, "4000.00"))
    wait_until(lambda: office.engine.counts()["received"] - before["received"] > written, "some of it is written")
    office.engine.kill_part("process")
    batch = office.story(number)
    rows = [row for row in office.members(batch) if row.state is MessageState.PROCESSED]
    after = office.engine.counts()
    assert (after["received"] - before["received"], after["duplicates"]) == (4002, before["duplicates"])
    assert after["processed"] - before["processed"] == 4002
    assert rows
    assert office.charged(f"A{patient}") == 400_000


def test_the_ledger_is_proven_with_batches_in_its_history(office: Office) -> None:
    office.engine.await_idle()
    for app_counts in (office.engine.counts(name) for name in ("epic", "each", "slow")):
        states = sum(app_counts[state.value] for state in MessageState)
        assert app_counts["received"] == app_counts["duplicates"] + states
    assert verify(office.engine.app, lambda _done, _total: None).holds
