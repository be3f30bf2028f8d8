"""Messages out of files as people keep them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.cli.message_file import messages_in

ONE = b"MSH|^~\\&|A|B|C|D|20260304||ADT^A08|C1|P|2.5.1\rPID|1||777^^^N^MR\r"
TWO = ONE.replace(b"|C1|", b"|C2|")


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"], ids=["carriage returns", "line feeds", "both"])
def test_every_line_end_becomes_a_carriage_return(end: bytes) -> None:
    assert messages_in((ONE + TWO).replace(b"\r", end)) == [ONE, TWO]


def test_a_missing_last_line_end_is_added() -> None:
    assert messages_in(ONE[:-1]) == [ONE]


def test_blank_lines_between_messages_are_none_of_theirs() -> None:
    assert messages_in(b"\n\n" + ONE.replace(b"\r", b"\n") + b"\n\n\n" + TWO.replace(b"\r", b"\n") + b"\n") == [
        ONE,
        TWO,
    ]


def test_mllp_blocks_and_a_byte_order_mark_are_taken_off() -> None:
    assert messages_in(b"\xef\xbb\xbf\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r") == [ONE, TWO]


def test_batch_headers_and_trailers_are_left_out() -> None:
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + ONE + TWO + b"BTS|2\rFTS|1\r"
    assert messages_in(batch) == [ONE, TWO]
    assert messages_in(batch.replace(b"\r", b"\n")) == [ONE, TWO]


def test_a_line_feed_inside_a_field_stays_data() -> None:
    raw = ONE + b"NTE|1||first\nsecond\r"
    assert messages_in(raw) == [raw]


def test_msh_in_a_field_begins_no_message() -> None:
    raw = ONE + b"NTE|1||see MSH|9\rNTE|2||MSH\r"
    assert messages_in(raw) == [raw]


def test_a_file_without_messages_gives_none() -> None:
    assert messages_in(b"channel: epic\n") == messages_in(b"") == []


@given(st.lists(st.binary(max_size=40).filter(lambda raw: not set(raw) & set(b"\r\n\x0b\x1c")), max_size=5))
def test_content_stays_byte_for_byte(fields: list[bytes]) -> None:
    raw = ONE + b"".join(b"NTE|1||" + field + b"|\r" for field in fields)
    assert messages_in(raw + TWO) == [raw, TWO]
