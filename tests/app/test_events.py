"""Every kind of billing event as real messages through mapping, ledger and store, on both databases: run again and proven."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.app.compose import App, open_app
from interface.app.plan import plan_of
from interface.app.preview import preview
from interface.app.verify import verify
from interface.healthpay24.embedded import EmbeddedHealthPay24
from interface.healthpay24.protocol import Done, PaymentOrder, Share
from interface.healthpay24.push import PushPace, PushStage
from interface.ledger.due import BalancePolicy
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.replay import choose, progress, request
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import Listening, examine, store_batch
from interface.view.message import MessageFilter
from interface.view.money import AccountStory
from tests.engine.root import make_root

BY = By("tester", "try")
POLICY = BalancePolicy()


class Site:
    """An app that hears messages in few words, one at a time."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.hp24 = EmbeddedHealthPay24(app.store, app.clock)
        self._stage = ProcessStage(app.store, plan_of(*app.active()), app.clock)
        self._number = 0

    def hear(self, event: str, *segments: str) -> None:
        """Receive and run one message that happens a minute after the one before."""
        self._number += 1
        at = f"20250304{10 + self._number // 60:02d}{self._number % 60:02d}00-0600"
        kind, trigger = event.split("^")
        head = f"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|{at}||{kind}^{trigger}|N{self._number}|P|2.5.1"
        content = "\r".join((head, f"EVN|{trigger}|{at}", *segments, "")).encode()
        store_batch(self.app.store, [examine(content, Listening("epic"), peer="t:1", at=self.app.clock.now())])
        self.run()

    def run(self) -> None:
        drain(self._stage, 32)

    def pay(self, number: str, cents: int) -> None:
        """Take a payment at HealthPay24."""
        order = PaymentOrder((Share(self.account(number).account.public_id, cents),), "USD", "visa", "tok_1", "4242")
        assert isinstance(self.hp24.pay(order, key=f"k{number}{cents}", actor="tester"), Done)
        self.run()

    def account(self, name: str) -> AccountStory:
        with self.app.store.snapshot() as reader:
            story = reader.account(name)
        assert story is not None
        return story

    def owed(self, name: str) -> int:
        """What is due, a credit negative."""
        due = self.account(name).due(POLICY)
        return due.amount_minor - due.credit_minor

    def told(self) -> None:
        """Tell HealthPay24 everything."""
        stage = PushStage(self.app.store, self.hp24, self.app.clock, PushPace())
        while stage.run().taken:
            pass

    def causes(self) -> Counter[str]:
        with self.app.store.snapshot() as reader:
            return Counter(one.cause for one in reader.work_items(only_open=True, beyond_id=0, limit=100))

    def states(self) -> Counter[MessageState]:
        with self.app.store.snapshot() as reader:
            return Counter(row.state for row in reader.messages(MessageFilter(limit=1000)))


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    root = make_root(tmp_path / "root")
    environ = {"HP24_KEY_FILE": str(tmp_path / "test.key"), "HP24_DATABASE_URL": database_url}
    with open_app(tmp_path / "home", root, environ) as app:
        app.publish(app.edited(), "tester")
        yield Site(app)


def pid(mrn: str, account: str = "", n: int = 1) -> str:
    return f"PID|{n}||{mrn}^^^NORTH^MR||TESTER^MARIA" + "|" * 13 + (f"{account}^^^NORTH^AN" if account else "")


def pv1(visit: str, *, owes: str = "", kind: str = "O") -> str:
    return f"PV1|1|{kind}|W1" + "|" * 16 + f"{visit}^^^NORTH^VN" + "|" * 27 + owes


def gt1(number: str) -> str:
    return f"GT1|1|{number}^^^NORTH^GN|TESTER^MARIA"


def mrg(mrn: str, account: str = "", visit: str = "") -> str:
    return f"MRG|{mrn}^^^NORTH^MR||{account}||{visit}"


def ft1(name: str, amount: str, kind: str = "CG") -> str:
    return f"FT1|1|{name}||20250304|20250304|{kind}|X|||1|{amount}&USD"


