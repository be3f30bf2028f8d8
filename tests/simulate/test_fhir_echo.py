"""A hospital that books payments over HTTP tells of each one, and of the balance after it, as FHIR resources."""

import http.client
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from interface.fhir.request import read, write
from interface.ledger.noun import Identifier
from interface.ledger.reading import Reading
from interface.mapping.posting import Posting, PostingConventions
from interface.mapping.posting_fhir import AsPaymentReconciliation
from interface.mapping.scope import Context
from interface.simulate.fhir_day import FhirDay, FhirRequest
from interface.simulate.fhir_echo import FhirEcho
from interface.simulate.fhir_ehr import FhirEhr
from interface.simulate.fhir_sender import FhirSending
from interface.simulate.hospital import Hospital
from interface.simulate.record import AccountTruth, take_record
from tests.mapping.sample import ARRIVED, shipped

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2025, 3, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def hospital() -> Hospital:
    hospital = Hospital(24)
    list(FhirDay(hospital, 8))
    return hospital


@pytest.fixture
def told() -> list[FhirRequest]:
    return []


@pytest.fixture
def echo(hospital: Hospital, told: list[FhirRequest]) -> Iterator[FhirEcho]:
    def send(requests: tuple[FhirRequest, ...]) -> FhirSending:
        told.extend(requests)
        return FhirSending()

    with FhirEcho(hospital, send, delay_secs=0, clock=lambda: NOW) as echo:
        yield echo


@pytest.fixture
def ehr(echo: FhirEcho) -> Iterator[FhirEhr]:
    with FhirEhr(booked=echo.book) as ehr:
        yield ehr


def owing(hospital: Hospital) -> AccountTruth:
    return next(one for one in take_record(hospital).accounts.values() if one.due > 100)


def pay(ehr: FhirEhr, account: str, minor: int) -> int:
    posting = Posting(
        "payment",
        "0LBSY1",
        minor,
        "USD",
        "visa",
        0,
        Identifier("north", "MR", "7"),
        Identifier("north", "AN", account),
        authorization="A1",
    )
    call = AsPaymentReconciliation("urn:id:healthpay24").request(posting, PostingConventions(), CHICAGO, 0)
    connection = http.client.HTTPConnection("127.0.0.1", ehr.port, timeout=30)
    connection.request(call.method, f"/{call.path}", call.body, dict(call.head))
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_payment_comes_off_what_the_hospital_says_is_due(hospital: Hospital, ehr: FhirEhr, echo: FhirEcho) -> None:
    before = owing(hospital)
    assert pay(ehr, before.number, 100) == 201
    assert echo.wait_empty(30)
    after = take_record(hospital).accounts[before.number]
    assert (after.our_payments, after.stated, after.due) == (100, (before.stated or 0) - 100, before.due - 100)


def test_it_is_told_under_healthpay24s_own_number_and_then_the_balance(
    hospital: Hospital, ehr: FhirEhr, echo: FhirEcho, told: list[FhirRequest]
) -> None:
    before = owing(hospital)
    pay(ehr, before.number, 100)
    assert echo.wait_empty(30)
    (payment, *_others) = told
    raw = write(payment.method, f"/{payment.target}", payment.headers, payment.content)
    reading = shipped().fhir["fhirr4"].read(read(raw), Context(CHICAGO, "NORTH"), ARRIVED)
    assert isinstance(reading, Reading)
    (line,) = reading.transactions
    assert (line.id, line.amount_minor) == ("0LBSY1", 100)
    assert [one.resource["resourceType"] for one in told].count("Account") == 1


def test_a_payment_on_an_account_that_it_does_not_have_is_refused(hospital: Hospital, ehr: FhirEhr) -> None:
    assert pay(ehr, "999", 100) == 422
    assert ehr.record.booked == ()
