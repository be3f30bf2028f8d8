"""What a server answers is read with suspicion: refusals without people's values, searches that really searched."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.fhir.answered import NotSearchedError, contradicts, is_same_payment, matches, refusal

MINE = {"system": "urn:id:healthpay24", "value": "0LBSY1"}
SELF = {"relation": "self", "url": "https://fhir.example.org/PaymentReconciliation?identifier=x"}


def outcome(**issue: Any) -> bytes:
    return json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error", **issue}]}).encode()


def entry(identifier: dict[str, str], mode: str = "match") -> dict[str, Any]:
    resource = {"resourceType": "PaymentReconciliation", "identifier": [identifier]}
    return {"resource": resource, "search": {"mode": mode}}


def bundle(*entries: Any, **more: Any) -> bytes:
    content = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "link": [SELF], "entry": entries}
    return json.dumps(content | more).encode()


def look(body: bytes) -> int:
    return len(matches(body, "PaymentReconciliation", [MINE]))


def test_a_refusal_is_told_by_its_code_and_its_element() -> None:
    said = outcome(code="value", expression=["PaymentReconciliation.detail[0].amount"], diagnostics="SMITH owes less")
    assert refusal(said) == "value PaymentReconciliation.detail[0].amount"


@pytest.mark.parametrize(
    "issue",
    [
        {"code": "SMITH", "diagnostics": "SMITH"},
        {"code": 7, "expression": "SMITH"},
        {"code": "smith", "expression": ["Patient.name.where(family='SMITH')", 3]},
        {"expression": ["PaymentReconciliation.where(x='SMITH')"], "details": {"text": "SMITH"}},
    ],
)
def test_a_servers_own_words_stay_out(issue: dict[str, Any]) -> None:
    assert refusal(outcome(**issue)) == ""


@given(
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    ).map(lambda one: json.dumps(one).encode())
)
def test_whatever_comes_back_is_read(body: bytes) -> None:
    assert refusal(body) == ""
    assert not contradicts(body)
    with pytest.raises(NotSearchedError):
        matches(body, "PaymentReconciliation", [MINE])


def test_a_yes_with_an_error_in_it_contradicts_itself() -> None:
    assert contradicts(outcome(code="exception"))
    assert contradicts(b'{"success": false}')
    assert not contradicts(b'{"success": true}')


def test_what_is_there_is_found() -> None:
    assert look(bundle(entry(MINE))) == 1


def test_what_is_not_there_is_not_found() -> None:
    assert look(bundle()) == 0


def test_what_the_server_says_beside_is_no_match() -> None:
    assert look(bundle({"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}, total=0)) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        bundle(type="collection"),
        bundle(entry({"system": "urn:other", "value": "1"})),  # it gave all that it has
        bundle(link=[{"relation": "self", "url": "https://fhir.example.org/PaymentReconciliation"}]),
        bundle(link=[SELF, {"relation": "next", "url": "https://fhir.example.org/?page=2"}]),
        bundle(total=3),
    ],
)
def test_a_server_that_did_something_else_has_told_nothing(body: bytes) -> None:
    with pytest.raises(NotSearchedError):
        look(body)


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({}, True),
        ({"paymentAmount": {"value": 25.5, "currency": "USD"}}, False),
        ({"paymentAmount": {"value": 25, "currency": "EUR"}}, False),
        ({"status": "cancelled"}, False),
        ({"paymentAmount": None}, False),
    ],
)
def test_only_the_same_money_in_force_is_the_same_payment(change: dict[str, Any], is_same: bool) -> None:
    amount = {"value": 25, "currency": "USD"}
    sent = {"resourceType": "PaymentReconciliation", "status": "active", "paymentAmount": amount}
    assert is_same_payment(sent, sent | change) is is_same


def cleared(*codes: str) -> dict[str, Any]:
    return {"paymentStatus": {"coding": [{"system": "urn:x", "code": code} for code in codes]}}


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({}, True),
        (cleared("theirs", "cleared"), True),
        (cleared("paid"), False),
        ({"paymentStatus": "cleared"}, False),
        ({"amount": {"value": 24, "currency": "USD"}}, False),
        ({"status": "cancelled"}, False),
    ],
)
def test_only_the_same_word_on_the_same_money_is_the_same_notice(change: dict[str, Any], is_same: bool) -> None:
    amount = {"value": 25, "currency": "USD"}
    sent = {"resourceType": "PaymentNotice", "status": "active", "amount": amount, **cleared("cleared")}
    assert is_same_payment(sent, sent | change) is is_same
