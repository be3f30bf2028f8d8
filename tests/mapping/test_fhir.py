"""Resources of FHIR read by the shipped mapping: what they become, whom their references name, and what is refused of them."""

from dataclasses import replace
from typing import Any

import pytest

from interface.errors import InterfaceError
from interface.ledger.noun import Identifier, public
from interface.ledger.reading import Filtered, Meaning, MoneyKind
from tests.mapping.fhir_sample import (
    ACCOUNT,
    CHARGE,
    COVERAGE,
    ENCOUNTER,
    GUARANTOR,
    MRN,
    PATIENT,
    PAYMENT,
    Resource,
    balance,
    mapped,
    north,
    number,
    site,
    understood,
    updated,
)
from tests.mapping.sample import ARRIVED, NORTH, SECOND


def of_patient(**elements: Any) -> dict[str, dict[str, Any]]:
    reading = mapped({**PATIENT, **elements})
    assert reading.patient is not None
    return reading.patient.groups


def refused(resource: Resource, target: str = "") -> InterfaceError:
    with pytest.raises(InterfaceError) as failed:
        understood(resource, target)
    return failed.value


def test_a_patient_is_a_person() -> None:
    reading = mapped(PATIENT)
    assert (reading.meaning, reading.event_at) == (Meaning.ADD_PERSON, ARRIVED)
    assert reading.patient is not None
    assert reading.patient.ids == (north("MR", "7700123"),)
    assert reading.patient.groups["name"] == {"family": "TESTER", "given": "MARIA", "middle": "Q"}
    assert reading.patient.groups["sex"] == {"sex": "F"}
    assert reading.patient.groups["others"] == {"other_ids": [{"authority": "ent", "type": "PI", "value": "E88001"}]}


def test_the_address_of_a_request_finds_the_row_first() -> None:
    reading = updated(PATIENT, "01A")
    assert reading.meaning is Meaning.UPDATE_PERSON
    assert reading.patient is not None
    assert reading.patient.ids == (public("pt_01A"), north("MR", "7700123"))


def test_a_conditional_request_names_what_it_looks_for() -> None:
    reading = mapped({**PATIENT, "identifier": []}, "/Patient?identifier=urn:id:NORTH%7C71")
    assert reading.patient is not None
    assert reading.patient.ids == (north("MR", "71"),)


def test_a_conditional_request_is_found_by_an_identifier_alone() -> None:
    assert refused(PATIENT, "/Patient?name=TESTER").place == "http.query"


@pytest.mark.parametrize(
    ("elements", "group", "values"),
    [
        ({"deceasedBoolean": True}, "death", {"deceased": True}),
        ({"deceasedDateTime": "2025-03-01T06:00:00Z"}, "death", {"deceased": True, "died_at": 1_740_808_800_000_000}),
        ({"meta": {"security": [{"code": "R"}]}}, "privacy", {"protected": True}),
        ({"meta": {"security": [{"code": "N"}]}}, "privacy", {"protected": False}),
        ({"birthDate": "1980"}, "birth", {"birth_date": "1980"}),
        ({"communication": [{"language": {"coding": [{"code": "es"}]}}]}, "language", {"language": "es"}),
    ],
)
def test_what_is_said_of_a_patient(elements: Resource, group: str, values: dict[str, Any]) -> None:
    assert of_patient(**elements)[group] == values


def test_what_is_not_said_is_not_spoken_of() -> None:
    assert not {"death", "privacy", "language"} & of_patient().keys()


def test_a_date_that_is_none_is_a_warning() -> None:
    reading = mapped({**PATIENT, "birthDate": "12.02.1980"})
    assert reading.warnings == ("date-unreadable Patient.birthDate",)


def test_an_unlisted_code_stops_the_request() -> None:
    assert (refused({**PATIENT, "gender": "F"}).code, refused({**PATIENT, "gender": "F"}).place) == (
        "code-unknown",
        "Patient.gender",
    )


def test_several_numbers_are_not_guessed_among() -> None:
    failure = refused({**PATIENT, "identifier": [number("1"), number("2")]})
    assert (failure.code, failure.place) == ("identifier-ambiguous", "Patient.identifier")


def test_an_expired_number_does_not_count() -> None:
    gone = {**number("1"), "period": {"end": "2025-03-03"}}
    reading = mapped({**PATIENT, "identifier": [gone, number("2")]})
    assert reading.patient is not None
    assert reading.patient.ids == (north("MR", "2"),)


def test_a_patient_without_a_number_is_refused_with_its_place() -> None:
    failure = refused({**PATIENT, "identifier": []})
    assert (failure.code, failure.place) == ("patient-unidentified", "Patient.identifier")


def test_a_person_who_is_no_longer_active() -> None:
    assert mapped({**PATIENT, "active": False}).meaning is Meaning.REMOVE_PERSON


