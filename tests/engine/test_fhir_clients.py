"""FHIR clients that nobody here wrote, fhirpy and fhirclient, write to a running engine over a socket, each in its own way.

What is not served fails as the library's own error, with our outcome in it. Each test has people and numbers of its own.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.account import Account
from fhirclient.models.bundle import Bundle
from fhirclient.models.patient import Patient
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    ForbiddenError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)
from fhirpy.lib import SyncFHIRResource
from requests import HTTPError

from tests.engine.fhir_site import Resource, Site, account, patient, site_in

FORMAT = "application/fhir+json"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("fhir-clients")) as opened:
        yield opened


_numbers = count(7000)


@pytest.fixture
def mrn() -> str:
    """A number that no other test has."""
    return str(next(_numbers))


def fhirpy(site: Site, **headers: str) -> SyncFHIRClient:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SyncFHIRClient(
        site.base, authorization=f"Bearer {site.secret}", extra_headers=named, requests_config={"timeout": 60}
    )


def fhirclient(site: Site) -> FHIRClient:
    smart = FHIRClient(settings={"app_id": "tests", "api_base": site.base})
    smart.server.session.headers["authorization"] = f"Bearer {site.secret}"
    return smart


def made(site: Site, body: Resource) -> SyncFHIRResource:
    """Created by fhirpy."""
    return fhirpy(site).resource(body["resourceType"], **{k: v for k, v in body.items() if k != "resourceType"}).save()


def token(mrn: str) -> str:
    return f"urn:id:WEST|{mrn}"


def issue(failure: "pytest.ExceptionInfo[Any]") -> tuple[str, str]:
    """Severity and code of the outcome that fhirpy was given."""
    (first, *_) = failure.value.resource["issue"]
    return first["severity"], first["code"]


# ------------------------------------------------------------ fhirpy


def test_fhirpy_creates_reads_back_and_pages(site: Site, mrn: str) -> None:
    created = [made(site, patient(f"{mrn}{number}", f"PAGED{mrn}")) for number in range(5)]
    assert all(one["meta"]["versionId"] == "1" for one in created)
    client = fhirpy(site)
    found = client.resources("Patient").search(name=f"PAGED{mrn}").limit(2).fetch_all()
    assert sorted(one.id for one in found) == sorted(one.id for one in created)
    assert client.reference("Patient", created[0].id).to_resource()["birthDate"] == "1970-01-01"


def test_fhirpy_writes_back_what_it_read_and_only_what_it_changed_changes(site: Site, mrn: str) -> None:
    made(site, patient(mrn))
    opened = dict(made(site, account(f"A{mrn}", mrn)))
    (known,) = fhirpy(site).resources("Account").search(identifier=f"A{mrn}").fetch()
    known["type"] = {"text": "SELFPAY"}
    known.save()
    (after,) = fhirpy(site).resources("Account").search(identifier=f"A{mrn}").fetch()
    differs = {name for name in {*opened, *after} if opened.get(name) != after.get(name)}
    assert (after["type"]["text"], differs) == ("SELFPAY", {"type", "meta"})


def test_fhirpy_is_told_that_its_version_is_old_and_nothing_is_lost(site: Site, mrn: str) -> None:
    created = made(site, patient(mrn))
    newer = fhirpy(site, If_Match='W/"1"')
    newer.resource("Patient", **{**created, "gender": "female"}).save()
    with pytest.raises(MultipleResourcesFound, match="version-differs"):  # its only name for 412
        fhirpy(site, If_Match='W/"1"').resource("Patient", **{**created, "gender": "male"}).save()
    assert created.refresh()["gender"] == "female"


def test_of_writers_at_once_one_wins_each_version_and_no_change_is_lost(site: Site, mrn: str) -> None:
    created, changes = made(site, patient(mrn)), ({"gender": "female"}, {"birthDate": "1971-02-03"})
    at_once = Barrier(len(changes))

    def change(one: dict[str, str]) -> int:
        """Read, change, write under the version that was read; gives how often it had to look again."""
        known = fhirpy(site).get("Patient", created.id)
        at_once.wait(60)  # both have read the first version
        for attempt in count():
            version = known["meta"]["versionId"]
            try:
                fhirpy(site, If_Match=f'W/"{version}"').resource("Patient", **{**known, **one}).save()
            except MultipleResourcesFound:
                known = fhirpy(site).get("Patient", created.id)
            else:
                return attempt
        raise AssertionError

    with ThreadPoolExecutor(len(changes)) as pool:
        refused = sorted(pool.map(change, changes))
    after = created.refresh()
    assert (after["gender"], after["birthDate"], after["meta"]["versionId"]) == ("female", "1971-02-03", "3")
    assert refused == [0, 1]


def test_fhirpy_gets_or_creates_under_a_condition(site: Site, mrn: str) -> None:
    client = fhirpy(site, If_None_Exist=f"identifier={token(mrn)}")
    body = patient(mrn)
    first = client.resource(body.pop("resourceType"), **body).save()
    second = client.resource("Patient", **{**body, "name": [{"family": "OTHER"}]}).save()
    assert (second.id, second["name"][0]["family"]) == (first.id, "SPECIMEN")


def test_fhirpy_updates_under_a_condition_whatever_is_there(site: Site, mrn: str) -> None:
    found = fhirpy(site).resources("Patient").search(identifier=token(mrn))
    body = patient(mrn)
    one, is_new = found.update(fhirpy(site).resource("Patient", **body))
    other, is_newer = found.update(fhirpy(site).resource("Patient", **{**body, "gender": "female"}))
    assert (is_new, is_newer, other.id, other["gender"]) == (True, False, one.id, "female")


def test_a_condition_that_may_find_several_is_fhirpys_own_error(site: Site, mrn: str) -> None:
    found = fhirpy(site).resources("Patient").search(name="SPECIMEN", identifier=token(mrn))
    with pytest.raises(OperationOutcome) as refused:
        found.update(fhirpy(site).resource("Patient", **patient(mrn)))
    assert issue(refused) == ("error", "business-rule")


def test_what_is_not_served_is_fhirpys_own_error(site: Site, mrn: str) -> None:
    created = made(site, patient(mrn))
    client = fhirpy(site)
    for attempt in (
        lambda: client.patch("Patient", created.id, gender="male"),
        lambda: client.delete("Patient", created.id),
        lambda: client.resources("Patient").search(identifier=mrn).patch(gender="male"),
        lambda: client.resource("Coverage", status="active").save(),
    ):
        with pytest.raises(OperationOutcome) as refused:
            attempt()
        assert issue(refused) == ("error", "not-supported")
    with pytest.raises(ResourceNotFound, match="not-supported"):
        client.resource("Observation", status="final").save()
    assert created.refresh()["meta"]["versionId"] == "1"


def test_what_is_invalid_is_fhirpys_own_error_with_its_place(site: Site, mrn: str) -> None:
    with pytest.raises(OperationOutcome) as refused:
        made(site, patient(mrn, gender="x"))
    assert issue(refused) == ("error", "code-invalid")
    assert refused.value.resource["issue"][0]["expression"] == ["Patient.gender"]
    with pytest.raises(ResourceNotFound):
        fhirpy(site).resources("Patient").search(identifier=token(mrn)).get()


def test_fhirpy_validates_and_nothing_is_kept(site: Site, mrn: str) -> None:
    client = fhirpy(site)
    assert client.resource("Patient", **patient(mrn)).is_valid()
    assert not client.resource("Patient", **patient(mrn, gender="x")).is_valid()
    assert client.resources("Patient").search(identifier=token(mrn)).count() == 0


def test_who_may_not_is_told_so_in_fhirpys_words(site: Site, mrn: str) -> None:
    body = patient(mrn)
    reads = site.token("system/Patient.rs")
    with pytest.raises(ForbiddenError):
        SyncFHIRClient(site.base, authorization=f"Bearer {reads}").resource("Patient", **body).save()
    with pytest.raises(AuthorizationError):
        SyncFHIRClient(site.base, authorization="Bearer hp24_none").resource("Patient", **body).save()


def bundle(type_: str, mrn: str, **more: Any) -> Resource:
    """A patient, and an account of his that names him by the bundle's own address."""
    opened = account(f"A{mrn}", mrn, subject=[{"reference": "urn:uuid:9b3c6c8e-0000-4000-8000-000000000001"}])
    full = "urn:uuid:9b3c6c8e-0000-4000-8000-000000000001"
    entries = [
        {"fullUrl": full, "resource": patient(mrn, **more), "request": {"method": "POST", "url": "Patient"}},
        {"resource": opened, "request": {"method": "POST", "url": "Account"}},
    ]
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


