"""The CapabilityStatement tells the truth: what it claims succeeds, what it does not claim is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from interface.fhir.served import SERVED, TYPES
from tests.web.fhir.conftest import Program, face_of, opened
from tests.web.fhir.interaction import FLAGS, OF_A_TYPE, OF_THE_SYSTEM, OPERATIONS, REFUSED, Interaction, town

STRICT = {"prefer": "handling=strict"}
NOT_PARAMETERS = (
    "_content",
    "_text",
    "_filter",
    "_has:Account:subject:_id",
    "_list",
    "_profile",
    "_security",
    "_source",
    "_tag",
)
PARAMETERS = sorted(
    {name for served in SERVED.values() for name in served.parameters} | {"encounter", "family", "period"}
)
Statement = dict[str, Any]


class Told:
    """What one server claims, and a resource of each type to try it on."""

    def __init__(self, program: Program, resources: dict[str, dict[str, Any]]) -> None:
        self.program = program
        self.found = resources
        (self.rest,) = program.get("metadata")["rest"]
        self.entries: dict[str, Statement] = {one["type"]: one for one in self.rest["resource"]}

    def resource(self, type_: str) -> dict[str, Any]:
        """As it is by now: what is claimed is done to it."""
        return self.program.get(f"{type_}/{self.found[type_]['id']}")

    def codes(self, type_: str) -> set[str]:
        return {one["code"] for one in self.entries[type_]["interaction"]}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("claims")
    with opened(folder, f"sqlite:///{folder / 'hp24.db'}") as app:
        program = Program(app, "", face_of(app)).with_token("system/*.cruds")
        yield Told(program, town(app, program))


def check(told: Told, interaction: Interaction, type_: str, *, is_claimed: bool) -> None:
    answer = interaction.ask(told.program, told.resource(type_))
    expected = interaction.succeeds if is_claimed else REFUSED
    assert answer.status_code in expected, (interaction, type_, answer.text)
    if answer.status_code in REFUSED:
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_every_type_is_told_with_its_parameters_and_what_can_be_included(told: Told) -> None:
    assert list(told.entries) == list(TYPES) == list(told.found)
    for type_, served in SERVED.items():
        entry = told.entries[type_]
        assert [one["name"] for one in entry["searchParam"]] == list(served.parameters)
        assert entry.get("searchInclude", []) == [f"{type_}:{name}" for name in served.includes]


@pytest.mark.parametrize("code", OF_A_TYPE)
def test_an_interaction_succeeds_where_it_is_claimed_alone(told: Told, code: str) -> None:
    for type_ in TYPES:
        check(told, OF_A_TYPE[code], type_, is_claimed=code in told.codes(type_))


@pytest.mark.parametrize("code", OF_THE_SYSTEM)
def test_an_interaction_of_the_whole_system_succeeds_where_it_is_claimed_alone(told: Told, code: str) -> None:
    claimed = {one["code"] for one in told.rest.get("interaction", [])}
    check(told, OF_THE_SYSTEM[code], "Patient", is_claimed=code in claimed)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_succeeds_where_it_is_claimed_alone(told: Told, name: str) -> None:
    for type_ in TYPES:
        listed = (*told.rest.get("operation", []), *told.entries[type_].get("operation", []))
        check(told, OPERATIONS[name], type_, is_claimed=name in {one["name"] for one in listed})


@pytest.mark.parametrize("flag", FLAGS)
def test_what_a_flag_claims_succeeds_and_else_is_refused(told: Told, flag: str) -> None:
    claim, interaction = FLAGS[flag]
    for type_ in TYPES:
        check(told, interaction, type_, is_claimed=told.entries[type_][flag] == claim)


def test_who_claims_versions_says_them_and_reads_by_them(told: Told) -> None:
    for type_ in TYPES:
        one = told.resource(type_)
        entry = told.entries[type_]
        version = one.get("meta", {}).get("versionId")
        assert entry["versioning"] == ("no-version" if version is None else "versioned"), type_
        known = told.program.ask(f"{type_}/{one['id']}", headers={"if-none-match": f'W/"{version or 1}"'})
        assert known.status_code == (304 if entry["conditionalRead"] == "not-match" else 200), type_


def value(name: str, one: dict[str, Any]) -> str:
    """What a parameter is asked for so that the resource is found."""
    ways: dict[str, Callable[[], Any]] = {
        "_id": lambda: one["id"],
        "_lastUpdated": lambda: f"ge{one['meta']['lastUpdated']}",
        "identifier": lambda: one["identifier"][0]["value"],
        "birthdate": lambda: one["birthDate"],
        "status": lambda: one["status"],
        "name": lambda: one["name"] if isinstance(one["name"], str) else one["name"][0]["family"],
        "account": lambda: one["account"][0]["reference"],
    }
    return str(ways.get(name, lambda: whose(one))())


def whose(one: dict[str, Any]) -> str:
    """The patient that a resource is of."""
    held = one.get("patient") or one.get("subject") or one["beneficiary"]
    return str((held[0] if isinstance(held, list) else held)["reference"])


@pytest.mark.parametrize("type_", TYPES)
def test_every_parameter_finds_the_resource_or_is_refused(told: Told, type_: str) -> None:
    one, served = told.resource(type_), SERVED[type_]
    needed = {name: value(name, one) for name in served.needs[:1]}
    for name in served.parameters:
        query = "&".join(f"{each}={text}" for each, text in (needed | {name: value(name, one)}).items())
        answer = told.program.ask(f"{type_}?{query}", headers=STRICT)
        assert answer.status_code == 200, (name, answer.text)
        assert one["id"] in {each["resource"]["id"] for each in answer.json().get("entry", [])}, name
    for name in (*NOT_PARAMETERS, *(each for each in PARAMETERS if each not in served.parameters)):
        assert told.program.ask(f"{type_}?_id={one['id']}&{name}=x", headers=STRICT).status_code == 400, name


@pytest.mark.parametrize("type_", TYPES)
def test_what_can_be_included_is_and_nothing_else(told: Told, type_: str) -> None:
    one, served = told.resource(type_), SERVED[type_]
    for name in PARAMETERS:
        answer = told.program.ask(f"{type_}?_id={one['id']}&_include={type_}:{name}")
        if name not in served.includes:
            assert answer.status_code == 400, name
            continue
        brought = [each["resource"] for each in answer.json()["entry"] if each["search"]["mode"] == "include"]
        assert [each["resourceType"] for each in brought] == [served.includes[name]], name


def test_no_former_version_is_claimed(told: Told) -> None:
    assert not any(entry["readHistory"] for entry in told.entries.values())
