"""fhir-kit-client, a FHIR client of the JavaScript world, reads and searches a running engine over a socket."""

from typing import Any

import pytest

from tests.engine.node_client import call
from tests.engine.test_fhir import PATIENTS, Hospital, hospital, known

__all__ = ["hospital"]  # the fixture
pytestmark = pytest.mark.proof


def ask(hospital: Hospital, *calls: dict[str, Any], secret: str = "") -> list[dict[str, Any]]:
    """The answers to calls of the client, in order."""
    return call(hospital.base, secret or hospital.secret, *calls)


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
