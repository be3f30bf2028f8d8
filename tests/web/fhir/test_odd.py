"""Whatever is sent to the FHIR server: it answers by the rules, keeps what it answers for, quotes nothing and never fails."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from interface.observe import emit
from interface.observe.engine import FaultFound
from tests.fhir.broken import MARK
from tests.web.fhir.conftest import Program, face_of, opened
from tests.web.fhir.odd import OddRequest, odd_request

_ANSWERED_FOR = (201, 202, 409, 412, 422)  # nothing is answered so that is not kept
_MOST_KNOWN = 50


class Faults(logging.Handler):
    """Every defect that was recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[FaultFound] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, FaultFound):
            self.found.append(record.msg)


@pytest.fixture(scope="module")
def faults() -> Iterator[Faults]:
    handler = Faults()
    logging.getLogger("interface").addHandler(handler)
    yield handler
    logging.getLogger("interface").removeHandler(handler)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("odd")
    with opened(folder, f"sqlite:///{folder / 'hp24.db'}") as app:
        yield Program(app, "", face_of(app)).with_token("system/*.cruds")


def sent(program: Program, odd: OddRequest) -> httpx.Response | None:
    """The answer; None where no client could send it."""
    head = {"content-type": "application/fhir+json"} | odd.headers
    if odd.number:
        head["x-request-id"] = odd.number
    named: Any = [(name, value.encode("latin-1", "replace")) for name, value in head.items()]
    try:
        return program.ask(odd.path, odd.method, content=odd.body, headers=dict(named))
    except httpx.InvalidURL:
        return None


def outcomes(node: Any) -> Iterator[Any]:
    """Every OperationOutcome in an answer."""
    if isinstance(node, dict) and node.get("resourceType") == "OperationOutcome":
        yield node
    for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from outcomes(one)


def amiss(program: Program, faults: Faults, odd: OddRequest, known: list[str]) -> Iterator[str]:
    """Send one request, and hold the answer and the store against the rules; what it made is added to `known`."""
    faults.found.clear()
    emit._written_at.clear()
    before = newest(program)
    answer = sent(program, odd)
    yield from (f"a defect was recorded: {one}" for one in faults.found)
    if answer is None:
        return
    if answer.status_code >= 500 and answer.status_code != 503:
        yield f"answered {answer.status_code}"
    if "location" in answer.headers and len(known) < _MOST_KNOWN:
        known.append("/".join(answer.headers["location"].split("/")[-4:-2]))
    told = json.loads(answer.content) if answer.content else {}
    if answer.status_code >= 400 and not (list(outcomes(told)) or odd.method == "HEAD"):
        yield f"{answer.status_code} without an outcome"
    if any(not one["issue"] or MARK in json.dumps(one) for one in outcomes(told)):
        yield "an outcome quotes what was sent"
    listed = told.get("entry", [])
    statuses = [str(one.get("response", {}).get("status", "")) for one in listed if isinstance(listed, list)]
    yield from (f"an entry was answered {one}" for one in statuses if one.startswith("5") and one[:3] != "503")
    if (
        odd.method in ("POST", "PUT")
        and answer.status_code in _ANSWERED_FOR
        and not odd.number
        and newest(program) == before
    ):
        yield f"answered {answer.status_code}, and not kept"


def newest(program: Program) -> int:
    """How many messages there are in all."""
    with program.app.store.snapshot() as reader:
        return sum(one.received for one in reader.channel_counts())


def surprises(program: Program, faults: Faults, numbers: range) -> list[str]:
    """What of the requests with these numbers was not answered by the rules."""
    found, known = list[str](), list[str]()
    for number in numbers:
        odd = odd_request(Random(f"odd {number}"), known)
        found += [f"request {number}: {what}" for what in amiss(program, faults, odd, known)]
    return found


def test_whatever_is_sent_is_answered_by_the_rules(program: Program, faults: Faults) -> None:
    assert surprises(program, faults, range(300)) == []


@pytest.mark.proof
@pytest.mark.timeout(1200)
def test_of_thousands_none_is_a_surprise(database_url: str, tmp_path: Path, faults: Faults) -> None:
    with opened(tmp_path, database_url) as app:
        program = Program(app, "", face_of(app)).with_token("system/*.cruds")
        assert surprises(program, faults, range(300, 8_000)) == []
