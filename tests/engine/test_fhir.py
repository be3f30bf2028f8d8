"""A running engine answers FHIR clients that nobody here wrote, over a socket, while messages come in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.account import Account
from fhirclient.models.chargeitem import ChargeItem
from fhirclient.models.patient import Patient
from fhirpy import SyncFHIRClient

from interface.fhir.served import TYPES
from interface.operate.act import By
from interface.operate.token import create_token
from interface.simulate.parallel import send_all
from interface.simulate.traffic import morning
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.ports import free_ports

PATIENTS = 24


@dataclass
class Hospital:
    """An engine that has heard a morning, where it answers, and a token."""

    engine: Engine
    base: str
    secret: str

    @property
    def authorization(self) -> str:
        return f"Bearer {self.secret}"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("fhir")
    (port,) = free_ports(1)
    with running_engine(folder / "home", make_root(folder / "root"), {"HP24_FHIR_PORT": str(port)}) as engine:
        send_all(morning(7, PATIENTS), "127.0.0.1", engine.port, connections=4, give_up_secs=60)
        engine.await_idle()
        app = engine.app
        _, secret = create_token(app.store, app.clock, By("tester"), "tests", ["system/*.rs"], days=1, types=TYPES)
        engine.await_listening(port)
        yield Hospital(engine, f"http://127.0.0.1:{port}/fhir/r4", secret)


def known(hospital: Hospital) -> set[str]:
    """The accounts that the ledger holds, by FHIR id."""
    with hospital.engine.app.store.snapshot() as reader:
        return {one.account.public_id.removeprefix("ac_") for one in reader.accounts(0, 1000)}


def test_fhirpy_pages_through_all_accounts_and_follows_their_patients(hospital: Hospital) -> None:
    client = SyncFHIRClient(hospital.base, authorization=hospital.authorization)
    accounts = client.resources("Account").search(status="active").limit(5).fetch_all()
    assert {one["id"] for one in accounts} >= known(hospital)
    patient = accounts[0]["subject"][0].to_resource()
    assert patient["name"][0]["family"]
    (same,) = client.resources("Patient").search(identifier=patient["identifier"][0]["value"]).fetch()
    assert same["id"] == patient["id"]


def test_fhirpy_counts_and_asks_again_whether_something_has_changed(hospital: Hospital) -> None:
    client = SyncFHIRClient(hospital.base, authorization=hospital.authorization)
    assert client.resources("Account").search(status="active").count() == len(known(hospital))
    (account,) = client.resources("Account").limit(1).fetch()
    before = dict(account)
    assert dict(account.refresh()) == before


def test_amounts_keep_their_decimals_on_the_way_to_fhirpy(hospital: Hospital) -> None:
    seen: list[bytes] = []
    hooks = {"response": lambda answer, **_: seen.append(answer.content)}
    client = SyncFHIRClient(
        hospital.base, authorization=hospital.authorization, requests_config={"hooks": hooks, "timeout": 60}
    )
    charges = client.resources("ChargeItem").limit(50).fetch_all()
    amounts = re.findall(rb'"value":(-?[0-9.]+),"currency"', b"".join(seen))
    assert len(amounts) == len(charges) > 0
    assert all(re.fullmatch(rb"-?[0-9]+\.[0-9]{2}", one) for one in amounts)
    assert sorted(map(float, amounts)) == sorted(one["priceOverride"]["value"] for one in charges)


def test_fhirclient_reads_charges_of_an_account(hospital: Hospital) -> None:
    smart = FHIRClient(settings={"app_id": "tests", "api_base": hospital.base})
    smart.server.session.headers["authorization"] = hospital.authorization
    first = next(iter(ChargeItem.where({"_count": "1"}).perform_resources_iter(smart.server)))
    account = first.account[0].reference
    found = list(ChargeItem.where({"account": account}).perform_resources_iter(smart.server))
    assert {one.account[0].reference for one in found} == {account}
    assert first.id in {one.id for one in found}


def test_a_head_is_what_a_read_would_tell(hospital: Hospital) -> None:
    (account,) = (
        SyncFHIRClient(hospital.base, authorization=hospital.authorization).resources("Account").limit(1).fetch()
    )
    url, headers = f"{hospital.base}/Account/{account['id']}", {"authorization": hospital.authorization}
    read, head = httpx.get(url, headers=headers), httpx.head(url, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "last-modified", "content-length", "content-type"):
        assert head.headers[name] == read.headers[name]


def test_fhirclient_reads_and_searches(hospital: Hospital) -> None:
    smart = FHIRClient(settings={"app_id": "tests", "api_base": hospital.base})
    smart.server.session.headers["authorization"] = hospital.authorization
    found = list(Patient.where({"_count": "7"}).perform_resources_iter(smart.server))
    assert len({one.id for one in found}) == len(found) >= PATIENTS
    one = Patient.read(found[0].id, smart.server)
    assert one.name[0].family == found[0].name[0].family
    owed = list(Account.where({"patient": one.id}).perform_resources_iter(smart.server))
    assert owed
    assert all(each.extension for each in owed)


def test_a_killed_serving_part_is_back_at_once(hospital: Hospital) -> None:
    killed = hospital.engine.kill_part("serve")

    def answers() -> bool:
        try:
            return httpx.get(f"{hospital.base}/metadata").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(lambda: hospital.engine.part_pid("serve") not in (0, killed), "the part is there again")
    wait_until(answers, "it answers again")


def test_what_the_server_does_not_understand_is_told_in_fhirs_words(hospital: Hospital) -> None:
    for path in ("Nothing/here/at/all", "Patient/%00", "Patient?_count=%ff", "Patient/" + "x" * 1000):
        answer = httpx.get(f"{hospital.base}/{path}", headers={"authorization": hospital.authorization})
        assert 400 <= answer.status_code < 500
        assert answer.json()["resourceType"] == "OperationOutcome"
