"""Payments over HTTP against a real server: what is asked, what is never asked twice, and what is known when nothing comes back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from interface.connector.fhir.asking import Asking
from interface.connector.fhir.settings import FhirSettings
from interface.connector.fhir.token import GivenToken
from interface.connector.secret import Secret
from interface.errors import BusyError, InterfaceError, UnansweredError, UnclearError, WireError
from interface.fhir.call import Call
from interface.ledger.noun import Identifier
from interface.mapping.posting import Posting, PostingConventions
from interface.mapping.posting_fhir import AsPaymentReconciliation
from interface.mapping.posting_oracle import AsOracleBasic
from interface.message import DeliveryState
from interface.row.delivery import Answer
from interface.simulate.fhir_ehr import Conduct, FhirEhr
from tests.engine.processes import wait_until
from tests.ports import free_ports

R = TypeVar("R")
UTC = ZoneInfo("UTC")
NUMBER, ACCOUNT, VISIT = (Identifier("north", of, number) for of, number in (("MR", "7001"), ("AN", "9"), ("VN", "8")))
POSTING = Posting("payment", "0LBSY1", 2500, "USD", "cash", 0, NUMBER, ACCOUNT, VISIT)


def reconciliation(posting: Posting = POSTING) -> bytes:
    return AsPaymentReconciliation("urn:id:healthpay24").request(posting, PostingConventions(), UTC, 0).to_bytes()


BASIC = AsOracleBasic().request(POSTING, PostingConventions(), UTC).to_bytes()


@pytest.fixture
def ehr() -> Iterator[FhirEhr]:
    with FhirEhr() as server:
        yield server


def settings(port: int) -> FhirSettings:
    return FhirSettings("north/dft", f"http://127.0.0.1:{port}/r4", connect_timeout_secs=2.0, reply_timeout_secs=0.5)


def asking(ehr: FhirEhr, changed: FhirSettings | None = None) -> Asking:
    def off(call: Callable[[], R]) -> Awaitable[R]:
        return asyncio.to_thread(call)

    return Asking(changed or settings(ehr.port), off, lambda: 0.0)


def send(one: Asking, payload: bytes, *, again: bool = False) -> Answer | InterfaceError:
    try:
        return asyncio.run((one.send_again if again else one.send)(payload, "C1"))
    except InterfaceError as failure:
        return failure


def code(found: Answer | InterfaceError) -> str:
    return found.code


# ---------------------------------------------------------------- one request


def test_a_payment_is_created_with_its_condition_and_its_request_id(ehr: FhirEhr) -> None:
    found = send(asking(ehr), reconciliation())
    assert isinstance(found, Answer)
    assert (found.code, found.state) == ("http-201", DeliveryState.DELIVERED)
    assert b"Location: PaymentReconciliation/1" in found.raw
    (booked,) = ehr.record.booked
    assert (booked.path, booked.amount, booked.request_id) == ("/r4/PaymentReconciliation", "25.00", "C1")
    assert ehr.record.conditions == ("identifier=urn%3Aid%3Ahealthpay24%7C0LBSY1",)


def test_one_that_was_there_is_accepted_and_not_booked_again(ehr: FhirEhr) -> None:
    send(asking(ehr), reconciliation())
    assert code(send(asking(ehr), reconciliation())) == "http-200"
    assert len(ehr.record.booked) == 1


@pytest.mark.parametrize("conduct", [Conduct.DROP, Conduct.LOSE])
def test_a_connection_that_ends_without_an_answer_is_ambiguous(ehr: FhirEhr, conduct: Conduct) -> None:
    ehr.behave(conduct)
    found = send(asking(ehr), BASIC)
    assert isinstance(found, UnansweredError)
    assert found.code == "connection-lost"


def test_an_answer_that_is_late_is_ambiguous(ehr: FhirEhr) -> None:
    ehr.behave(Conduct.SLOW, secs=5.0)
    found = send(asking(ehr), BASIC)
    assert isinstance(found, UnansweredError)
    assert found.code == "reply-timeout"


def test_a_server_that_books_late_and_keeps_the_condition_has_it_once(ehr: FhirEhr) -> None:
    ehr.behave(Conduct.LATE, count=1, secs=1.0)
    assert code(send(asking(ehr), reconciliation())) == "reply-timeout"
    assert code(send(asking(ehr), reconciliation(), again=True)) in ("http-201", "http-200", "found")
    wait_until(lambda: not ehr.under_way, "the first request is done with")
    assert len(ehr.record.booked) == 1


def test_a_page_that_says_200_is_no_yes(ehr: FhirEhr) -> None:
    ehr.behave(Conduct.GARBAGE)
    assert code(send(asking(ehr), BASIC)) == "answer-unclear"


def test_a_refusal_is_told_without_the_servers_own_words(ehr: FhirEhr) -> None:
    ehr.behave(Conduct.ANSWER, status=422)
    found = send(asking(ehr), BASIC)
    assert isinstance(found, Answer)
    assert (found.code, found.state) == ("http-422", DeliveryState.REJECTED)
    assert found.text == "business-rule PaymentReconciliation"


def test_a_busy_server_says_for_how_long(ehr: FhirEhr) -> None:
    ehr.behave(Conduct.ANSWER, status=429, retry_after="3")
    found = send(asking(ehr), BASIC)
    assert isinstance(found, BusyError)
    assert found.wait_secs == 3.0


def test_nobody_there_means_that_nothing_was_sent(ehr: FhirEhr) -> None:
    found = send(asking(ehr, settings(free_ports(1)[0])), BASIC)
    assert isinstance(found, WireError)
    assert found.code == "peer-unreachable"


def test_a_long_answer_is_kept_up_to_its_limit(ehr: FhirEhr) -> None:
    ehr.behave(Conduct.ANSWER, status=422)
    found = send(asking(ehr, replace(settings(ehr.port), max_answer_bytes=10)), BASIC)
    assert isinstance(found, Answer)
    assert (found.state, len(found.raw)) == (DeliveryState.REJECTED, len(b"HTTP 422\r\n\r\n") + 10)


def test_a_probe_books_nothing_and_any_word_proves_that_somebody_is_there(ehr: FhirEhr) -> None:
    probe = Call("GET", "metadata").to_bytes()
    assert code(send(asking(ehr), probe)) == "http-200"
    ehr.token = "other"
    assert code(send(asking(ehr), probe)) == "http-401"
    assert ehr.record.booked == ()


# ---------------------------------------------------------------- tokens


def held(path: Path, port: int) -> FhirSettings:
    return replace(settings(port), token=GivenToken(Secret(file=path)))


def test_the_token_goes_with_the_request_and_stands_in_nothing_that_is_kept(ehr: FhirEhr, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    ehr.token = "t0ken"
    found = send(asking(ehr, held(tmp_path / "token", ehr.port)), BASIC)
    assert isinstance(found, Answer)
    assert b"t0ken" not in found.raw + BASIC
    assert ehr.record.tokens == ("t0ken",)


def test_a_token_that_was_replaced_meanwhile_is_tried_once(ehr: FhirEhr) -> None:
    class Replaced:
        def current(self) -> str:
            return "old"

        def renewed(self, refused: str) -> str:
            return "new" if refused == "old" else ""

    ehr.token = "new"
    assert code(send(asking(ehr, replace(settings(ehr.port), token=Replaced())), BASIC)) == "http-201"
    assert ehr.record.tokens == ("old", "new")


def test_a_token_that_stays_wrong_books_nothing_and_waits(ehr: FhirEhr, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("wrong")
    ehr.token = "right"
    assert code(send(asking(ehr, held(tmp_path / "token", ehr.port)), BASIC)) == "not-permitted"
    assert ehr.record.tokens == ("wrong",)


def test_without_its_token_nothing_is_sent(ehr: FhirEhr, tmp_path: Path) -> None:
    assert code(send(asking(ehr, held(tmp_path / "none", ehr.port)), BASIC)) == "secret-missing"
    assert ehr.record.requests == {}


# ---------------------------------------------------------------- again


def test_what_arrived_before_is_found_and_not_sent_again(ehr: FhirEhr) -> None:
    ehr.recognises = False  # it would book it twice
    ehr.behave(Conduct.DROP, count=1)
    send(asking(ehr), reconciliation())
    found = send(asking(ehr), reconciliation(), again=True)
    assert isinstance(found, Answer)
    assert (found.code, found.state) == ("found", DeliveryState.DELIVERED)
    assert ehr.record.requests == {"POST PaymentReconciliation": 1, "GET PaymentReconciliation": 1}


def test_what_did_not_arrive_is_sent_again_with_the_same_bytes(ehr: FhirEhr) -> None:
    ehr.behave(Conduct.LOSE, count=1)
    payload = reconciliation()
    send(asking(ehr), payload)
    assert code(send(asking(ehr), payload, again=True)) == "http-201"
    (booked,) = ehr.record.booked
    assert payload.endswith(booked.content)


def test_a_server_that_cannot_be_searched_gets_nothing_again(ehr: FhirEhr) -> None:
    ehr.searches = False
    ehr.behave(Conduct.DROP, count=1)
    send(asking(ehr), reconciliation())
    found = send(asking(ehr), reconciliation(), again=True)
    assert isinstance(found, UnclearError)
    assert found.code == "search-impossible"
    assert len(ehr.record.booked) == 1


def test_other_money_under_our_number_is_for_a_person(ehr: FhirEhr) -> None:
    send(asking(ehr), reconciliation(replace(POSTING, amount_minor=100)))
    assert code(send(asking(ehr), reconciliation(), again=True)) == "found-differs"


def test_what_is_there_twice_is_for_a_person(ehr: FhirEhr) -> None:
    ehr.recognises = False
    send(asking(ehr), reconciliation())
    send(asking(ehr), reconciliation())
    assert code(send(asking(ehr), reconciliation(), again=True)) == "found-several"


@pytest.mark.parametrize(("status", "otherwise"), [(409, "http-409"), (412, "search-impossible")])
def test_a_conflict_is_looked_into(ehr: FhirEhr, status: int, otherwise: str) -> None:
    ehr.behave(Conduct.ANSWER, status=status)
    assert code(send(asking(ehr), reconciliation())) == otherwise
    ehr.behave(Conduct.TAKE, count=1)
    send(asking(ehr), reconciliation())
    assert code(send(asking(ehr), reconciliation())) == "found"


def test_what_nobody_can_search_is_just_sent(ehr: FhirEhr) -> None:
    assert code(send(asking(ehr), BASIC, again=True)) == "http-201"
