"""What was written over FHIR is proven and compared: rows that requests named by our own ids are found again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interface.app.compose import App, open_app
from interface.app.diff import diff
from interface.app.plan import plan_of
from interface.app.verify import verify
from interface.errors import ActRefusedError
from interface.fhir.request import write
from interface.ledger.noun import Noun
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.amend import amend, edited
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import Listening, examine, store_batch
from interface.pipeline.request import Sender, examine_request
from interface.simulate.traffic import morning
from tests.engine.root import make_root
from tests.mapping.fhir_sample import CHARGE, ENCOUNTER, GUARANTOR, PATIENT, Resource, number

WEB = """\
channel: web
source:
  fhir: {}
timezone: America/Chicago
facility: WEB
mapping: fhirr4
"""


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    """An engine with a channel of each kind, which has heard a small morning over MLLP."""
    root = make_root(tmp_path / "root", takes_fhir=True)
    (root / "channels" / "web.yaml").write_text(WEB, encoding="utf-8")
    environ = {"HP24_KEY_FILE": str(tmp_path / "test.key"), "HP24_DATABASE_URL": database_url}
    with open_app(tmp_path / "home", root, environ) as opened:
        opened.publish(opened.edited(), "tester")
        at = opened.clock.now()
        contents = [one.content for one in morning(7, 4)]
        store_batch(opened.store, [examine(one, Listening("epic"), peer="t:1", at=at) for one in contents])
        run(opened)
        yield opened


def run(app: App) -> None:
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)


def put(app: App, target: str, resource: Resource, state: MessageState = MessageState.PROCESSED) -> int:
    """Write one resource (POST where `target` has no id); it has to end as `state`."""
    is_new = "/" not in target and "?" not in target
    raw = write("POST" if is_new else "PUT", f"/{target}", (), json.dumps(resource).encode())
    asked = examine_request(raw, app.store.new_public_id("rq"), Sender("web", "EHR", "", "t:2"), app.clock.now())
    (answer,) = store_batch(app.store, [asked])
    run(app)
    with app.store.snapshot() as reader:
        story = reader.message(answer.received.message_id)
    assert story is not None
    assert story.row.state is state, story.row.reason
    return answer.received.message_id


def ids(app: App, noun: Noun) -> list[str]:
    """FHIR ids of the rows, in the order of their making."""
    with app.store.snapshot() as reader:
        return [row.public_id.partition("_")[2] for row in reader.image().entities if row.noun is noun]


def prove(app: App) -> Any:
    proof = verify(app, lambda _done, _total: None)
    return proof.differences, proof.endings, proof.holds


def account(patient: str, *numbers: Resource, guarantor: str = "") -> Resource:
    party = {"guarantor": [{"party": {"reference": guarantor}}]} if guarantor else {}
    subject = [{"reference": f"Patient/{patient}"}]
    return {"resourceType": "Account", "status": "active", "identifier": [*numbers], "subject": subject, **party}


def test_rows_that_requests_name_by_our_ids_are_found_again(app: App) -> None:
    put(app, "Patient", PATIENT)
    patient = ids(app, Noun.PATIENT)[-1]
    put(app, f"Patient/{patient}", {**PATIENT, "id": patient, "identifier": [], "gender": "male"})
    put(app, "RelatedPerson", {**GUARANTOR, "patient": {"reference": f"Patient/{patient}"}})
    guarantor = f"{ids(app, Noun.GUARANTOR)[-1]}-{patient}"
    put(app, "Account", account(patient, number("A71", "AN"), guarantor=f"RelatedPerson/{guarantor}"))
    opened = ids(app, Noun.ACCOUNT)[-1]
    put(app, f"Account/{opened}", {**account(patient), "id": opened, "type": {"text": "self-pay"}})
    subject = {"reference": f"Patient/{patient}"}
    put(app, "Encounter", {**ENCOUNTER, "subject": subject, "account": [{"reference": f"Account/{opened}"}]})
    put(app, "ChargeItem", {**CHARGE, "subject": subject, "account": [{"reference": f"Account/{opened}"}]})
    assert prove(app) == ([], [], True)


def test_rows_of_another_channel_are_found_again_by_our_ids(app: App) -> None:
    patient = ids(app, Noun.PATIENT)[0]
    put(
        app,
        f"Patient/{patient}",
        {"resourceType": "Patient", "id": patient, "telecom": [{"system": "email", "value": "a@example.org"}]},
    )
    put(app, "Account", account(patient, number("A72", "AN")))
    assert prove(app) == ([], [], True)


def test_a_merge_that_names_the_survivor_by_our_id_is_made_again(app: App) -> None:
    survivor = ids(app, Noun.PATIENT)[0]
    put(app, "Patient", PATIENT)
    retired = ids(app, Noun.PATIENT)[-1]
    link = [{"type": "replaced-by", "other": {"reference": f"Patient/{survivor}"}}]
    put(app, f"Patient/{retired}", {**PATIENT, "id": retired, "link": link})
    put(app, f"Patient/{survivor}", {"resourceType": "Patient", "id": survivor, "gender": "female"})
    assert prove(app) == ([], [], True)


def test_a_proof_from_a_baseline_knows_the_ids_of_what_was_copied_and_of_what_came_later(app: App) -> None:
    put(app, "Patient", PATIENT)
    copied = ids(app, Noun.PATIENT)[-1]
    app.store.take_baseline("older code")
    other = {**PATIENT, "identifier": [number("7700124", "MR", "urn:id:NORTH")]}
    put(app, "Patient", other)
    later = ids(app, Noun.PATIENT)[-1]
    for patient, account_number in ((copied, "A73"), (later, "A74")):
        put(app, "Account", account(patient, number(account_number, "AN")))
    assert prove(app) == ([], [], True)


def test_an_edited_mapping_is_compared_on_stored_requests(app: App) -> None:
    number_ = put(app, "Patient", PATIENT)
    file = app.root / "mappings" / "fhirr4.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("  birth_date: Patient.birthDate | date\n", "", 1), encoding="utf-8")
    found = diff(app, [number_], lambda _done, _total: None)
    assert [(one.shape.what, one.messages) for one in found.grouped()] == [("patient.birth_date", 1)]


def test_a_request_that_a_person_corrects_runs_in_place_of_the_held_one(app: App) -> None:
    put(app, "Patient", PATIENT)
    early = {**CHARGE, "account": [{"identifier": number("A404", "AN")}]}
    held = put(app, "ChargeItem", early, state=MessageState.HELD)
    owner = account(ids(app, Noun.PATIENT)[-1], number("A405", "AN"))
    put(app, "Account", owner)
    by = By("tester", "the sender wrote another number")
    body = json.dumps({**early, "account": [{"identifier": number("A405", "AN")}]}).encode()
    amended = amend(app.store, app.clock, by, held, body)
    run(app)
    with app.store.snapshot() as reader:
        story = reader.message(amended.message_id)
        assert story is not None
        assert story.row.state is MessageState.PROCESSED
    with pytest.raises(ActRefusedError) as refused:
        edited(app.store, by, held, {"PID-5": "X"})
    assert refused.value.code == "not-amendable"
    assert prove(app) == ([], [], True)
