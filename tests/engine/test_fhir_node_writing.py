"""fhir-kit-client, a FHIR client of the JavaScript world, writes to a running engine over a socket."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.fhir_site import Resource, Site, account, patient, site_in
from tests.engine.node_client import call

pytestmark = pytest.mark.proof
FULL = "urn:uuid:9b3c6c8e-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("fhir-node")) as opened:
        yield opened


def ask(site: Site, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    return call(site.base, site.secret, *calls)


def create(body: Resource, **options: str) -> dict[str, Any]:
    return {"call": "create", "resourceType": body["resourceType"], "body": body, "options": {"headers": options}}


def update(known: Resource, version: str, **changed: Any) -> dict[str, Any]:
    place = {"resourceType": known["resourceType"], "id": known["id"]}
    headers = {"If-Match": f'W/"{version}"'}
    return {"call": "update", **place, "body": {**known, **changed}, "options": {"headers": headers}}


def test_it_creates_and_writes_back_what_it_read(site: Site) -> None:
    (made,) = ask(site, create(patient("8001")))
    place = {"resourceType": "Patient", "id": made["found"]["id"]}
    (read,) = ask(site, {"call": "read", **place})
    written, again = ask(site, update(read["found"], "1", gender="female"), {"call": "read", **place})
    assert (again["found"]["gender"], again["found"]["meta"]["versionId"]) == ("female", "2")
    assert written["found"] == again["found"]


def test_it_is_told_that_its_version_is_old(site: Site) -> None:
    (made,) = ask(site, create(patient("8002")))
    known = made["found"]
    _, stale, read = ask(
        site,
        update(known, "1", gender="female"),
        update(known, "1", gender="male"),
        {"call": "read", "resourceType": "Patient", "id": known["id"]},
    )
    assert (stale["status"], stale["said"]["issue"][0]["code"]) == (412, "conflict")
    assert read["found"]["gender"] == "female"


def test_it_writes_under_a_condition(site: Site) -> None:
    token = "urn:id:WEST|8003"
    condition = {"If-None-Exist": f"identifier={token}"}
    wanted = {"call": "update", "resourceType": "Patient", "searchParams": {"identifier": token}}
    one, other, third = ask(
        site,
        create(patient("8003"), **condition),
        create(patient("8003", "OTHER"), **condition),
        {**wanted, "body": patient("8003", gender="female")},
    )
    assert one["found"] == other["found"]
    assert (third["found"]["id"], third["found"]["gender"]) == (one["found"]["id"], "female")


def bundle(type_: str, mrn: str, **more: Any) -> Resource:
    """A patient, and an account of his that names him by the bundle's own address."""
    resources = (patient(mrn, **more), account(f"A{mrn}", mrn, subject=[{"reference": FULL}]))
    entries: list[Resource] = [
        {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in resources
    ]
    entries[0]["fullUrl"] = FULL
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


def test_its_transactions_are_whole_and_the_entries_of_its_batches_stand_for_themselves(site: Site) -> None:
    refused, applied, batch = ask(
        site,
        {"call": "transaction", "body": bundle("transaction", "8004", gender="x")},
        {"call": "transaction", "body": bundle("transaction", "8005")},
        {
            "call": "batch",
            "body": {**bundle("batch", "8006", gender="x"), "entry": bundle("batch", "8006", gender="x")["entry"][:1]},
        },
    )
    assert (refused["status"], refused["said"]["issue"][0]["expression"]) == (
        422,
        ["Bundle.entry[0].resource.gender"],
    )
    assert [one["response"]["status"] for one in applied["found"]["entry"]] == ["201 Created", "201 Created"]
    assert batch["found"]["entry"][0]["response"]["status"].startswith("422")
    (found,) = ask(site, {"call": "search", "resourceType": "Account", "searchParams": {"identifier": "A8004"}})
    assert found["found"]["total"] == 0


def test_what_is_not_served_is_its_own_error(site: Site) -> None:
    (made,) = ask(site, create(patient("8007")))
    place = {"resourceType": "Patient", "id": made["found"]["id"]}
    patch = [{"op": "add", "path": "/gender", "value": "male"}]
    told = ask(site, {"call": "patch", **place, "JSONPatch": patch}, {"call": "delete", **place})
    assert [one["status"] for one in told] == [405, 405]
    assert {one["said"]["issue"][0]["code"] for one in told} == {"not-supported"}


def test_it_validates_and_nothing_is_kept(site: Site) -> None:
    asked = {"call": "operation", "name": "$validate", "resourceType": "Patient"}
    good, bad, found = ask(
        site,
        {**asked, "input": patient("8008")},
        {**asked, "input": patient("8008", gender="x")},
        {"call": "search", "resourceType": "Patient", "searchParams": {"identifier": "urn:id:WEST|8008"}},
    )
    assert good["found"]["issue"][0]["severity"] == "information"
    assert bad["found"]["issue"][0]["severity"] == "error"
    assert found["found"]["total"] == 0
