"""Who may ask at all, in which format, and every look in the audit trail."""

from dataclasses import replace

import pytest

from interface.app.compose import App
from interface.operate.token import revoke_token, tokens
from tests.web.fhir.conftest import BY, Program, feed, message


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


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_not_served_is_405(program: Program, method: str) -> None:
    answer = program.ask("Patient/1", method)
    assert (answer.status_code, answer.json()["resourceType"]) == (405, "OperationOutcome")


def test_only_json_is_given(program: Program) -> None:
    assert program.ask("Patient", headers={"accept": "application/fhir+xml"}).status_code == 406
    assert program.ask("Patient?_format=json", headers={"accept": "text/html"}).status_code == 200
    assert program.ask("Patient", headers={"accept": "text/html, */*;q=0.1"}).status_code == 200