def statuses(answer: Any) -> list[str]:
    return [one["response"]["status"].split()[0] for one in answer["entry"]]


def test_fhirpy_sends_a_transaction_whole_or_not_at_all(site: Site, mrn: str) -> None:
    client = fhirpy(site)
    with pytest.raises(OperationOutcome) as refused:
        client.execute("", data=bundle("transaction", mrn, gender="x"))
    assert refused.value.resource["issue"][0]["expression"] == ["Bundle.entry[0].resource.gender"]
    assert client.resources("Account").search(identifier=f"A{mrn}").count() == 0
    assert statuses(client.execute("", data=bundle("transaction", mrn))) == ["201", "201"]
    (opened,) = client.resources("Account").search(identifier=f"A{mrn}").fetch()
    assert opened["subject"][0].to_resource()["identifier"][0]["value"] == mrn


def test_the_entries_of_fhirpys_batch_stand_for_themselves(site: Site, mrn: str) -> None:
    asked = bundle("batch", mrn)
    asked["entry"][1] = {**asked["entry"][0], "resource": patient(f"{mrn}9", gender="x")}
    asked["entry"].append({"request": {"method": "GET", "url": f"Patient?identifier={mrn}9"}})
    told = fhirpy(site).execute("", data=asked)
    assert (statuses(told), told["entry"][2]["resource"]["total"]) == (["201", "422", "200"], 0)


