"""Whatever is broken in a good body, there is an issue at the element that is broken; and no JSON at all is a surprise."""

from functools import cache
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from interface.fhir.definition import RESOURCES
from interface.fhir.outcome import Issue, RefusedError, Severity
from interface.fhir.shape import check
from interface.fhir.text import Resource
from interface.fhir.valid import issues_of
from tests.fhir.bodies import BODIES
from tests.fhir.broken import MARK, Breakage, breakages, put, sites

numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.floats()
words = st.sampled_from(["Patient/1", "#1", "2026-03-04", "active", "USD", "12.50"])
plain = st.none() | st.booleans() | numbers | st.text(max_size=12) | words
names = st.sampled_from(
    [
        "resourceType",
        "id",
        "extension",
        "url",
        "contained",
        "meta",
        "reference",
        "start",
        "end",
        "value",
        "currency",
        "_value",
    ]
)
trees = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@cache
def told(type_: str) -> list[tuple[Breakage, tuple[Issue, ...]]]:
    """Every breakage of the body of this type with its issues."""
    return [(one, issues_of(one.body)) for one in breakages(BODIES[type_])]


def is_refused(issues: tuple[Issue, ...]) -> bool:
    return any(one.severity is Severity.ERROR for one in issues)


def refused_by_shape(body: Resource) -> bool:
    try:
        check(body)
    except RefusedError:
        return True
    return False


def refused_by_models(body: Resource) -> bool:
    try:
        get_fhir_model_class(body["resourceType"]).model_validate(body)
    except (ValidationError, KeyError, TypeError, AttributeError):  # the last three are theirs for some JSON
        return True
    return False


@pytest.mark.parametrize("type_", BODIES)
def test_a_good_body_has_no_issue(type_: str) -> None:
    assert issues_of(BODIES[type_]) == ()


@pytest.mark.parametrize("type_", BODIES)
def test_each_breakage_is_told_at_its_element(type_: str) -> None:
    untold = [
        f"{one.what} at {one.expression}"
        for one, issues in told(type_)
        if (one.expression, one.code, one.severity)
        not in {(each.expression, each.code, each.severity) for each in issues}
    ]
    assert not untold


def test_there_are_thousands_of_breakages() -> None:
    assert sum(len(told(type_)) for type_ in BODIES) > 5_000


@pytest.mark.parametrize("type_", BODIES)
def test_no_issue_shows_a_value(type_: str) -> None:
    texts = {issue.text + issue.expression for _, issues in told(type_) for issue in issues}
    assert not [text for text in texts if MARK in text]


@pytest.mark.parametrize("type_", BODIES)
def test_what_the_first_look_refuses_is_an_error(type_: str) -> None:
    passed = [
        f"{one.what} at {one.expression}"
        for one, issues in told(type_)
        if not is_refused(issues) and refused_by_shape(one.body)
    ]
    assert not passed


@pytest.mark.proof
@pytest.mark.parametrize("type_", BODIES)
def test_what_the_models_of_others_refuse_is_refused_here(type_: str) -> None:
    passed = [
        f"{one.what} at {one.expression}"
        for one, issues in told(type_)
        if one.what != "null" and not is_refused(issues) and refused_by_models(one.body)
    ]
    assert not passed


@given(st.dictionaries(names | st.text(max_size=6), trees, max_size=5), st.sampled_from(sorted(RESOURCES)) | trees)
def test_no_json_is_a_surprise(body: dict[str, Any], type_: Any) -> None:
    for one in issues_of(body | {"resourceType": type_}):
        assert one.text


@given(st.data())
def test_any_json_within_a_body_is_no_surprise(data: st.DataObject) -> None:
    body = BODIES[data.draw(st.sampled_from(sorted(BODIES)))]
    site = data.draw(st.sampled_from(list(sites(body))))
    changed = put(body, site.keys, data.draw(trees))
    issues = issues_of(changed)
    assert all(one.expression.startswith(body["resourceType"]) or not one.expression for one in issues)
    assert is_refused(issues) or not refused_by_shape(changed)
