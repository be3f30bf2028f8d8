"""Notices over HTTP against a real server: as payments, and of nothing that is not in its books."""

from dataclasses import replace

import pytest

from interface.errors import UnclearError
from interface.mapping.posting import SETTLEMENT_NOTICE, Posting, PostingConventions
from interface.mapping.posting_notice import AsPaymentNotice
from interface.message import DeliveryState
from interface.row.delivery import Answer
from interface.simulate.fhir_ehr import Conduct, FhirEhr
from tests.wire.test_fhir_asking import POSTING, UTC, asking, code, ehr, reconciliation, send

__all__ = ["ehr"]  # the same server as for payments

SETTLED = replace(POSTING, kind=SETTLEMENT_NOTICE, facility="NORTH", settled_at=0)


def notice(posting: Posting = SETTLED) -> bytes:
    return AsPaymentNotice("urn:id:healthpay24").request(posting, PostingConventions(), UTC, 0).to_bytes()


@pytest.fixture
def paid(ehr: FhirEhr) -> FhirEhr:
    """The server with the payment in its books."""
    send(asking(ehr), reconciliation())
    return ehr


def test_a_notice_is_created_beside_its_payment(paid: FhirEhr) -> None:
    found = send(asking(paid), notice())
    assert isinstance(found, Answer)
    assert (found.code, found.state, paid.record.twice) == ("http-201", DeliveryState.DELIVERED, ())
    assert [one.payment for one in paid.record.notices] == [one.identifier for one in paid.record.booked]


def test_a_notice_that_arrived_is_found_and_not_sent_again(paid: FhirEhr) -> None:
    paid.behave(Conduct.DROP, count=1)
    assert code(send(asking(paid), notice())) == "connection-lost"
    assert code(send(asking(paid), notice(), again=True)) == "found"
    assert paid.record.requests["POST PaymentNotice"] == 1


def test_a_notice_that_did_not_arrive_is_sent_again(paid: FhirEhr) -> None:
    paid.behave(Conduct.LOSE, count=1)
    assert code(send(asking(paid), notice())) == "connection-lost"
    assert code(send(asking(paid), notice(), again=True)) == "http-201"


def test_another_amount_under_its_number_is_for_a_person(paid: FhirEhr) -> None:
    send(asking(paid), notice())
    found = send(asking(paid), notice(replace(SETTLED, amount_minor=2400)), again=True)
    assert isinstance(found, UnclearError)
    assert found.code == "found-differs"


@pytest.mark.parametrize("changed", [{"wire_id": "0LBSY9"}, {"amount_minor": 2400}])
def test_a_notice_of_what_is_not_in_the_books_is_refused(paid: FhirEhr, changed: dict[str, str | int]) -> None:
    found = send(asking(paid), notice(replace(SETTLED, **changed)))  # type: ignore[arg-type] - names of its own fields
    assert isinstance(found, Answer)
    assert (found.code, found.state, paid.record.notices) == ("http-422", DeliveryState.REJECTED, ())
