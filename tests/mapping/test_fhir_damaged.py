"""Resources with a part replaced by anything are read, filtered, or refused with a reason: no shape is a surprise."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import InterfaceError
from tests.mapping.fhir_sample import (
    ACCOUNT,
    CHARGE,
    ENCOUNTER,
    GUARANTOR,
    PATIENT,
    PAYMENT,
    Resource,
    balance,
    understood,
)
from tests.mapping.sample import shipped

WHOLE: list[Resource] = [
    {
        **PATIENT,
        "meta": {"security": [{"code": "R"}]},
        "link": [{"type": "replaced-by", "other": {"reference": "Patient/1"}}],
    },
    {**ACCOUNT, "extension": [balance("5.00", of="patient")]},
    ENCOUNTER,
    CHARGE,
    PAYMENT,
    GUARANTOR,
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["value", "id", "coding", "url"]), inner)
    ),
    max_leaves=4,
)


def places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a resource, but the word that says what it is."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        if key != "resourceType":
            yield (*at, key)
            yield from places(inner, (*at, key))


def replaced(resource: Resource, at: tuple[Any, ...], by: object) -> Resource:
    made = deepcopy(resource)
    node: Any = made
    for key in at[:-1]:
        node = node[key]
    node[at[-1]] = by
    return made


@pytest.mark.parametrize("vendor", ["fhirr4", "cerner-fhir"])
@given(st.sampled_from([(one, at) for one in WHOLE for at in places(one)]), ANYTHING)
def test_a_damaged_resource_is_no_surprise(vendor: str, damaged: tuple[Resource, tuple[Any, ...]], by: object) -> None:
    resource, at = damaged
    try:
        understood(replaced(resource, at, by), mapping=shipped().fhir[vendor])
    except InterfaceError as failure:
        assert failure.text
