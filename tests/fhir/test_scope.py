"""Scopes of systems, as SMART writes them now and wrote them before."""

import pytest

from interface.fhir.scope import Right, ScopeError, may, rights

TYPES = ("Patient", "Account")


@pytest.mark.parametrize(
    ("scope", "given"),
    [
        ("system/Account.rs", ("Account", "rs")),
        ("system/*.cruds", ("*", "cruds")),
        ("system/Patient.read", ("Patient", "rs")),
        ("system/*.write", ("*", "cud")),
        ("system/Account.*", ("Account", "cruds")),
    ],
)
def test_a_scope_gives_its_rights(scope: str, given: tuple[str, str]) -> None:
    assert rights(scope, TYPES) == (given[0], frozenset(map(Right, given[1])))


@pytest.mark.parametrize(
    "scope", ["", "system/Account", "system/Account.", "system/Account.sr", "user/Account.rs", "system/Group.rs", "*"]
)
def test_what_is_no_scope_is_said_to_be_none(scope: str) -> None:
    with pytest.raises(ScopeError):
        rights(scope, TYPES)


def test_only_what_is_given_may_be_done() -> None:
    scopes = ("system/Account.r", "system/*.s", "nonsense")
    allowed = {(type_, right) for type_ in TYPES for right in Right if may(scopes, right, type_, TYPES)}
    assert allowed == {("Account", Right.READ), ("Account", Right.SEARCH), ("Patient", Right.SEARCH)}
