"""Requests are kept as they go out, and read back to the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.fhir.call import Call, identified, is_call, read_call


@given(
    st.binary(),
    st.dictionaries(st.from_regex(r"[A-Z][a-z-]{1,10}", fullmatch=True), st.from_regex(r"[!-~]{0,20}", fullmatch=True)),
)
def test_what_was_kept_is_read_back(body: bytes, head: dict[str, str]) -> None:
    call = Call("POST", "Basic", tuple(head.items()), body)
    assert read_call(call.to_bytes()) == call
    assert is_call(call.to_bytes())


@pytest.mark.parametrize("payload", [b"", b"MSH|^~\\&|A\r", b"PUT x\r\n\r\n", b"POST Basic", b"POST \xff\r\n\r\n"])
def test_what_is_no_request_is_not_read(payload: bytes) -> None:
    with pytest.raises(MessageError) as wrong:
        read_call(payload)
    assert wrong.value.code == "call-unreadable"


def test_what_a_search_gives_a_meaning_to_is_escaped() -> None:
    assert identified("urn:a|b", "1,2") == "identifier=urn%3Aa%5C%7Cb%7C1%5C%2C2"


def test_only_what_is_created_under_a_condition_can_be_searched() -> None:
    assert Call("POST", "Basic").search == ""
    assert Call("POST", "Basic", (("If-None-Exist", "identifier=a"),)).search == "Basic?identifier=a"