# ------------------------------------------------------------ fhirclient


def test_fhirclient_creates_reads_back_changes_and_writes_back(site: Site, mrn: str) -> None:
    server = fhirclient(site).server
    told = Patient(patient(mrn)).create(server)
    known = Patient.read(told["id"], server)
    assert known.identifier[0].value == mrn
    known.gender = "female"
    known.update(server)
    again = Patient.read(told["id"], server)
    assert (again.gender, again.meta.versionId, again.name[0].family) == ("female", "2", "SPECIMEN")
    (found,) = Patient.where({"identifier": token(mrn)}).perform_resources_iter(server)
    assert found.as_json() == again.as_json()


def test_fhirclient_is_told_that_its_version_is_old(site: Site, mrn: str) -> None:
    server = fhirclient(site).server
    told = Patient(patient(mrn)).create(server)
    server.session.headers["if-match"] = 'W/"1"'
    for gender in ("female", "male"):
        known = Patient(told)
        known.gender = gender
        if gender == "female":
            known.update(server)
        else:
            with pytest.raises(HTTPError) as refused:
                known.update(server)
    assert refused.value.response.status_code == 412
    assert refused.value.response.json()["issue"][0]["code"] == "conflict"
    assert Patient.read(told["id"], server).gender == "female"


def test_fhirclient_sends_a_transaction(site: Site, mrn: str) -> None:
    server = fhirclient(site).server
    told = Bundle(bundle("transaction", mrn)).create(server)
    assert statuses(told) == ["201", "201"]
    (opened,) = Account.where({"identifier": f"A{mrn}"}).perform_resources_iter(server)
    assert Patient.read_from(opened.subject[0].reference, server).identifier[0].value == mrn


def test_what_is_not_served_is_fhirclients_own_error(site: Site, mrn: str) -> None:
    server = fhirclient(site).server
    told = Patient(patient(mrn)).create(server)
    with pytest.raises(HTTPError, match="405"):
        Patient(told).delete(server)
    assert Patient.read(told["id"], server).id == told["id"]