def test_a_replaced_patient_is_merged_and_says_nothing_of_the_survivor() -> None:
    link = {"type": "replaced-by", "other": {"reference": "Patient/01NEW"}}
    reading = updated({**PATIENT, "active": False, "link": [link]}, "01OLD")
    assert reading.meaning is Meaning.MERGE_PATIENT
    assert [(one.survivor, one.retired) for one in reading.merges] == [(public("pt_01NEW"), north("MR", "7700123"))]
    assert reading.patient is not None
    assert not reading.patient.groups


@pytest.mark.parametrize(
    ("reference", "identifier"),
    [
        ({"reference": "Patient/01A"}, public("pt_01A")),
        ({"reference": "Patient/01A/_history/3"}, public("pt_01A")),
        ({"reference": "Patient?identifier=urn:id:SOUTH|5"}, Identifier("south", "MR", "5")),
        ({"reference": "Patient?identifier=5"}, north("MR", "5")),
        ({"identifier": MRN}, north("MR", "7700123")),
        ({"reference": "https://ehr.example.org/Patient/1", "identifier": MRN}, north("MR", "7700123")),
    ],
)
def test_whom_a_reference_names(reference: Resource, identifier: Identifier) -> None:
    reading = mapped({**ACCOUNT, "subject": [reference]})
    assert reading.patient is not None
    assert reading.patient.ids == (identifier,)


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "https://ehr.example.org/Patient/1"},
        {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
        {"reference": "#nobody"},
        {"reference": "Patient?name=TESTER"},
        {"reference": "Patient?identifier=1,2"},
        {"reference": "Patient/1/Encounter/2"},
        {"identifier": {"value": ""}, "reference": ""},
    ],
)
def test_a_reference_that_leads_nowhere_is_refused_with_its_place(reference: Resource) -> None:
    failure = refused({**ENCOUNTER, "subject": reference})
    assert failure.code in ("reference-unfollowed", "patient-unidentified")
    assert failure.place == "Encounter.subject"


def test_a_reference_to_something_else_is_left_out() -> None:
    reading = mapped({**ACCOUNT, "subject": [{"reference": "Device/1"}, {"reference": "Patient/01A"}]})
    assert reading.patient is not None
    assert reading.patient.ids == (public("pt_01A"),)


def test_an_account_with_guarantor_and_insurance() -> None:
    reading = mapped(ACCOUNT)
    assert reading.meaning is Meaning.UPDATE_ACCOUNT
    assert reading.account is not None
    assert reading.account.ids == (north("AN", "9001001"),)
    (row,) = reading.account.groups["coverages"]["coverages"]
    assert (row["plan_id"], row["payer_id"], row["group_number"], row["starts"]) == (
        "PLAN9",
        "PAY77",
        "GRP1",
        "2025-01-01",
    )
    (guarantor,) = reading.guarantors
    assert guarantor.ids == (north("GN", "G3001"),)
    assert guarantor.groups["relation"] == {"relationship": "SEL"}


def test_guarantors_of_this_server_are_named_by_their_ids() -> None:
    parties = [{"reference": "RelatedPerson/01G-01A"}, {"reference": "Organization/01O"}, {"reference": "Patient/01A"}]
    reading = mapped({**ACCOUNT, "guarantor": [{"party": one} for one in parties]})
    assert [one.ids for one in reading.guarantors] == [(public("gr_01G"),), (public("gr_01O"),)]


@pytest.mark.parametrize(
    ("extensions", "amounts"),
    [
        ([], []),
        ([balance(120.50)], [12050]),
        ([balance("-5.00")], [-500]),
        ([balance(1200, currency="JPY")], [1200]),
        ([balance(10.0, of="insurance"), balance(7, of="patient")], [700]),
        ([balance(10.0, of="insurance")], []),
    ],
)
def test_what_an_account_states(extensions: list[Resource], amounts: list[int]) -> None:
    assert [one.amount_minor for one in mapped({**ACCOUNT, "extension": extensions}).balances] == amounts


@pytest.mark.parametrize("amount", ["5,00", "1_000", "NaN", "5.001", 0.001, "1e30", "$5"])
def test_an_amount_that_is_none_stops_the_request(amount: object) -> None:
    failure = refused({**ACCOUNT, "extension": [balance(amount)]})
    assert failure.code == "amount-unreadable"
    assert failure.place.endswith(".value.ofType(Money)")


def test_an_inactive_account_is_closed() -> None:
    reading = updated({**ACCOUNT, "status": "inactive"}, "01C")
    assert reading.meaning is Meaning.END_ACCOUNT
    assert [(one.account, one.patient) for one in reading.closed] == [(public("ac_01C"), north("MR", "7700123"))]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("planned", Meaning.PREADMIT),
        ("arrived", Meaning.REGISTER),
        ("in-progress", Meaning.ADMIT),
        ("finished", Meaning.DISCHARGE),
        ("cancelled", Meaning.CANCEL_VISIT),
        ("entered-in-error", Meaning.REMOVE_VISIT),
        ("unknown", Meaning.UPDATE),
    ],
)
def test_what_the_status_of_a_visit_means(status: str, meaning: Meaning) -> None:
    reading = mapped({**ENCOUNTER, "status": status})
    assert reading.meaning is meaning
    assert reading.encounter is not None
    assert reading.encounter.ids == (north("VN", "5550007"),)
    assert reading.account is not None
    assert reading.account.ids == (north("AN", "9001001"),)


