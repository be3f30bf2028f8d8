"""JSON is read and written without losing a digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.fhir.outcome import RefusedError
from interface.fhir.text import DEEPEST, read, write

decimals = st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.decimals("-1e20", "1e20", places=6)
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | decimals
resources = st.dictionaries(
    st.text(),
    st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
    ),
    max_size=4,
)


@given(resources)
def test_what_was_written_is_read_with_its_scale(resource: dict[str, object]) -> None:
    assert str(read(write(resource))) == str(resource)


@pytest.mark.parametrize("number", ["10.00", "0.10", "-5.00", "1234567.10", "0.000001"])
def test_decimals_keep_their_scale(number: str) -> None:
    content = f'{{"value":{number}}}'.encode()
    assert read(content)["value"] == Decimal(number)
    assert write(read(content)) == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":"\xff"}',
        b'{"a":' * 100_000,
        b'{"a":1e999999999}',
        b'{"a":-1e-65}',
        b'{"a":1e99999999999999999999}',
        b'{"a":' + b"9" * 66 + b"}",
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        (b'{"a":' * (DEEPEST + 1)) + b"1" + b"}" * (DEEPEST + 1),
    ],
)
def test_what_is_no_resource_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        read(content)
    assert refused.value.status == 400


def test_integers_beyond_what_others_write_are_decimals() -> None:
    content = b'{"a":123456789012345678901234567890}'
    assert write(read(content)) == content


def test_both_halves_of_a_character_are_one() -> None:
    assert read(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_name_that_is_no_element_is_not_quoted() -> None:
    with pytest.raises(RefusedError) as refused:
        read(b'{"Olivia Brandt":1,"Olivia Brandt":2}')
    assert refused.value.text == "a name stands twice in one object"
