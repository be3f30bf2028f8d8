"""What is written over FHIR: created, updated, under a condition, by versions; what is refused, and with which place."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from interface.fhir.text import read, write
from interface.message import MessageState
from interface.view.message import MessageFilter
from tests.web.fhir.conftest import Program, face_of, feed, message, opened

FHIR = {"content-type": "application/fhir+json"}
CODES = "http://terminology.hl7.org/CodeSystem/v2-0203"
Resource = dict[str, Any]


def number(value: str, type_: str, system: str = "urn:id:WEST") -> Resource:
    return {"type": {"coding": [{"system": CODES, "code": type_}]}, "system": system, "value": value}


def patient(mrn: str, family: str = "SPECIMEN", **more: Any) -> Resource:
    name = [{"family": family, "given": ["ANA"]}]
    return {
        "resourceType": "Patient",
        "identifier": [number(mrn, "MR")],
        "name": name,
        "birthDate": "1970-01-01",
    } | more


def account(value: str, mrn: str, **more: Any) -> Resource:
    of = [{"identifier": number(mrn, "MR")}]
    return {"resourceType": "Account", "identifier": [number(value, "AN")], "status": "active", "subject": of} | more


def charge(value: str, of: str, cents: str, **more: Any) -> Resource:
    return {
        "resourceType": "ChargeItem",
        "identifier": [{"system": "urn:id:WEST", "value": value}],
        "status": "billable",
        "code": {"coding": [{"code": "99213"}]},
        "subject": {"identifier": number("771", "MR")},
        "account": [{"identifier": number(of, "AN")}],
        "priceOverride": {"value": Decimal(cents), "currency": "USD"},
    } | more


def bundle(type_: str, *entries: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def entry(resource: Resource, method: str = "POST", url: str = "", full: str = "", **asked: str) -> Resource:
    request = {"method": method, "url": url or resource["resourceType"], **asked}
    return {**({"fullUrl": full} if full else {}), "resource": resource, "request": request}


@pytest.fixture
def writer(tmp_path: Any) -> Iterator["Writer"]:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'hp24.db'}") as app:
        yield Writer(Program(app, "", face_of(app)).with_token("system/*.cruds"))


class Writer:
    """A program that writes."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def send(self, method: str, path: str, body: Resource | bytes, **headers: str) -> httpx.Response:
        """One request; header names with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else write(body)
        return self.program.ask(path, method, content=content, headers=FHIR | named)

    def post(self, body: Resource, **headers: str) -> httpx.Response:
        return self.send("POST", body["resourceType"], body, **headers)

    def states(self) -> list[tuple[MessageState, str]]:
        """Every message: its state, and its reason."""
        with self.program.app.store.snapshot() as reader:
            rows = reader.messages(MessageFilter(limit=100))
        return [(row.state, row.reason) for row in sorted(rows, key=lambda one: one.id)]


def id_of(answer: httpx.Response) -> str:
    return str(answer.headers["location"].split("/")[-3])


def outcome(answer: httpx.Response) -> tuple[int, str, list[str]]:
    """Status, the first issue's code, and its places."""
    issue = answer.json()["issue"][0]
    return answer.status_code, issue["code"], issue.get("expression", [])


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


