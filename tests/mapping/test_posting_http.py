"""Payments over HTTP by their contracts: FHIR R4 PaymentReconciliation, Oracle FinancialTransaction, athena recordpayment."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.card.screen import contains_card
from interface.errors import MappingError
from interface.fhir.call import Call
from interface.fhir.text import read
from interface.ledger.noun import Identifier
from interface.ledger.payment import TENDERS
from interface.mapping.money import PaymentSign, ReversalStyle
from interface.mapping.posting import Posting, PostingConventions
from interface.mapping.posting_athena import AsRecordPayment
from interface.mapping.posting_fhir import R5, AsPaymentReconciliation
from interface.mapping.posting_oracle import AsOracleBasic
from interface.simulate.fhir_books import BrokenContractError, Request, read_payment

CHICAGO = ZoneInfo("America/Chicago")
# 2026-03-05 02:30 UTC: in Chicago it is still the evening of the fourth.
TAKEN_AT = 1_772_677_800_000_000
NOW = TAKEN_AT + 3_600_000_000
POSTING = Posting(
    "payment",
    "0LBSY1",
    2500,
    "USD",
    "visa",
    TAKEN_AT,
    Identifier("north", "MR", "7001"),
    Identifier("north", "AN", "9001"),
    visit=Identifier("north", "VN", "8001"),
    last4="4242",
    authorization="A1B2C3",
    department="12",
)
VOID = replace(POSTING, kind="void", wire_id="0LBSY2", original_wire_id="0LBSY1")
AGREED = PostingConventions(
    codes_by_tender={"visa": "0111"}, codes_by_kind=dict.fromkeys(("payment", "void", "refund"), "{code}")
)
ORACLE = "https://fhir-ehr.cerner.com/r4/StructureDefinition/financial-transaction-"


def reconciliation(posting: Posting, agreed: PostingConventions = AGREED) -> dict[str, Any]:
    return read(AsPaymentReconciliation("urn:id:healthpay24").request(posting, agreed, CHICAGO, NOW).body)


def basic(posting: Posting, shape: AsOracleBasic | None = None) -> dict[str, Any]:
    return read((shape or AsOracleBasic()).request(posting, AGREED, CHICAGO).body)


def by_url(found: dict[str, Any], base: str) -> dict[str, Any]:
    """Extensions by the end of their URL, each with its only value."""
    named: dict[str, Any] = {}
    for one in found["extension"]:
        (value,) = (one[key] for key in one if key != "url")
        named[one["url"].removeprefix(base)] = value
    return named


def form(call: Call) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(call.body.decode()).items()}


# ---------------------------------------------------------------- PaymentReconciliation


def test_what_r4_requires_is_there() -> None:
    found = reconciliation(POSTING)
    assert {"status", "created", "paymentDate", "paymentAmount"} <= found.keys()
    assert all("type" in one for one in found["detail"])
    assert found["status"] == "active"


def test_a_payment_has_its_business_day_and_its_moment_has_an_offset() -> None:
    found = reconciliation(POSTING)
    assert (found["paymentDate"], found["created"]) == ("2026-03-04", "2026-03-04T21:30:00-06:00")


def test_amounts_keep_their_scale() -> None:
    body = AsPaymentReconciliation("urn:x").request(POSTING, AGREED, CHICAGO, NOW).body
    assert body.count(b'{"value":25.00,"currency":"USD"}') == 2


def test_a_currency_without_minor_units_has_no_point() -> None:
    found = reconciliation(replace(POSTING, currency="JPY"))
    assert str(found["paymentAmount"]["value"]) == "2500"


def test_it_is_created_only_if_it_is_not_there() -> None:
    call = AsPaymentReconciliation("urn:id:healthpay24").request(POSTING, AGREED, CHICAGO, NOW)
    assert dict(call.head)["If-None-Exist"] == "identifier=urn%3Aid%3Ahealthpay24%7C0LBSY1"
    assert call.search == "PaymentReconciliation?identifier=urn%3Aid%3Ahealthpay24%7C0LBSY1"


def test_the_account_and_the_visit_are_named_by_identifier() -> None:
    (detail,) = reconciliation(POSTING)["detail"]
    assert detail["request"]["type"] == "Account"
    assert (detail["request"]["identifier"]["system"], detail["request"]["identifier"]["value"]) == (
        "urn:id:north",
        "9001",
    )
    (visit,) = detail["extension"]
    assert visit["url"] == f"{R5}allocation.encounter"
    assert visit["valueReference"]["identifier"]["value"] == "8001"


def test_what_r4_has_no_element_for_stands_in_extensions_of_r5() -> None:
    found = by_url(reconciliation(POSTING), R5)
    assert found["method"]["coding"][0]["code"] == "CCCA"
    assert (found["cardBrand"], found["accountNumber"]) == ("visa", "4242")


@pytest.mark.parametrize("kind", ["void", "refund"])
def test_what_takes_back_is_a_resource_of_its_own_that_names_the_original(kind: str) -> None:
    found = reconciliation(replace(VOID, kind=kind))
    (detail,) = found["detail"]
    assert found["identifier"] == [{"system": "urn:id:healthpay24", "value": "0LBSY2"}]
    assert detail["type"]["coding"][0]["code"] == "adjustment"
    assert detail["predecessor"] == {"system": "urn:id:healthpay24", "value": "0LBSY1"}
    assert found["paymentAmount"]["value"] == Decimal("-25.00")


def test_the_sign_of_what_takes_back_is_as_agreed() -> None:
    agreed = replace(AGREED, reversal_style=ReversalStyle.TYPE)
    assert reconciliation(VOID, agreed)["paymentAmount"]["value"] == Decimal("25.00")
    negative = replace(AGREED, sign_of_payment=PaymentSign.NEGATIVE)
    assert reconciliation(POSTING, negative)["paymentAmount"]["value"] == Decimal("-25.00")


@given(
    st.integers(1, 10**9),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.sampled_from(["payment", "void", "refund"]),
    st.sampled_from((*TENDERS, "")),
)
def test_details_add_up_in_one_currency(minor: int, currency: str, kind: str, tender: str) -> None:
    found = reconciliation(replace(VOID, amount_minor=minor, currency=currency, kind=kind, tender=tender))
    total = found["paymentAmount"]
    assert sum(one["amount"]["value"] for one in found["detail"]) == total["value"]
    assert {one["amount"]["currency"] for one in found["detail"]} == {total["currency"]}


def test_no_card_number_goes_out_even_if_a_posting_held_one() -> None:
    held = replace(POSTING, last4="4111111111111111")
    for body in (
        AsPaymentReconciliation("urn:x").request(held, AGREED, CHICAGO, NOW).body,
        AsOracleBasic().request(held, AGREED, CHICAGO).body,
        AsRecordPayment().request(held, "").body,
    ):
        assert not contains_card(body.decode())


# ---------------------------------------------------------------- Oracle


def test_oracle_gets_what_it_requires() -> None:
    found = basic(POSTING)
    named = by_url(found, ORACLE)
    assert found["code"]["coding"] == [{"code": "FinancialTransaction"}]
    assert found["identifier"][0]["value"].isalnum()
    assert named["type"]["coding"][0]["code"] == "payment"
    assert named["alias"] == "0111"
    assert named["method"]["coding"][0] == {"system": "http://terminology.hl7.org/CodeSystem/v2-0570", "code": "CCCA"}
    assert named["amount"] == {"value": Decimal("25.00"), "currency": "USD"}


def test_oracle_gets_one_allocation_that_is_the_amount() -> None:
    allocations = [one for one in basic(POSTING)["extension"] if one["url"] == f"{ORACLE}allocation"]
    ((target, amount),) = (one["extension"] for one in allocations)
    assert target["valueReference"]["type"] == "Encounter"
    assert amount["valueMoney"] == by_url(basic(POSTING), ORACLE)["amount"]


def test_oracle_gets_the_brand_and_the_last_four_of_a_card_and_no_expiry() -> None:
    named = by_url(basic(POSTING), ORACLE)
    assert (named["card-brand"], named["account-number"]) == ("VISA", "4242")
    assert "date" not in named


def test_oracle_gets_the_date_that_was_agreed_for_cards() -> None:
    assert by_url(basic(POSTING, AsOracleBasic(card_date="2099-12")), ORACLE)["date"] == "2099-12"


def test_cash_is_tendered_and_a_check_has_its_day() -> None:
    cash = by_url(basic(replace(POSTING, tender="cash", last4="")), ORACLE)
    check = by_url(basic(replace(POSTING, tender="check", last4="")), ORACLE)
    assert (cash["method"]["coding"][0]["code"], cash["tendered-amount"]) == ("CASH", cash["amount"])
    assert (check["method"]["coding"][0]["code"], check["date"]) == ("CHCK", "2026-03-04")
    assert "account-number" not in check


def test_what_oracle_wants_of_a_check_comes_with_the_method_that_stands_for_one() -> None:
    by_ach = by_url(basic(replace(POSTING, tender="ach"), AsOracleBasic({"ach": "CHCK"})), ORACLE)
    assert (by_ach["account-number"], by_ach["date"]) == ("4242", "2026-03-04")
    as_cash = by_url(basic(replace(POSTING, tender="check"), AsOracleBasic({"check": "CASH"})), ORACLE)
    assert as_cash["tendered-amount"] == as_cash["amount"]
    assert "date" not in as_cash


def test_a_visit_whose_number_is_the_encounters_id_is_named_so() -> None:
    found = basic(POSTING, AsOracleBasic(visit_is_encounter_id=True, location="98920358"))
    assert json.dumps(found, default=str).count('"reference": "Encounter/8001"') == 1
    assert by_url(found, ORACLE)["location"] == "98920358"


def test_without_a_visit_the_accounts_number_names_the_encounter() -> None:
    (allocation,) = [
        one["extension"]
        for one in basic(replace(POSTING, visit=None))["extension"]
        if one["url"] == f"{ORACLE}allocation"
    ]
    target = allocation[0]["valueReference"]
    assert (target["type"], target["identifier"]["value"]) == ("Encounter", "9001")


def test_an_account_has_no_encounters_id() -> None:
    with pytest.raises(MappingError) as wrong:
        basic(replace(POSTING, visit=None), AsOracleBasic(visit_is_encounter_id=True))
    assert wrong.value.code == "visit-not-known"


def test_where_it_was_agreed_so_the_account_is_paid() -> None:
    found = basic(replace(POSTING, visit=None), AsOracleBasic(is_on_account=True))
    (allocation,) = [one["extension"] for one in found["extension"] if one["url"] == f"{ORACLE}allocation"]
    assert allocation[0]["valueReference"]["identifier"]["value"] == "9001"


def test_a_tender_that_the_receiver_has_no_word_for_goes_to_a_person() -> None:
    by_ach = replace(POSTING, tender="ach")
    with pytest.raises(MappingError) as wrong:
        basic(by_ach)
    assert wrong.value.code == "method-unknown"
    assert by_url(basic(by_ach, AsOracleBasic({"ach": "CHCK"})), ORACLE)["method"]["coding"][0]["code"] == "CHCK"


# ---------------------------------------------------------------- by the simulator's own reading of each contract

WORDS = {"ach": "CHCK"}
SHAPES = {
    "PaymentReconciliation": lambda one: AsPaymentReconciliation("urn:id:healthpay24").request(
        one, AGREED, CHICAGO, NOW
    ),
    "Basic": lambda one: AsOracleBasic(WORDS, card_date="2099-12", location="98920358").request(one, AGREED, CHICAGO),
    "recordpayment": lambda one: AsRecordPayment(WORDS).request(one, "7"),
}


@pytest.mark.parametrize("shape", SHAPES)
@given(minor=st.integers(1, 10**9), tender=st.sampled_from(TENDERS))
def test_every_payment_is_taken_by_whoever_reads_its_contract_to_the_letter(
    shape: str, minor: int, tender: str
) -> None:
    call = SHAPES[shape](replace(POSTING, amount_minor=minor, tender=tender))
    booked = read_payment(Request(call.method, f"/base/{call.path}", call.body))
    assert booked.amount == f"{minor // 100}.{minor % 100:02d}"


BROKEN = {
    "no alias": (b'"valueString":"0111"', b'"valueString":""'),
    "another type": (b'"code":"payment"', b'"code":"refund"'),
    "no method of table 0570": (b'"code":"CCCA"', b'"code":"CARD"'),
    "no brand": (b'"VISA"', b'"visa"'),
    "no number": (b'"4242"', b'"x242"'),
    "another sum": (b'"value":25.00,"currency":"USD"}}]', b'"value":24.99,"currency":"USD"}}]'),
    "an identifier with a sign in it": (b'"0LBSY1"', b'"0LBSY-1"'),
    "another resource": (b'"FinancialTransaction"', b'"Transaction"'),
    "an extension that it does not know": (b"transaction-location", b"transaction-place"),
    "no required extension": (b"transaction-date", b"transaction-location"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_who_reads_oracles_contract_to_the_letter_refuses_what_breaks_it(broken: str) -> None:
    call, (right, wrong) = SHAPES["Basic"](POSTING), BROKEN[broken]
    assert call.body.count(right) >= 1
    with pytest.raises(BrokenContractError):
        read_payment(Request("POST", "/r4/Basic", call.body.replace(right, wrong, 1)))


# ---------------------------------------------------------------- athena


def test_athena_gets_a_form_of_the_patient() -> None:
    call = AsRecordPayment().request(POSTING, "")
    assert (call.method, call.path) == ("POST", "patients/7001/recordpayment")
    assert form(call) == {
        "departmentid": "12",
        "paymentmethod": "CREDITCARD",
        "otheramount": "25.00",
        "cardnumberlast4": "4242",
    }


def test_athena_gets_the_field_and_the_word_that_were_agreed() -> None:
    fields = form(AsRecordPayment({"visa": "VISA"}, "copayamount").request(POSTING, ""))
    assert (fields["paymentmethod"], fields["copayamount"]) == ("VISA", "25.00")


def test_athena_wants_a_department() -> None:
    nowhere = replace(POSTING, department="")
    assert form(AsRecordPayment().request(nowhere, "7"))["departmentid"] == "7"
    with pytest.raises(MappingError) as wrong:
        AsRecordPayment().request(nowhere, "")
    assert wrong.value.code == "department-missing"


def test_no_patients_number_leaves_its_place_in_the_path() -> None:
    odd = replace(POSTING, patient=Identifier("north", "MR", "../7 001?x"))
    assert AsRecordPayment().request(odd, "").path == "patients/..%2F7%20001%3Fx/recordpayment"


@pytest.mark.parametrize("kind", ["void", "refund"])
def test_what_cannot_be_taken_back_there_goes_to_a_person(kind: str) -> None:
    back = replace(VOID, kind=kind)
    for ask in (lambda: AsOracleBasic().request(back, AGREED, CHICAGO), lambda: AsRecordPayment().request(back, "")):
        with pytest.raises(MappingError) as refused:
            ask()
        assert refused.value.code == "takes-nothing-back"
