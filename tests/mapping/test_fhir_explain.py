"""What is told of a rule that reads FHIR is what it did, with FHIRPath as the place, and why there is nothing."""

from functools import cache, partial

import pytest

from interface.document import read_document
from interface.fhir.request import read
from interface.mapping.explain import Explained, Explanation
from interface.mapping.extend import resolved
from interface.mapping.fhir_compiler import compile_fhir
from interface.mapping.fhir_explain import FhirRecorded
from interface.mapping.problem import Findings
from interface.mapping.record import RecordingCompiler, Tape
from tests.mapping.fhir_sample import ACCOUNT, CHARGE, ENCOUNTER, PATIENT, PAYMENT, Resource, raw, understood
from tests.mapping.sample import ARRIVED, NORTH, shipped


@cache
def telling() -> FhirRecorded:
    findings, tape = Findings(), Tape()
    files = {"fhirr4": read_document("mappings/fhirr4.yaml", shipped().files["mappings/fhirr4.yaml"], findings)}
    mapping = compile_fhir("fhirr4", files, shipped().tables, findings, partial(RecordingCompiler, tape=tape))
    whole = resolved("fhirr4", files, findings)
    assert mapping is not None, findings.problems
    assert whole is not None
    return FhirRecorded(mapping, whole.block, tape)


def told(resource: Resource) -> Explanation:
    return telling().explain(read(raw(resource)), NORTH, ARRIVED)


def rule(resource: Resource, target: str) -> Explained:
    return next(one for one in told(resource).rules if one.target == target)


@pytest.mark.parametrize("resource", [PATIENT, ACCOUNT, ENCOUNTER, CHARGE, PAYMENT])
def test_it_comes_out_as_in_production(resource: Resource) -> None:
    assert told(resource).outcome == understood(resource)


def test_a_value_is_told_with_its_path() -> None:
    found = rule(PATIENT, "patient.family")
    assert found.value == "TESTER"
    assert found.lines[0].what == "Patient.name.where(use = 'official').family"
    assert found.mark.file == "mappings/fhirr4.yaml"


def test_a_path_that_finds_nothing_tells_how_far_it_goes() -> None:
    found = rule({**PATIENT, "deceasedDateTime": "2025-03-01"}, "patient.language")
    assert found.why == "Patient.communication finds nothing"
    assert rule({**PATIENT, "gender": None}, "patient.sex").why == "Patient.gender finds nothing"


def test_rules_of_other_resources_tell_so() -> None:
    assert rule(ACCOUNT, "patient.birth_date").why == "the resource is no Patient"


def test_what_is_not_there_to_be_walked_is_told() -> None:
    assert rule(PATIENT, "guarantors.id").why == "the resource has no Account.guarantor, RelatedPerson, Organization"


def test_the_rule_that_gives_an_event_its_meaning_is_told() -> None:
    found = rule(ENCOUNTER, "events.Encounter")
    assert found.value == "register"
    assert "fhir_encounter_status.csv" in found.lines[-1].note


def test_an_element_of_several_is_named() -> None:
    second = {**PAYMENT["detail"][0], "identifier": {"value": "P0001-2"}}
    found = [
        one
        for one in told({**PAYMENT, "detail": [PAYMENT["detail"][0], second]}).rules
        if one.target == "transactions.id"
    ]
    assert [(one.group, str(one.value)) for one in found][1] == ("PaymentReconciliation.detail[1]", "P0001-2")


def test_the_rule_that_stops_a_request_is_to_blame() -> None:
    explanation = told({**PATIENT, "gender": "F"})
    assert [one.target for one in explanation.to_blame()] == ["patient.sex"]