def everything(site: Site) -> None:
    """A few patients to whom every event happens."""
    for n in "123456":
        site.hear("ADT^A04", pid(f"7{n}", f"9{n}"), pv1(f"5{n}", owes="100.00"), gt1(f"G{n}"))
    site.hear("DFT^P03", pid("71", "91"), ft1("C1", "40.00"))
    site.pay("91", 2500)
    site.hear("ADT^A06", pid("71", "91"), mrg("71", visit="51"), pv1("51b", kind="I"))
    site.hear("ADT^A02", pid("71", "91"), pv1("51b"))
    site.hear("ADT^A12", pid("71", "91"), pv1("51b"))
    site.hear("ADT^A49", pid("71", "91b"), mrg("71", "91"))
    site.hear("DFT^P11", pid("71", "91b"), ft1("C2", "10.00"), gt1("G9"))
    site.hear("ADT^A47", pid("71b"), mrg("71"))
    site.hear("ADT^A04", pid("71b", "91c"), pv1("51c", owes="7.00"), gt1("G8"))
    site.hear("ADT^A41", pid("71b", "91b"), mrg("71b", "91c"))
    site.hear("ADT^A42", pid("71b", "91b"), mrg("71b", "91b", "51c"), pv1("51b"))
    site.hear("ADT^A44", pid("73", "92"), mrg("72", "92"))
    site.hear("ADT^A08", pid("73", "92"), pv1("52"))
    site.hear("ADT^A45", pid("73", "93"), mrg("73", "92"), pv1("52"))
    site.hear("ADT^A40", pid("73"), mrg("74"))
    site.hear("ADT^A24", pid("71b"), pid("73", n=2))
    site.hear("ADT^A43", pid("73"), mrg("73"))
    site.hear("BAR^P01", pid("75", "95"), pv1("55a", owes="30.00"), gt1("G5"), pv1("55b", owes="30.00"))
    site.hear("BAR^P05", pid("75", "95"), pv1("55a", owes="0.00"))
    site.hear("BAR^P02", pid("75", "95"), pid("76", "96", 2))
    site.hear("ADT^A29", pid("76"))
    site.hear("ADT^A05", pid("75", "95d"), pv1("55d"))
    site.pay("95d", 500)
    site.hear("ADT^A38", pid("75", "95d"), pv1("55d"))
    site.hear("ADT^A23", pid("75", "95"), pv1("55b"))
    site.hear("ADT^A36", pid("73", "93"), mrg("75", "95d"))
    site.hear("ADT^A37", pid("71b"), pid("73", n=2))
    site.hear("BAR^P06", pid("73", "94"))
    site.told()


def test_every_event_is_applied_and_what_a_person_must_see_is_told(site: Site) -> None:
    everything(site)
    assert site.states() == {MessageState.PROCESSED: sum(site.states().values())}
    assert site.causes() == {
        "guarantor-of-charge-differs": 1,
        "guarantor-differs": 1,
        "guarantor-may-change": 1,
        "account-purged-with-money": 1,
        "person-removed-with-money": 1,
        "deposit-on-cancelled-visit": 1,
    }


def test_money_follows_numbers_merges_and_moves(site: Site) -> None:
    everything(site)
    assert site.owed("91") == site.owed("91b") == site.owed("91c") == 10_000 - 2_500 + 700
    story = site.account("91")
    assert [(story.number_of(one.account_id), one.amount_minor) for one in story.stated()] == [
        ("91b", 10_000),
        ("91c", 700),
    ]
    assert site.owed("92") == 10_000
    assert site.owed("95d") == site.owed("93") == 10_000 - 500
    assert site.account("92").patient_names == site.account("94").patient_names
    assert {one.public_id for one in site.account("93").visits} > {one.public_id for one in site.account("92").visits}


def test_healthpay24_holds_what_the_ledger_holds(site: Site) -> None:
    everything(site)
    moved, keeper = site.account("92"), site.account("93")
    account = site.hp24.account(moved.account.public_id)
    assert account is not None and keeper.patient is not None
    assert account.record.patient == keeper.patient.public_id
    visit = site.hp24.encounter(next(one.public_id for one in keeper.visits if one.account_id == keeper.account.id))
    assert visit is not None and visit.record.patient == keeper.patient.public_id
    merged = site.account("91")
    held = site.hp24.balances([merged.account.public_id])[merged.account.public_id]
    assert held.record.amount_minor == 8_200
    known = site.hp24.account(merged.account.public_id)
    assert known is not None and [one.value for one in known.record.identifiers] == ["91b"]
    closed, removed = site.account("95"), site.account("96")
    records = [site.hp24.account(one.account.public_id) for one in (closed, removed)]
    assert [(one.record.is_ended, one.record.is_purged) for one in records if one] == [(True, True), (True, False)]
    assert removed.patient is not None
    person = site.hp24.patient(removed.patient.public_id)
    assert person is not None and not person.record.is_active


def test_running_everything_again_changes_nothing_and_the_ledger_is_proven(site: Site) -> None:
    everything(site)
    chosen = choose(site.app.store, MessageFilter())
    seen = preview(site.app, chosen.ids, lambda _done, _total: None)
    assert (seen.changed_messages, seen.failures) == (0, [])
    number = request(site.app.store, BY, chosen)
    site.run()
    done = progress(site.app.store, number)
    assert (done.done, done.changed, done.failed) == (done.total, 0, 0)
    proof = verify(site.app, lambda _done, _total: None)
    assert (proof.differences, proof.endings, proof.holds) == ([], [], True)


def test_a_reversed_merge_a_taken_number_and_a_charge_after_the_end_wait_for_a_person(site: Site) -> None:
    for n in "12":
        site.hear("ADT^A04", pid(f"7{n}", f"9{n}"), pv1(f"5{n}"))
    site.hear("ADT^A47", pid("72"), mrg("71"))
    site.hear("ADT^A04", pid("73", "93"), pv1("53"))
    site.hear("BAR^P06", pid("73", "93"))
    site.hear("DFT^P03", pid("73", "93"), ft1("C1", "10.00"))
    site.hear("ADT^A04", pid("74", "94"), pv1("54"))
    site.hear("ADT^A04", pid("75", "95"), pv1("55"))
    site.hear("ADT^A40", pid("74"), mrg("75"))
    site.hear("ADT^A40", pid("75"), mrg("74"))
    assert site.states()[MessageState.HELD] == 3
    assert site.causes() == {"number-taken": 1, "account-ended": 1, "merge-loop": 1}