def test_a_charge() -> None:
    (one,) = mapped(CHARGE).transactions
    assert (one.kind, one.amount_minor, one.id, one.code) == (MoneyKind.CHARGE, 25000, "C0001", "99213")
    assert (one.account, one.occurred_on) == (north("AN", "9001001"), "2025-03-04")


@pytest.mark.parametrize("status", ["planned", "not-billable", "aborted", "unknown"])
def test_a_charge_that_is_none_is_filtered(status: str) -> None:
    assert isinstance(understood({**CHARGE, "status": status}), Filtered)


def test_a_charge_entered_in_error_is_taken_back_under_a_key_of_its_own() -> None:
    (charge,), (credit,) = (mapped(one).transactions for one in (CHARGE, {**CHARGE, "status": "entered-in-error"}))
    assert credit.kind is MoneyKind.CREDIT
    assert (credit.id, credit.type_code) != (charge.id, charge.type_code)


def test_a_payment_by_its_details() -> None:
    (one,) = mapped(PAYMENT).transactions
    assert (one.kind, one.amount_minor, one.id) == (MoneyKind.PAYMENT, 12500, "P0001")
    assert (one.reference, one.code, one.place) == ("TX8F2K1", "VISA", "PaymentReconciliation.detail[0]")
    assert one.visit is None


def test_a_detail_for_a_visit() -> None:
    detail = {**PAYMENT["detail"][0], "request": {"type": "Encounter", "identifier": number("5550007", "VN")}}
    (one,) = mapped({**PAYMENT, "detail": [detail]}).transactions
    assert (one.account, one.visit) == (None, north("VN", "5550007"))


def test_several_details_do_not_share_the_payments_number() -> None:
    detail = PAYMENT["detail"][0]
    found = mapped({**PAYMENT, "detail": [detail, {**detail, "identifier": {"value": "P0001-2"}}]}).transactions
    assert [one.id for one in found] == ["", "P0001-2"]


def test_a_payment_without_details_is_told_and_names_no_account() -> None:
    (one,) = mapped({key: value for key, value in PAYMENT.items() if key != "detail"}).transactions
    assert (one.kind, one.amount_minor, one.account) == (MoneyKind.PAYMENT, 12500, None)


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_payment_that_is_taken_back(status: str) -> None:
    (one,) = mapped({**PAYMENT, "status": status}).transactions
    assert (one.kind, one.type_code) == (MoneyKind.REVERSAL, "cancelled")


def test_an_amount_is_missing_where_it_stands() -> None:
    detail = {key: value for key, value in PAYMENT["detail"][0].items() if key != "amount"}
    failure = refused({**PAYMENT, "detail": [PAYMENT["detail"][0], detail]})
    assert (failure.code, failure.place) == ("amount-missing", "PaymentReconciliation.detail[1].amount")


def test_a_guarantor_by_himself() -> None:
    reading = updated({**GUARANTOR, "id": "01G-01A"}, "01G-01A")
    assert reading.meaning is Meaning.UPDATE_GUARANTOR
    assert reading.guarantors[0].ids == (public("gr_01G"), north("GN", "G3001"))


@pytest.mark.parametrize(
    "resource",
    [
        {**GUARANTOR, "identifier": []},
        {"resourceType": "Organization", "name": "EXAMPLE PAYER"},
        COVERAGE,
        {"resourceType": "PaymentNotice", "status": "active"},
        {"resourceType": "Observation", "status": "final"},
    ],
)
def test_what_does_not_change_the_bill_is_filtered_with_a_reason(resource: Resource) -> None:
    found = understood(resource)
    assert isinstance(found, Filtered)
    assert found.reason


def test_test_traffic_stays_out_of_production() -> None:
    labelled = {**PATIENT, "meta": {"security": [{"code": "HTEST"}]}}
    assert (refused(labelled).code, refused(labelled).place) == ("not-production", "Patient.meta.security")
    assert mapped(labelled, context=replace(NORTH, production=False))


EVENT_TIME = "event_time: Patient.meta.lastUpdated | datetime\nidentifiers:\n  patient: Patient.identifier\n"


@pytest.mark.parametrize(
    ("updated_at", "seconds"), [("2025-03-04T21:59:00Z", -60), ("2025-03-04T23:00:00Z", 300), ("soon", 0)]
)
def test_a_mapping_may_say_when_it_happened(updated_at: str, seconds: int) -> None:
    patient = {**PATIENT, "identifier": [MRN], "meta": {"lastUpdated": updated_at}}
    assert mapped(patient, mapping=site(EVENT_TIME)).event_at == ARRIVED + seconds * SECOND
