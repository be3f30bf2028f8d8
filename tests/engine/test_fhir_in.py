"""Requests that write to a running engine, over a socket: answered once applied, one resource however many ask."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from interface.fhir.text import read
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.pause import pause, resume
from interface.view.count import PauseKind
from interface.view.message import MessageFilter, MessageRow
from tests.engine.fhir_site import WEB, Resource, Site, account, patient, site_in
from tests.engine.processes import wait_until
from tests.engine.wire import Wire, adt, code

MANY = 100
BY = By("tester", "a test")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("fhir-in")) as opened:
        yield opened


def messages(site: Site, *states: MessageState) -> list[MessageRow]:
    with site.engine.app.store.snapshot() as reader:
        return reader.messages(MessageFilter(channel=WEB, states=states, limit=500))


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.proof)])
def test_a_hundred_that_create_at_once_make_one(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environ = {} if database == "sqlite" else {"HP24_DATABASE_URL": request.getfixturevalue("postgres_url")}
    with site_in(tmp_path, environ) as site, ThreadPoolExecutor(MANY) as pool:

        def create(one: int) -> tuple[int, str]:
            body = patient("771", f"SPECIMEN{one}")
            answer = site.ask("POST", "/Patient", body, {"if-none-exist": "identifier=urn:id:WEST|771"})
            return answer.status_code, answer.headers.get("location", answer.text)

        told = list(pool.map(create, range(MANY)))
        assert sorted(status for status, _ in told) == [200] * (MANY - 1) + [201]
        assert len({place for _, place in told}) == 1
        assert read(site.ask("GET", "/Patient?identifier=771").content)["total"] == 1


def test_an_account_of_a_message_is_read_a_moment_later_and_updated(site: Site) -> None:
    with Wire(site.engine.port) as wire:
        assert code(wire.ask(adt("FHIR1", account="990555"))) == "AA"
    site.engine.await_state("FHIR1", MessageState.PROCESSED)
    (entry,) = read(site.ask("GET", "/Account?identifier=990555").content)["entry"]
    known = entry["resource"]
    version = known["meta"]["versionId"]
    changed = {
        "resourceType": "Account",
        "id": known["id"],
        "identifier": known["identifier"],
        "status": "active",
        "subject": known["subject"],
        "type": {"text": "SELFPAY"},
    }
    answer = site.ask("PUT", f"/Account/{known['id']}", changed, {"if-match": f'W/"{version}"'})
    assert (answer.status_code, answer.json()["type"]["text"]) == (200, "SELFPAY")


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("impatient"), answer_within_secs=1.0) as opened:
        yield opened


@contextmanager
def paused(site: Site) -> Iterator[None]:
    """The channel stands: what comes in is stored, and nothing of it is applied."""
    store = site.engine.app.store
    pause(store, BY, PauseKind.CHANNEL, WEB, (WEB,))
    try:
        yield
    finally:
        resume(store, BY, PauseKind.CHANNEL, WEB)


def found(site: Site, mrn: str) -> int:
    """How many patients have this number."""
    return int(read(site.ask("GET", f"/Patient?identifier={mrn}").content)["total"])


def eventually(site: Site, body: Resource) -> int:
    """Send as a client does that is told to come again; gives the status of the answer that is none of these."""
    told: list[int] = []

    def is_answered() -> bool:
        told.append(site.ask("POST", f"/{body['resourceType']}", body).status_code)
        return told[-1] != 503

    wait_until(is_answered, "it is answered")
    return told[-1]


def test_what_is_not_done_in_time_is_given_back_and_never_applied(impatient: Site) -> None:
    before = {one.id for one in messages(impatient, MessageState.REFUSED)}
    with paused(impatient):
        answer = impatient.ask("POST", "/Patient", patient("771"))
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (503, "timeout")
        assert int(answer.headers["retry-after"]) > 0
    kept = messages(impatient, MessageState.REFUSED)
    assert [one.reason for one in kept if one.id not in before] == ["not-done-in-time"]
    assert eventually(impatient, account("A1", "772")) == 201  # what comes after it runs
    assert found(impatient, "771") == 0
    assert eventually(impatient, patient("771")) == 201
    assert found(impatient, "771") == 1


def test_who_does_not_wait_is_applied_later(impatient: Site) -> None:
    with paused(impatient):
        answer = impatient.ask("POST", "/Patient", patient("775"), {"prefer": "respond-async"})
        assert answer.status_code == 202
        status = answer.headers["content-location"]
        assert impatient.ask("GET", status).status_code == 202
    wait_until(lambda: impatient.ask("GET", status).status_code == 200, "it is applied")
    (told,) = impatient.ask("GET", status).json()["entry"]
    assert told["response"]["status"] == "201"


def test_what_a_person_has_to_judge_keeps_back_its_patient_and_nobody_else(impatient: Site) -> None:
    assert eventually(impatient, account("A7", "777")) == 201
    held = impatient.ask("POST", "/Account", account("A7", "778"))  # that it is another patient's now, a person decides
    assert held.status_code == 202
    assert impatient.ask("POST", "/Patient", patient("778")).status_code == 503
    assert eventually(impatient, patient("779")) == 201


def test_requests_that_wait_when_the_engine_stops_are_given_back(impatient: Site) -> None:
    with ThreadPoolExecutor(1) as pool, paused(impatient):
        waits = pool.submit(impatient.ask, "POST", "/Patient", patient("781"))
        wait_until(lambda: bool(messages(impatient, MessageState.WAITING)) or waits.done(), "it is stored")
        assert impatient.engine.drain() == 0
        assert waits.result(60).status_code == 503
        assert messages(impatient, MessageState.WAITING) == []
    impatient.engine.start()
    impatient.engine.await_listening(httpx.URL(impatient.base).port)
