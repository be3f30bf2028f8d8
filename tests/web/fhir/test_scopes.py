"""Who may ask for what: every type and interaction against scopes in both spellings, of the type, of another one and of all."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from interface.fhir.served import SERVED, TYPES
from tests.web.fhir.conftest import Program, face_of, opened
from tests.web.fhir.interaction import COUNT, OF_A_TYPE, POSTED_SEARCH, Interaction, town

# What each spelling opens (SMART App Launch 2.2 section 3.0.2.2, and 1.0 section 4.1), written out by hand.
RIGHTS: Mapping[str, str] = {
    "r": "r",
    "s": "s",
    "rs": "rs",
    "cruds": "cruds",
    "cud": "cud",
    "read": "rs",
    "write": "cud",
    "*": "cruds",
}
ASKED: Mapping[str, Interaction] = {code: OF_A_TYPE[code] for code in ("read", "search-type", "create", "update")} | {
    "posted search": POSTED_SEARCH,
    "count": COUNT,
}
Town = tuple[Program, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("scopes")
    with opened(folder, f"sqlite:///{folder / 'hp24.db'}") as app:
        program = Program(app, "", face_of(app)).with_token("system/*.cruds")
        yield program, town(app, program)


def check(mine: Program, one: dict[str, Any], opens: str, claimed: set[str]) -> None:
    """Ask for one resource in every way that the server claims."""
    for code, interaction in ASKED.items():
        if code in OF_A_TYPE and code not in claimed:
            continue
        status = interaction.ask(mine, one).status_code
        if interaction.right in opens:
            assert status in interaction.succeeds, (one["resourceType"], code, opens)
        else:
            assert status == 403, (one["resourceType"], code, opens)


def claims(program: Program) -> dict[str, set[str]]:
    listed = program.get("metadata")["rest"][0]["resource"]
    return {one["type"]: {each["code"] for each in one["interaction"]} for one in listed}


@pytest.mark.parametrize("spelling", RIGHTS)
def test_a_scope_of_all_types_opens_what_it_says_of_each(hospital: Town, spelling: str) -> None:
    program, resources = hospital
    mine, claimed = program.with_token(f"system/*.{spelling}"), claims(program)
    for type_ in TYPES:
        check(mine, resources[type_], RIGHTS[spelling], claimed[type_])


@pytest.mark.parametrize("spelling", ["r", "s", "read", "write"])
def test_a_scope_of_one_type_opens_what_it_says_of_that_type_alone(hospital: Town, spelling: str) -> None:
    program, resources = hospital
    claimed = claims(program)
    for place, type_ in enumerate(TYPES):
        mine = program.with_token(f"system/{type_}.{spelling}")
        check(mine, resources[type_], RIGHTS[spelling], claimed[type_])
        other = TYPES[place - 1]
        check(mine, resources[other], "", claimed[other])


def test_scopes_add_up(hospital: Town) -> None:
    program, resources = hospital
    mine, claimed = program.with_token("system/Account.r", "system/Account.s", "system/Patient.read"), claims(program)
    for type_, opens in (("Account", "rs"), ("Patient", "rs"), ("Encounter", "")):
        check(mine, resources[type_], opens, claimed[type_])


@pytest.mark.parametrize("type_", [type_ for type_, served in SERVED.items() if served.includes])
def test_what_is_included_needs_the_right_to_read_it(hospital: Town, type_: str) -> None:
    program, resources = hospital
    for name, brought in SERVED[type_].includes.items():
        asked = f"{type_}?_id={resources[type_]['id']}&_include={type_}:{name}"
        for more, status in (
            (None, 403),
            (f"system/{brought}.s", 403),
            (f"system/{brought}.r", 200),
            ("system/*.read", 200),
        ):
            mine = program.with_token(f"system/{type_}.s", *([more] if more else []))
            assert mine.ask(asked).status_code == status, (name, more)
