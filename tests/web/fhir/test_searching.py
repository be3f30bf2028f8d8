"""Searches find what they are asked for and nothing else; what cannot be asked is refused with the way to ask it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.web.fhir.conftest import BASE, Program, face_of, feed, message, opened

PEOPLE = (("771", "SPECIMEN^ANA"), ("772", "SPECIMEN-NÚÑEZ^BEN^Q"), ("773", "OTHER^ANA"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Three people with an account and a visit each. Searching changes nothing: they are shared."""
    folder = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'hp24.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        app = stack.enter_context(opened(folder, url))
        feed(
            app,
            *(
                message(at, event="A04", mrn=mrn, name=name, account=f"99{at}", visit=f"55{at}", born=f"197{at}0101")
                for at, (mrn, name) in enumerate(PEOPLE, start=1)
            ),
        )
        yield Program(app, "", face_of(app)).with_token("system/*.rs")


def numbers(program: Program, query: str) -> list[str]:
    """The keys of the patients that a query finds."""
    return [one["identifier"][0]["value"] for one in program.found(f"Patient?{query}")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=specimen", ["771", "772"]),
        ("name=Nunez", ["772"]),
        ("name=specimen nunez q", ["772"]),
        ("name=ana&name=other", ["773"]),
        ("name=nunez,other", ["772", "773"]),
        ("name=spec", []),
        ("identifier=urn:id:NORTH|772", ["772"]),
        ("identifier=772", ["772"]),
        ("identifier=|772", []),
        ("identifier=urn:id:SOUTH|772", []),
        ("identifier=771,773", ["771", "773"]),
        ("birthdate=1972-01-01", ["772"]),
        ("birthdate=eq1972-01-01&name=ana", []),
        ("_lastUpdated=ge2020-01-01", ["771", "772", "773"]),
        ("_lastUpdated=lt2020-01-01", []),
        ("_count=2", ["771", "772"]),
    ],
)
def test_patients_are_found(town: Program, query: str, found: list[str]) -> None:
    assert numbers(town, query) == found


def test_accounts_and_visits_are_found_by_whose_they_are(town: Program) -> None:
    (patient,) = town.found("Patient?identifier=772")
    for query in (f"patient={patient['id']}", f"subject=Patient/{patient['id']}"):
        (account,) = town.found(f"Account?{query}")
        assert account["identifier"][0]["value"] == "992"
        (visit,) = town.found(f"Encounter?{query}")
        assert visit["identifier"][0]["value"] == "552"
    assert town.found(f"Encounter?account=Account/{account['id']}") == [visit]
    assert town.found(f"Account?_id={account['id']}&status=active") == [account]
    assert town.found("Account?status=inactive") == []


def test_pages_hold_everything_once_and_lead_on(town: Program) -> None:
    pages = town.pages("Encounter?_count=1")
    assert [len(page) for page in pages] == [1, 1, 1]
    assert len({page[0]["id"] for page in pages}) == 3


def test_a_page_brings_what_is_included(town: Program) -> None:
    bundle = town.get("Account?_include=Account:patient")
    modes = [(one["search"]["mode"], one["resource"]["resourceType"]) for one in bundle["entry"]]
    assert modes == [("match", "Account")] * 3 + [("include", "Patient")] * 3


def test_a_search_may_be_posted(town: Program) -> None:
    answer = town.ask("Patient/_search", "POST", data={"identifier": "773"})
    assert [one["resource"]["identifier"][0]["value"] for one in answer.json()["entry"]] == ["773"]


def test_what_is_not_served_is_left_out_and_told(town: Program) -> None:
    bundle = town.get("Patient?identifier=771&favourite=blue")
    assert bundle["link"][0]["url"] == f"{BASE}/Patient?identifier=771&_count=50"
    outcomes = [one["resource"] for one in bundle["entry"] if one["search"]["mode"] == "outcome"]
    assert outcomes[0]["issue"][0]["expression"] == ["http.favourite"]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("Patient?birthdate=ge1970-01-01", "http.birthdate"),
        ("Patient?birthdate=1970", "http.birthdate"),
        ("Patient?_lastUpdated=yesterday", "http._lastUpdated"),
        ("Patient?_count=many", "http._count"),
        ("Patient?identifier=", "http.identifier"),
        ("Account?patient=Group/1", "http.patient"),
        ("Account?_include=Account:owner", "http._include"),
        ("RelatedPerson", "http.RelatedPerson"),
        ("Coverage", "http.Coverage"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_parameter(town: Program, query: str, place: str) -> None:
    answer = town.ask(query)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (400, [place])


def test_a_strict_client_is_refused_what_is_not_served(town: Program) -> None:
    answer = town.ask("Patient?favourite=blue", headers={"prefer": "handling=strict"})
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, "not-supported")