def test_a_transaction_is_applied_whole_and_its_entries_name_each_other(writer: Writer) -> None:
    answer = writer.send(
        "POST",
        "",
        bundle(
            "transaction",
            entry(
                charge("C1", "", "12.50", account=[{"reference": "urn:uuid:a"}], subject={"reference": "urn:uuid:p"})
            ),
            entry(account("A1", "", subject=[{"reference": "urn:uuid:p"}]), full="urn:uuid:a"),
            entry(patient("771"), full="urn:uuid:p"),
            {"request": {"method": "GET", "url": "Account?identifier=A1"}},
        ),
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()["entry"]
    assert [one["response"]["status"] for one in told] == ["201 Created", "201 Created", "201 Created", "200 OK"]
    (shown,) = told[3]["resource"]["entry"]
    assert told[1]["fullUrl"].endswith(f"/Account/{shown['resource']['id']}")
    assert shown["resource"]["subject"][0]["reference"] == told[2]["response"]["location"].partition("/_history")[0]


def test_of_a_transaction_with_one_bad_entry_nothing_is_applied(writer: Writer) -> None:
    made = id_of(writer.post(patient("770")))
    stale = entry(patient("770", "OTHER", id=made), "PUT", f"Patient/{made}", ifMatch='W/"9"')
    answer = writer.send("POST", "", bundle("transaction", entry(patient("771")), stale))
    assert outcome(answer)[:2] == (412, "conflict")
    assert writer.program.found("Patient?identifier=771") == []


def test_an_invalid_entry_of_a_transaction_is_named(writer: Writer) -> None:
    answer = writer.send("POST", "", bundle("transaction", entry(patient("771")), entry(patient("772", gender="x"))))
    assert outcome(answer) == (422, "code-invalid", ["Bundle.entry[1].resource.gender"])


@pytest.mark.parametrize(
    ("broken", "status", "place"),
    [
        ({"resource": patient("1")}, 400, "Bundle.entry[0].request"),
        (entry(patient("1"), "DELETE"), 405, "Bundle.entry[0].request.method"),
        (entry(patient("1"), "POST", "Account"), 400, "Bundle.entry[0].resource.resourceType"),
        (entry(patient("1"), "PUT", "Patient"), 400, "Bundle.entry[0].request.path"),
        ("no object", 400, "Bundle.entry"),
    ],
)
def test_an_entry_that_is_no_request_is_refused(writer: Writer, broken: Any, status: int, place: str) -> None:
    answer = writer.send("POST", "", bundle("transaction", broken))
    assert (answer.status_code, outcome(answer)[2]) == (status, [place])


def test_a_conditional_entry_names_what_is_there_to_the_others(writer: Writer) -> None:
    known = id_of(writer.post(patient("771")))
    answer = writer.send(
        "POST",
        "",
        bundle(
            "transaction",
            entry(patient("771", "OTHER"), full="urn:uuid:p", ifNoneExist="identifier=urn:id:WEST|771"),
            entry(account("A1", "", subject=[{"reference": "urn:uuid:p"}])),
        ),
    )
    assert [one["response"]["status"] for one in answer.json()["entry"]] == ["200 OK", "201 Created"]
    assert writer.program.get(f"Patient/{known}")["name"][0]["family"] == "SPECIMEN"
    (made,) = writer.program.found("Account?identifier=A1")
    assert made["subject"][0]["reference"] == f"Patient/{known}"


def test_the_entries_of_a_batch_stand_for_themselves(writer: Writer) -> None:
    answer = writer.send(
        "POST",
        "",
        bundle(
            "batch",
            entry(patient("771")),
            entry(patient("772", gender="x")),
            {"request": {"method": "GET", "url": "Patient/none-such"}},
        ),
    )
    told = [one["response"]["status"].split()[0] for one in answer.json()["entry"]]
    assert (answer.status_code, told) == (200, ["201", "422", "404"])
    assert writer.program.found("Patient?identifier=771") != []


def told_of(*resources: Resource) -> Resource:
    header = {
        "resourceType": "MessageHeader",
        "id": "m-1",
        "eventUri": "urn:example:admitted",
        "source": {"endpoint": "urn:example:ehr"},
    }
    return bundle("message", *({"resource": one} for one in (header, *resources)))


def test_a_message_is_answered_with_a_message(writer: Writer) -> None:
    answer = writer.send("POST", "$process-message", told_of(account("A1", "771"), patient("771")))
    assert answer.status_code == 200, answer.text
    (head,) = [one["resource"] for one in answer.json()["entry"]]
    assert head["response"] == {"identifier": "m-1", "code": "ok"}
    assert writer.program.found("Account?identifier=A1") != []


def test_a_message_that_cannot_be_applied_is_a_fatal_error(writer: Writer) -> None:
    answer = writer.send("POST", "$process-message", told_of(patient("771", gender="x")))
    (head,) = [one["resource"] for one in answer.json()["entry"]]
    assert (answer.status_code, head["response"]["code"]) == (422, "fatal-error")
    assert head["contained"][0]["issue"][0]["expression"] == ["Bundle.entry[1].resource.gender"]


def test_a_resource_is_validated_without_being_kept(writer: Writer) -> None:
    good, bad = (
        writer.send("POST", "Patient/$validate", body) for body in (patient("771"), patient("771", gender="x"))
    )
    assert (good.json()["issue"][0]["severity"], bad.json()["issue"][0]["expression"]) == (
        "information",
        ["Patient.gender"],
    )
    assert (good.status_code, bad.status_code, writer.states()) == (200, 200, [])


def test_a_transaction_needs_the_rights_of_its_entries(writer: Writer) -> None:
    mine = Writer(writer.program.with_token("system/Patient.c"))
    both = bundle("transaction", entry(patient("771")), entry(account("A1", "771")))
    assert mine.send("POST", "", both).status_code == 403
    assert mine.send("POST", "", bundle("transaction", entry(patient("771")))).status_code == 200
    look = bundle("transaction", entry(patient("772")), {"request": {"method": "GET", "url": "Account?_count=1"}})
    assert mine.send("POST", "", look).status_code == 403


def test_a_body_beyond_the_limit_is_not_taken(writer: Writer) -> None:
    answer = writer.send("POST", "Patient", b" " * 1_000_001)
    assert (answer.status_code, writer.states()) == (413, [])
