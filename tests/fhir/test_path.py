"""FHIRPath: what ours finds, compared with another implementation on generated resources; and what is told of impossible paths."""

from decimal import Decimal
from typing import Any

import fhirpathpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.fhir.path import PathError, compile_path
from interface.mapping.fhir_grammar import parse_path

NAMES = st.sampled_from(["Ann", "Bea", ""])
CODES = st.sampled_from(["MR", "PI", "AN"])
USES = st.sampled_from(["official", "usual", "old"])


def some(**elements: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of these elements."""
    return st.fixed_dictionaries({}, optional=elements)


CODING = some(system=st.sampled_from(["urn:a", "urn:b"]), code=CODES)
CONCEPT = some(coding=st.lists(CODING, min_size=1, max_size=2), text=st.sampled_from(["x", "y"]))
IDENTIFIER = some(use=USES, system=st.sampled_from(["urn:a", "urn:b"]), value=st.sampled_from(["1", "2"]), type=CONCEPT)
NAME = some(use=USES, family=NAMES.filter(bool), given=st.lists(NAMES.filter(bool), min_size=1, max_size=2))
TELECOM = some(system=st.sampled_from(["phone", "email"]), value=st.sampled_from(["a", "b"]), use=USES)
EXTENSION = st.one_of(
    st.fixed_dictionaries({"url": st.sampled_from(["u:1", "u:2"]), "valueString": NAMES.filter(bool)}),
    st.fixed_dictionaries({"url": st.sampled_from(["u:1", "u:2"]), "valueBoolean": st.booleans()}),
)
PATIENT = some(
    active=st.booleans(),
    identifier=st.lists(IDENTIFIER, min_size=1, max_size=3),
    name=st.lists(NAME, min_size=1, max_size=3),
    telecom=st.lists(TELECOM, min_size=1, max_size=3),
    gender=st.sampled_from(["male", "female"]),
    deceasedBoolean=st.booleans(),
    multipleBirthInteger=st.integers(1, 3),
    extension=st.lists(EXTENSION, min_size=1, max_size=3),
).map(lambda one: {"resourceType": "Patient", **one})
# One value for each of them, so that comparisons are of single ones: of several, implementations differ.
SINGLE = st.sampled_from(
    [
        "use",
        "use = 'official'",
        "use != 'official'",
        "use = 'official' and value = '1'",
        "use = 'official' or value.exists()",
        "use != 'old' or system = 'urn:a'",
        "(use = 'old' or use = 'usual') and system != 'urn:b'",
        "type.coding.code.first() = 'MR'",
        "type.coding.where(code = 'MR').exists()",
        "type.coding.exists(code = 'MR' and system = 'urn:a')",
        "type.coding[0].code != 'MR'",
        "type.coding.empty()",
        "type.empty().not()",
        "type.text.exists() = true",
        "use = 'official' = true",
        "value.exists() != false",
    ]
).filter(lambda text: text.count(" = ") + text.count(" != ") < 2 or " and " in text or " or " in text)
PATHS = st.one_of(
    st.sampled_from(
        [
            "Patient.name.family",
            "Patient.name[1].given",
            "Patient.name.given[1]",
            "Patient.name.given.first()",
            "Patient.name.last().family",
            "Patient.name.where(use = 'official').given.last()",
            "Patient.active",
            "Patient.active.not()",
            "Patient.active.exists()",
            "Patient.name.empty()",
            "Patient.gender.empty().not()",
            "Patient.identifier.type.coding.code",
            "Patient.extension('u:1').exists()",
            "Patient.telecom.where(system = 'phone').value",
            "Patient.name.exists(use = 'official')",
            "Patient.name.where(given.exists()).family",
            "Patient.name.where(family = 'Ann' and use.exists().not()).given",
            "Patient.name.where(%resource.gender = 'male').family",
            "Account.status",
        ]
    ),
    SINGLE.map(lambda criterion: f"Patient.identifier.where({criterion}).value"),
    SINGLE.map(lambda criterion: f"Patient.identifier.exists({criterion})"),
)


def found(path: str, resource: dict[str, Any]) -> list[Any]:
    return compile_path(parse_path(path), frozenset()).walk([resource], resource)


@given(PATIENT, PATHS)
def test_it_finds_what_another_implementation_finds(patient: dict[str, Any], path: str) -> None:
    assert found(path, patient) == fhirpathpy.evaluate(patient, path, {"resource": patient})


@given(PATIENT, st.sampled_from(["valueString", "valueBoolean"]))
def test_a_choice_finds_the_element_of_its_type(patient: dict[str, Any], key: str) -> None:
    type_ = key.removeprefix("value").lower()
    wanted = fhirpathpy.evaluate(patient, f"Patient.extension.{key}", {})
    assert found(f"Patient.extension.value.ofType({type_})", patient) == wanted
    assert found(f"(Patient.extension.value as {type_})", patient) == wanted


def test_a_choice_finds_any_of_its_types() -> None:
    patient = {"resourceType": "Patient", "deceasedDateTime": "2025-03-01"}
    assert found("Patient.deceased", patient) == ["2025-03-01"]
    assert found("Patient.deceased.ofType(boolean)", patient) == []


def test_true_is_not_one() -> None:
    patient = {"resourceType": "Patient", "active": True, "multipleBirthInteger": 1}
    assert found("Patient.where(active = multipleBirth)", patient) == []
    assert found("Patient.where(multipleBirth = 1)", patient) == [patient]


def test_a_decimal_is_compared_by_its_value() -> None:
    item = {"resourceType": "ChargeItem", "factorOverride": Decimal("1.50")}
    assert found("ChargeItem.where(factorOverride = 1.5)", item) == [item]


def test_a_contained_resource_is_followed_and_no_other() -> None:
    inside = {"resourceType": "Coverage", "id": "c", "subscriberId": "S1"}
    account = {
        "resourceType": "Account",
        "contained": [inside, {"resourceType": "Patient", "id": "p"}],
        "coverage": [{"coverage": {"reference": "#c"}}, {"coverage": {"reference": "Coverage/c"}}, {"coverage": {}}],
    }
    assert found("Account.coverage.coverage.resolve().ofType(Coverage).subscriberId", account) == ["S1"]
    assert found("Account.contained.ofType(Patient).id", account) == ["p"]


@pytest.mark.parametrize(
    ("path", "at", "text", "advice"),
    [
        ("Patient.birthdate", 8, "Patient has no element `birthdate`", "did you mean `birthDate`?"),
        ("Patient.name.famly", 13, "HumanName has no element `famly`", "did you mean `family`?"),
        ("Patient.deceasedBoolean", 8, "Patient has no element `deceasedBoolean`", "without the type: deceased"),
        ("Patient.gender.code", 15, "code has no element `code`", "it is a plain value"),
        ("Pateint.name", 0, "no resource Pateint is read", "did you mean `Patient`?"),
        ("name.family", 0, "does not say of which resource", "Patient.name.family"),
        ("Patient.deceased.ofType(Money)", 8, "deceased is no Money", "it may be boolean or dateTime"),
        ("Patient.name.ofType(Money)", 13, "HumanName is no Money", "leave it out"),
        ("Patient.name.were(use = 'x')", 13, "`were` is no function", "did you mean `where`?"),
        ("Patient.name.first(1)", 13, "`first` has other arguments", "write first()"),
        ("Patient.name.where(usee = 'x')", 19, "HumanName has no element `usee`", "did you mean `use`?"),
        ("Patient.name.where(Patient.active)", 19, "a criterion looks at one element", "%resource"),
        ("Patient.birthDate.extension('u')", 18, "extensions of plain values are not read", "the element around it"),
        ("Patient.extension(url)", 8, "takes the URL as a text", "extension('URL')"),
        ("Patient.name.resolve()", 13, "HumanName refers to nothing", "behind a Reference"),
        ("Account.coverage.coverage.resolve().order", 36, "has no element `order`", "ofType(Coverage)"),
        ("Patient.deceased.as()", 17, "`as` has other arguments", "as(Money)"),
    ],
)
def test_an_impossible_path_is_told_with_its_place_and_what_would_be_right(
    path: str, at: int, text: str, advice: str
) -> None:
    with pytest.raises(PathError) as wrong:
        compile_path(parse_path(path), frozenset())
    assert wrong.value.at == at
    assert text in wrong.value.text
    assert advice in wrong.value.advice


@pytest.mark.parametrize(
    "path",
    [
        "Patient.identifier.where(type.coding.code = 'MR' and (use = 'usual' or use != 'old')).value",
        "%resource.extension('http://example.org/it''s').value.ofType(Money)",
        "Patient.name[0].given.exists(%resource.active)",
        "Patient.where(active = true).multipleBirth",
    ],
)
def test_a_path_is_written_as_it_is_read(path: str) -> None:
    written = str(parse_path(path))
    assert str(parse_path(written)) == written
    assert written.replace("\\'", "''") == path
