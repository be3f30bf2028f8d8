"""A hospital that speaks FHIR both ways: its day comes in as resources, payments go out, its echoes make them posted."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from interface.app.verify import verify
from interface.ledger.journal import Book
from interface.message import PostingState
from interface.simulate.fhir_books import Booked
from interface.simulate.fhir_day import FhirDay
from interface.simulate.fhir_echo import FhirEcho, to_server
from interface.simulate.fhir_ehr import FhirEhr
from interface.simulate.fhir_sender import FhirSending, send_day
from interface.simulate.hospital import Hospital, Site
from interface.simulate.record import take_record
from tests.engine.cashier import Till
from tests.engine.harness import HP24, Engine, running_engine
from tests.engine.root import Edit, Spec, make_root
from tests.ports import free_ports

FACILITY, PATIENTS = "MEADOW", 20
pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]


def channel(ehr_port: int) -> Edit:
    def edit(spec: Spec) -> None:
        spec["source"] = {"fhir": {}}
        spec["mapping"] = "fhirr4"
        spec["facility"] = FACILITY
        spec["posted_when"] = "echo"
        payments = {"base_url": f"http://127.0.0.1:{ehr_port}", "shape": "payment-reconciliation"}
        spec["destinations"] = {"dft": {"fhir": payments}}
        for of_hl7 in ("ack", "filters", "segments", "expects"):
            spec.pop(of_hl7, None)

    return edit


def token_of(engine: Engine, name: str) -> str:
    words = ["--home", str(engine.home), "--root", str(engine.root), "--json", "token", "create"]
    words += ["--name", "EHR", "--channel", name, "--scope", "system/*.cruds"]
    made = subprocess.run([*HP24, *words], env=engine.environ, capture_output=True, text=True, check=True)
    return str(json.loads(made.stdout)["secret"])


@dataclass(frozen=True, slots=True)
class Meadow:
    engine: Engine
    hospital: Hospital
    ehr: FhirEhr
    echo: FhirEcho
    sending: FhirSending


@pytest.fixture(scope="module")
def meadow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meadow]:
    folder: Path = tmp_path_factory.mktemp("meadow")
    (port,) = free_ports(1)
    base, hospital = f"http://127.0.0.1:{port}/fhir/r4", Hospital(24, Site(facility=FACILITY))
    echoes: list[FhirEcho] = []  # one, once the port of the EHR that it stands behind is known to the engine

    def book(one: Booked) -> None:
        echoes[0].book(one)

    with ExitStack() as stack:
        ehr = stack.enter_context(FhirEhr(booked=book))
        root = make_root(folder / "root", more={"meadow": channel(ehr.port)}, takes_fhir=True)
        engine = stack.enter_context(running_engine(folder / "home", root, {"HP24_FHIR_PORT": str(port)}))
        engine.await_listening(port)
        token = token_of(engine, "meadow")
        echoes.append(stack.enter_context(FhirEcho(hospital, to_server(base, token))))
        sending = send_day((one for told in FhirDay(hospital, PATIENTS) for one in told), base, token)
        engine.await_idle()
        yield Meadow(engine, hospital, ehr, echoes[0], sending)


def test_nothing_of_the_day_is_refused_or_left(meadow: Meadow) -> None:
    assert meadow.sending.refused == []
    assert meadow.echo.wait_empty(60)  # of a payment that another test took
    meadow.engine.await_idle()
    counts = meadow.engine.counts("meadow")
    sent = sum(meadow.sending.sent.values()) + sum(meadow.echo.answered.sent.values())
    assert counts["processed"] == counts["received"] == sent
    assert meadow.engine.work_items() == []


def test_charges_are_those_of_the_hospitals_books(meadow: Meadow) -> None:
    for number, truth in take_record(meadow.hospital).accounts.items():
        with meadow.engine.app.store.snapshot() as reader:
            story = reader.account(number)
        assert story is not None
        assert -sum(one.amount_minor for one in story.balances if one.book is Book.CHARGES) == truth.charges


def test_a_payment_goes_out_and_its_echo_makes_it_posted(meadow: Meadow) -> None:
    number = next(one.number for one in take_record(meadow.hospital).accounts.values() if one.due > 200)
    with meadow.engine.app.store.snapshot() as reader:
        story = reader.account(number)
    assert story is not None
    till = Till(meadow.engine, "meadow", FACILITY, 0)
    till.await_posting(till.pay(story.account.public_id, 200), PostingState.POSTED)
    assert meadow.echo.wait_empty(60)
    assert (meadow.echo.answered.refused, meadow.echo.failures, meadow.ehr.record.twice) == ([], [], ())
    assert take_record(meadow.hospital).accounts[number].our_payments == 200
    meadow.engine.await_idle()
    assert verify(meadow.engine.app, lambda _done, _total: None).holds
