"""What a client may send by mistake or in bad faith, and is refused without being quoted and without a defect."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.message import MessageState
from tests.engine.fhir_site import patient
from tests.web.fhir.conftest import SOURCES, WEB, Program, face_of, opened
from tests.web.fhir.writer import Writer, bundle, entry, outcome


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with opened(tmp_path, f"sqlite:///{tmp_path / 'hp24.db'}") as app:
        yield Writer(Program(app, "", face_of(app)).with_token("system/*.cruds"))


def test_an_entry_of_a_type_that_nobody_reads_is_refused_whatever_it_holds(writer: Writer) -> None:
    odd = {"resourceType": "Basic", "contained": 5, "subject": {"reference": "urn:uuid:p"}}
    answer = writer.send("POST", "", bundle("transaction", entry(patient("771"), full="urn:uuid:p"), entry(odd)))
    assert answer.status_code == 404


def test_a_request_that_never_was_is_not_found(writer: Writer) -> None:
    assert writer.program.ask(f"$request/{'9' * 30}").status_code == 404


def test_an_entry_of_a_batch_that_asks_for_too_much_is_refused_by_itself(writer: Writer) -> None:
    look = {"request": {"method": "GET", "url": f"Patient?{'&' * 300}"}}
    (told,) = writer.send("POST", "", bundle("batch", look)).json()["entry"]
    assert told["response"]["status"] == "400"


def test_a_transaction_that_is_asked_for_later_is_no_resource_itself(writer: Writer) -> None:
    answer = writer.send("POST", "", bundle("transaction", entry(patient("771"))), prefer="respond-async")
    (told,) = writer.program.get(answer.headers["content-location"])["entry"]
    assert told["response"] == {"status": "201"}


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_bundle_of_more_entries_than_the_channel_takes_is_refused_whole(writer: Writer, kind: str) -> None:
    many = [entry(patient(f"{mrn}")) for mrn in range(SOURCES[WEB].max_entries + 1)]
    answer = writer.send("POST", "", bundle(kind, *many))
    assert (answer.status_code, writer.states()) == (413, [])


def test_a_batch_that_cannot_be_read_is_kept(writer: Writer) -> None:
    answer = writer.send("POST", "", bundle("batch", {"resource": patient("771")}))
    assert (answer.status_code, outcome(answer)[2]) == (400, ["Bundle.entry[0].request"])
    assert writer.states() == [(MessageState.REFUSED, "request-malformed")]


def test_an_address_in_a_bundle_is_not_quoted(writer: Writer) -> None:
    answer = writer.send("POST", "", bundle("transaction", entry(patient("771"), url="Olivia-Brandt")))
    assert answer.status_code == 400
    assert "Olivia" not in answer.text
