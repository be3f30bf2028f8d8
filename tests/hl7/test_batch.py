"""A batch taken apart: its messages byte for byte, whatever of its frame is missing; nothing else passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.batch import is_batch, is_larger, messages_in, split
from tests.hl7.batches import Made, bhs, bts, dft, fhs, files, fts

ONE, TWO = dft("M1", "10.00"), dft("M2", "20.00")


def groups(raw: bytes) -> list[list[bytes]]:
    return [list(group.messages) for group in split(raw).groups]


@given(st.sampled_from([b"\r", b"\n", b"\r\n"]).flatmap(files))
def test_what_was_put_together_comes_apart_the_same(made: Made) -> None:
    assert groups(made.raw) == made.groups


@given(files())
def test_the_pieces_make_the_whole_again(made: Made) -> None:
    batch = split(made.raw)
    pieces = [batch.header]
    for group in batch.groups:
        pieces += [group.header, *(message.rstrip(b"\r") for message in group.messages), group.trailer]
    assert b"".join(piece + b"\r" for piece in [*pieces, batch.trailer]) == made.raw


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (bhs() + ONE + TWO + bts(2), [[ONE, TWO]]),
        (bhs() + ONE + TWO, [[ONE, TWO]]),
        (fhs() + ONE + TWO + fts(1), [[ONE, TWO]]),
        (fhs() + ONE + bts(1) + fts(1), [[ONE]]),
        (fhs() + bhs() + ONE + bts(1) + bhs("B2") + TWO + bts(1) + fts(2), [[ONE], [TWO]]),
        (bhs() + ONE + bts(1) + bhs("B2") + TWO + bts(1), [[ONE], [TWO]]),
        (bhs() + ONE + bhs("B2") + TWO, [[ONE], [TWO]]),
        (bhs() + ONE + bts(1) + TWO + bts(1), [[ONE], [TWO]]),
        (bhs() + ONE + TWO + bts(2) + fts(1), [[ONE, TWO]]),
        (ONE + TWO, [[ONE, TWO]]),
    ],
    ids=[
        "one batch",
        "no trailer",
        "no batch header",
        "no batch header, a trailer",
        "two batches in a file",
        "two batches without a file",
        "two batches without trailers",
        "a second batch without header",
        "no file header",
        "messages alone",
    ],
)
def test_what_the_standard_leaves_open_may_be_missing(raw: bytes, found: list[list[bytes]]) -> None:
    assert groups(raw) == found


@pytest.mark.parametrize(
    "raw", [bhs() + bts(0), fhs() + bhs() + bts(0) + fts(1), fhs() + bts(0) + fts(1), fhs() + fts(0), bhs()]
)
def test_a_batch_without_messages_is_one(raw: bytes) -> None:
    assert split(raw).messages == ()


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (bhs() + bhs("B2") + ONE + bts(1) + bts(1), "BHS[2]"),
        (bhs() + ONE + bts(1) + bts(1), "BTS[2]"),
        (fhs() + bhs() + ONE + bts(1) + fts(1) + ONE, "MSH[2]"),
        (fhs() + bhs() + ONE + bts(1) + fts(1) + fts(1), "FTS[2]"),
        (bhs() + fhs() + ONE, "FHS"),
        (bhs() + b"NTE|1||between\r" + ONE, "BHS"),
        (bhs() + ONE + bts(1) + b"PID|1\r", "BTS"),
        (bhs() + ONE + bts(1) + bhs("B2") + b"PID|1\r" + TWO, "BHS[2]"),
        (bhs() + ONE + bts(1, separator="#"), "BTS"),
        (bts(1), "FHS"),
        (b"", "FHS"),
    ],
)
def test_what_is_in_the_wrong_place_is_named(raw: bytes, place: str) -> None:
    with pytest.raises(MessageError) as told:
        split(raw)
    assert (told.value.code, told.value.place) == ("batch-malformed", place)


def test_each_header_declares_its_own_separators() -> None:
    sharp = dft("M1", "10.00", separator="#")
    raw = fhs() + bhs(separator="*") + sharp + TWO + bts(2, separator="*") + fts(1)
    assert groups(raw) == [[sharp, TWO]]


def test_a_line_feed_among_carriage_returns_is_data_unless_a_header_follows() -> None:
    message = ONE + b"NTE|1||said\nBTS of the day\nMSH-9 as well\r"
    assert groups(bhs() + message + TWO + bts(2)) == [[message, TWO]]
    assert len(groups(bhs() + ONE.rstrip(b"\r") + b"\n" + TWO + bts(2))[0]) == 2


def test_blank_lines_belong_to_no_message() -> None:
    assert groups(b"\r\n" + bhs() + b"\r\r" + ONE + b"\r\n\r\n" + TWO + bts(2) + b"\r\n") == [[ONE, TWO]]


def test_a_byte_order_mark_is_read_around() -> None:
    raw = b"\xef\xbb\xbf" + bhs() + ONE + bts(1)
    assert is_batch(raw)
    assert groups(raw) == [[ONE]]


def test_a_batch_in_the_wrong_order_still_gives_its_messages() -> None:
    assert messages_in(bhs() + bhs("B2") + ONE + bts(1) + bts(1) + TWO) == (ONE, TWO)


@pytest.mark.parametrize("raw", [ONE, b"", b"BHSX|", b"PID|BHS|", b"FT1|1"])
def test_other_content_is_no_batch(raw: bytes) -> None:
    assert not is_batch(raw)


@given(files())
def test_counting_agrees_with_taking_apart(made: Made) -> None:
    batch = split(made.raw)
    larger = max(len(batch.messages), len(batch.groups))
    assert is_larger(made.raw, larger - 1)
    assert not is_larger(made.raw, larger)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_batch_or_malformed(noise: bytes) -> None:
    for raw in (bhs() + noise, bhs() + ONE + noise, fhs() + noise + ONE):
        try:
            split(raw)
        except MessageError as failure:
            assert failure.code == "batch-malformed"
