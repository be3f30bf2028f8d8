"""Transactions, messages and batches: applied whole, or each entry for itself; what they name in each other; their rights."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.fhir_site import Resource, account, patient
from tests.web.fhir.conftest import Program, face_of, opened
from tests.web.fhir.writer import Writer, bundle, charge, entry, id_of, outcome


@pytest.fixture
def writer(tmp_path: Any) -> Iterator[Writer]:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'hp24.db'}") as app:
        yield Writer(Program(app, "", face_of(app)).with_token("system/*.cruds"))


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


def test_a_charge_on_an_account_that_is_written_under_a_condition_comes_after_it(writer: Writer) -> None:
    writer.post(patient("771"))
    answer = writer.send(
        "POST",
        "",
        bundle(
            "transaction",
            entry(charge("C1", "", "12.50", account=[{"reference": "urn:uuid:a"}])),
            entry(account("A1", "771"), "PUT", "Account?identifier=urn:id:WEST|A1", full="urn:uuid:a"),
        ),
    )
    assert [one["response"]["status"] for one in answer.json()["entry"]] == ["201 Created", "201 Created"]


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
    assert answer.headers["x-request-id"].startswith("given-")
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


def test_a_transaction_needs_the_rights_of_its_entries(writer: Writer) -> None:
    mine = Writer(writer.program.with_token("system/Patient.c"))
    both = bundle("transaction", entry(patient("771")), entry(account("A1", "771")))
    assert mine.send("POST", "", both).status_code == 403
    assert mine.send("POST", "", bundle("transaction", entry(patient("771")))).status_code == 200
    look = bundle("transaction", entry(patient("772")), {"request": {"method": "GET", "url": "Account?_count=1"}})
    assert mine.send("POST", "", look).status_code == 403
