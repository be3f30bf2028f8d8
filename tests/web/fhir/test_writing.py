"""What is written over FHIR: created, updated, under a condition, by versions; what is refused, and with which place."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from interface.fhir.text import read
from interface.message import MessageState
from interface.view.delivery import DeliveryFilter
from tests.engine.fhir_site import Resource, account, number, patient
from tests.web.fhir.conftest import Program, face_of, feed, message, opened
from tests.web.fhir.writer import Writer, bundle, charge, entry, id_of, outcome


@pytest.fixture
def writer(tmp_path: Any) -> Iterator[Writer]:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'hp24.db'}") as app:
        yield Writer(Program(app, "", face_of(app)).with_token("system/*.cruds"))


def test_what_is_created_can_be_read_with_its_version(writer: Writer) -> None:
    made = writer.post(patient("771"))
    assert (made.status_code, made.headers["etag"]) == (201, 'W/"1"')
    assert made.headers["location"].endswith(f"/Patient/{id_of(made)}/_history/1")
    assert made.json() == writer.program.get(f"Patient/{id_of(made)}")


def test_a_number_that_is_known_is_updated_by_a_create_too(writer: Writer) -> None:
    first, again = writer.post(patient("771")), writer.post(patient("771", "OTHER"))
    assert (again.status_code, id_of(again), again.headers["etag"]) == (200, id_of(first), 'W/"2"')
    assert again.json()["name"][0]["family"] == "OTHER"


def test_an_update_names_the_row_by_its_id(writer: Writer) -> None:
    made = id_of(writer.post(patient("771")))
    changed = writer.send("PUT", f"Patient/{made}", patient("771", "OTHER", id=made))
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')


def test_nothing_is_created_by_an_update_with_an_id(writer: Writer) -> None:
    writer.post(patient("771"))
    answer = writer.send("PUT", "Patient/none-such", patient("771", id="none-such"))
    assert outcome(answer) == (405, "not-found", [])


def test_a_version_that_has_passed_changes_nothing(writer: Writer) -> None:
    made = id_of(writer.post(patient("771")))
    path = f"Patient/{made}"
    assert writer.send("PUT", path, patient("771", "SECOND", id=made), if_match='W/"1"').status_code == 200
    late = writer.send("PUT", path, patient("771", "THIRD", id=made), if_match='W/"1"')
    assert outcome(late)[:2] == (412, "conflict")
    assert writer.program.get(path)["name"][0]["family"] == "SECOND"
    assert writer.states()[-1] == (MessageState.REFUSED, "version-differs")


@pytest.mark.parametrize("version", ['W/"7"', 'W/"abc"', 'W/"0"', '"1"', "1"])
def test_a_version_that_was_never_given_is_refused(writer: Writer, version: str) -> None:
    made = id_of(writer.post(patient("771")))
    answer = writer.send("PUT", f"Patient/{made}", patient("771", "OTHER", id=made), if_match=version)
    assert answer.status_code in (400, 412)
    assert writer.program.get(f"Patient/{made}")["meta"]["versionId"] == "1"


def test_a_conditional_create_leaves_what_is_there(writer: Writer) -> None:
    made = writer.post(patient("771"))
    again = writer.post(patient("771", "OTHER"), if_none_exist="identifier=urn:id:WEST|771")
    assert (again.status_code, id_of(again), again.headers["etag"]) == (200, id_of(made), 'W/"1"')
    other = writer.post(patient("772"), if_none_exist="identifier=urn:id:WEST|772")
    assert other.status_code == 201


def test_a_conditional_update_creates_or_updates(writer: Writer) -> None:
    path = "Patient?identifier=urn:id:WEST|771"
    first = writer.send("PUT", path, patient("771"))
    second = writer.send("PUT", path, patient("771", "OTHER"))
    assert (first.status_code, second.status_code, id_of(first)) == (201, 200, id_of(second))


def test_an_update_that_is_to_find_nothing_is_refused_where_something_is(writer: Writer) -> None:
    path = "Patient?identifier=urn:id:WEST|771"
    assert writer.send("PUT", path, patient("771"), if_none_match="*").status_code == 201
    assert outcome(writer.send("PUT", path, patient("771"), if_none_match="*"))[:2] == (412, "duplicate")


@pytest.mark.parametrize("condition", ["name=SPECIMEN", "identifier=urn:id:WEST|771&name=x", "identifier=a|b,c|d"])
def test_a_condition_that_may_find_several_is_refused(writer: Writer, condition: str) -> None:
    answer = writer.post(patient("771"), if_none_exist=condition)
    assert outcome(answer) == (422, "business-rule", ["http.If-None-Exist"])


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [("return=minimal", ""), ("return=representation", "Patient"), ("return=OperationOutcome", "OperationOutcome")],
)
def test_the_answer_holds_what_is_preferred(writer: Writer, prefer: str, kind: str) -> None:
    answer = writer.post(patient("771"), prefer=prefer)
    assert answer.status_code == 201
    assert (answer.json()["resourceType"] if answer.content else "") == kind


def test_the_same_request_under_the_same_number_is_one(writer: Writer) -> None:
    first, again = (writer.post(patient("771"), x_request_id="r-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["etag"] == again.headers["etag"]
    assert len(writer.states()) == 1


def test_the_same_bytes_are_a_new_request_without_a_number(writer: Writer) -> None:
    for family in ("SPECIMEN", "OTHER", "SPECIMEN"):
        answer = writer.post(patient("771", family))
    assert answer.json()["name"][0]["family"] == "SPECIMEN"


def test_what_an_account_owes_is_read_as_it_was_written(writer: Writer) -> None:
    said = {
        "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Account.balance",
        "extension": [{"url": "amount", "valueMoney": {"value": Decimal("10.00"), "currency": "USD"}}],
    }
    writer.post(patient("771"))
    made = writer.post(account("A1", "771", extension=[said]))
    shown = writer.program.ask(f"Account/{id_of(made)}").content
    assert b'"value":10.00' in shown
    told = read(shown)["extension"][0]["extension"]
    assert [each["valueMoney"]["value"] for each in told if each["url"] == "amount"] == [Decimal("10.00")]


def test_an_account_of_hl7_is_charged_over_fhir(writer: Writer) -> None:
    feed(writer.program.app, message(1, event="A04"))
    (known,) = writer.program.found("Account?identifier=991")
    to = {"account": [{"reference": f"Account/{known['id']}"}], "subject": known["subject"][0]}
    made = writer.post(charge("C1", "", "12.50", **to))
    assert made.status_code == 201
    assert writer.program.get(f"ChargeItem/{id_of(made)}")["priceOverride"]["value"] == Decimal("12.50")


def test_money_that_comes_before_its_account_is_kept_and_applied_later(writer: Writer) -> None:
    early = writer.post(charge("C1", "A1", "12.50"))
    assert early.status_code == 202
    status = early.headers["content-location"]
    assert writer.program.get(status)["entry"][0]["response"]["status"] == "202"
    writer.post(patient("771"))
    writer.post(account("A1", "771"))
    (told,) = writer.program.get(status)["entry"]
    assert told["response"]["status"] == "201"
    assert writer.program.get(told["response"]["location"].rpartition("/_history")[0])["status"] == "billable"


def test_who_does_not_wait_asks_later(writer: Writer) -> None:
    answer = writer.post(patient("771"), prefer="respond-async")
    assert answer.status_code == 202
    (told,) = writer.program.get(answer.headers["content-location"])["entry"]
    assert told["response"]["status"] == "201"
    other = writer.program.with_token("system/*.cruds")
    assert other.ask(answer.headers["content-location"]).status_code == 404


INVALID: dict[str, tuple[Resource | bytes, int, str]] = {
    "no JSON": (b'{"resourceType":"Patient"', 400, ""),
    "no object": (b"[]", 400, ""),
    "another type": (account("A1", "771"), 400, "resourceType"),
    "a list where none is": (patient("771", gender=["female"]), 400, "Patient.gender"),
    "an unknown code": (patient("771", gender="woman"), 422, "Patient.gender"),
    "no date": (patient("771", birthDate="1970-13-01"), 422, "Patient.birthDate"),
    "an empty name": (patient("771", name=[{"family": ""}]), 422, "Patient.name[0].family"),
}


@pytest.mark.parametrize("case", INVALID)
def test_what_is_invalid_is_refused_with_its_place_and_kept(writer: Writer, case: str) -> None:
    body, status, place = INVALID[case]
    answer = writer.send("POST", "Patient", body)
    assert (answer.status_code, outcome(answer)[2]) == (status, [place] if place else [])
    (kept,) = writer.states()
    assert kept[0] is MessageState.REFUSED


def test_a_card_number_is_refused_and_kept_masked(writer: Writer) -> None:
    card = "4111111111111111"
    answer = writer.post(patient("771", address=[{"line": [f"card {card}"]}]))
    assert outcome(answer) == (422, "business-rule", ["Patient.address[0].line[0]"])
    with writer.program.app.store.snapshot() as reader:
        body = reader.body(1)
    assert body is not None
    assert card.encode() not in body
    assert b"1111" in body


def test_an_identifier_may_look_like_a_card(writer: Writer) -> None:
    assert writer.post(patient("4111111111111111")).status_code == 201
    typed = patient("771", identifier=[number("771", "MR"), number("4111111111111111", "VS")])
    assert outcome(writer.post(typed))[0] == 422


def test_a_resource_is_validated_without_being_kept(writer: Writer) -> None:
    good, bad = (
        writer.send("POST", "Patient/$validate", body) for body in (patient("771"), patient("771", gender="x"))
    )
    assert (good.json()["issue"][0]["severity"], bad.json()["issue"][0]["expression"]) == (
        "information",
        ["Patient.gender"],
    )
    assert (good.status_code, bad.status_code, writer.states()) == (200, 200, [])


def test_a_body_beyond_the_limit_is_not_taken(writer: Writer) -> None:
    answer = writer.send("POST", "Patient", b" " * 1_000_001)
    assert (answer.status_code, writer.states()) == (413, [])


def test_what_the_ehr_was_paid_is_booked_read_and_never_posted(writer: Writer) -> None:
    writer.post(patient("771"))
    of = id_of(writer.post(account("A1", "771")))
    paid = {
        "resourceType": "PaymentReconciliation",
        "identifier": [{"system": "urn:id:WEST", "value": "P1"}],
        "status": "active",
        "created": "2026-11-02T09:00:00-06:00",
        "paymentDate": "2026-11-02",
        "paymentAmount": {"value": Decimal("30.00"), "currency": "USD"},
        "detail": [
            {
                "type": {"coding": [{"code": "payment"}]},
                "request": {"reference": f"Account/{of}"},
                "amount": {"value": Decimal("30.00"), "currency": "USD"},
            }
        ],
    }
    made = writer.post(paid)
    assert made.status_code == 201
    (found,) = writer.program.found("PaymentReconciliation?identifier=P1")
    assert found == writer.program.get(f"PaymentReconciliation/{id_of(made)}")
    assert found["paymentAmount"] == {"value": Decimal("30.00"), "currency": "USD"}
    assert found["detail"][0]["request"]["reference"] == f"Account/{of}"
    with writer.program.app.store.snapshot() as reader:
        assert reader.deliveries(DeliveryFilter(limit=10)) == []


def test_who_may_only_write_is_not_shown_what_is_known(writer: Writer) -> None:
    writer.post(patient("771", address=[{"city": "MADISON"}]))
    mine = Writer(writer.program.with_token("system/Patient.c"))
    for prefer in ("", "return=representation"):
        answer = mine.post(patient("771"), prefer=prefer)
        assert (answer.status_code, answer.content) == (200, b"")
    both = bundle("transaction", entry(patient("771")))
    (told,) = mine.send("POST", "", both, prefer="return=representation").json()["entry"]
    assert "resource" not in told


def test_every_answer_tells_the_number_under_which_a_repeat_is_the_same(writer: Writer) -> None:
    first = writer.post(patient("771"))
    again = writer.post(patient("771"), x_request_id=first.headers["x-request-id"])
    assert (again.status_code, again.headers["etag"], len(writer.states())) == (201, 'W/"1"', 1)
    assert writer.post(patient("772"), x_request_id="r-9").headers["x-request-id"] == "r-9"
