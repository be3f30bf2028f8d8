"""Who may ask for what: a matrix of scopes against what is asked, and every look in the audit trail."""

from dataclasses import replace

import pytest

from interface.app.compose import App
from interface.fhir.served import SERVED, TYPES
from interface.operate.token import revoke_token, tokens
from tests.web.fhir.conftest import BY, Program, feed, message

NEEDED = {"RelatedPerson": "?patient=x", "Coverage": "?patient=x"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Who may ask is no matter of the database."""
    return sqlite_url


def test_nothing_is_served_without_a_token_but_what_the_server_is(program: Program) -> None:
    nobody = replace(program, secret="")
    assert nobody.ask("metadata").status_code == 200
    for path in ("Patient", "Patient/1", "Account", "Foo", "Patient/_search"):
        answer = nobody.ask(path, "POST" if path.endswith("_search") else "GET")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_scopes_open_what_they_name_and_nothing_else(program: Program) -> None:
    scopes = [
        f"system/{type_}.{right}" for type_ in (*TYPES, "*") for right in ("r", "s", "rs", "read", "cud", "write")
    ]
    for scope in scopes:
        of, _, right = scope.removeprefix("system/").partition(".")
        mine = program.with_token(scope)
        for type_ in TYPES:
            is_mine = of in (type_, "*")
            may_search, may_read = (is_mine and letter in ("rs" if right == "read" else right) for letter in "sr")
            if right == "write":
                may_search = may_read = False
            assert (mine.ask(f"{type_}{NEEDED.get(type_, '')}").status_code == 200) is may_search, (scope, type_)
            assert (mine.ask(f"{type_}/none").status_code == 404) is may_read, (scope, type_)


def test_what_is_included_must_be_open_too(program: Program) -> None:
    asked = "Account?_include=Account:patient"
    assert program.with_token("system/Account.rs").ask(asked).status_code == 403
    assert program.with_token("system/Account.rs", "system/Patient.r").ask(asked).status_code == 200


def test_a_revoked_token_opens_nothing(app: App, program: Program) -> None:
    assert program.ask("Patient").status_code == 200
    revoke_token(app.store, app.clock, BY, tokens(app.store, BY)[0].public_id)
    assert program.ask("Patient").status_code == 401


def test_every_look_is_audited_with_its_token(app: App, program: Program) -> None:
    feed(app, message(1))
    (found,) = program.found("Patient")
    program.get(f"Patient/{found['id']}")
    token = tokens(app.store, BY)[0].public_id
    with app.store.snapshot() as reader:
        looks = [(one.actor, one.verb) for one in reader.audited_on([f"patient:pt_{found['id']}"])]
    assert looks == [(f"token:{token}", "look")] * 2


def test_the_server_says_what_it_does(program: Program) -> None:
    told = program.get("metadata")["rest"][0]["resource"]
    assert [one["type"] for one in told] == list(TYPES)
    for one in told:
        served = SERVED[one["type"]]
        assert {each["name"] for each in one["searchParam"]} == set(served.parameters)
        for name in one.get("searchInclude", []):
            needed = "&patient=x" if one["type"] in NEEDED else ""
            assert program.ask(f"{one['type']}?_include={name}{needed}").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_is_not_served_is_405(program: Program, method: str) -> None:
    answer = program.ask("Patient/1", method)
    assert (answer.status_code, answer.json()["resourceType"]) == (405, "OperationOutcome")


def test_only_json_is_given(program: Program) -> None:
    assert program.ask("Patient", headers={"accept": "application/fhir+xml"}).status_code == 406
    assert program.ask("Patient?_format=json", headers={"accept": "text/html"}).status_code == 200
    assert program.ask("Patient", headers={"accept": "text/html, */*;q=0.1"}).status_code == 200
