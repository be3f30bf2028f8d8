"""The screen's lanes find what the plain way of looking finds, and no frame makes them slow."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.card.number import _BLOCK
from interface.card.screen import CardScreen, contains_card, screen
from tests.hl7 import card_reference
from tests.hl7.test_card import CARDS

HEADERS = (
    b"MSH|^~\\&|A|B|C|D|20250304||ADT^A08|1|P|2.5.1\r",
    b"MSH$%*+@$A$B\r",
    b"\xef\xbb\xbfMSH|^~\\&|4111111111111111|\r",
    b"BHS-^~\\&-1\r",
    b"",
)
EXEMPT = frozenset({"PID-3", "NTE-1"})
MEGABYTE = 1_000_000
SLOWEST_SECS = 1.0  # of processor time for a megabyte; it takes a tenth, candidate by candidate it took two to nine

cards = st.sampled_from(sorted(number.encode() for number in CARDS.values()))
separators = st.sampled_from([b"", b"", b" ", b"-", b"  "])
prefixes = st.sampled_from([b"22", b"27", b"30", b"35", b"4", b"51", b"60", b"62", b"64"])


@st.composite
def grouped(draw: st.DrawFn) -> bytes:
    return b"".join(bytes([digit]) + draw(separators) for digit in draw(cards))


@st.composite
def escaped(draw: st.DrawFn) -> bytes:
    """A card whose digits are written in hex, each by itself, some of them."""
    return b"".join(b"\\X%02x\\" % digit if draw(st.booleans()) else bytes([digit]) for digit in draw(cards))


def drawn_from(characters: bytes, most: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from([bytes([one]) for one in characters]), max_size=most).map(b"".join)


pieces = st.one_of(
    cards,
    grouped(),
    escaped(),
    cards.map(lambda card: b"\\X" + card.hex().encode() + b"\\"),
    drawn_from(b"0123456789 -", 40),
    drawn_from(b"23456 -", 60),
    st.tuples(prefixes, drawn_from(b"0123456789", 17)).map(b"".join),
    st.sampled_from([b"|", b"^", b"~", b"\r", b"\n", b"\rNTE|", b"\rPID|1||", b" ", b"-", b"\\", b"x", b"\r\r\r"]),
    st.sampled_from([b"^MS", b"^^^^DI", b"|123456789012^^^^MS", b"~1234-5678-9012-34^a^b^c^VS", b"|^^^^AM|"]),
    st.sampled_from([b"\\X3", b"\\X34", b"\\X3431\\X34\\", b"\\XZZ\\", b"\\X\\"]),
    st.binary(max_size=5),
)
frames = st.tuples(st.sampled_from(HEADERS), st.lists(pieces, max_size=30).map(b"".join)).map(b"".join)


@given(frames, st.sampled_from([frozenset(), EXEMPT]))
def test_the_same_is_masked_as_candidate_by_candidate(raw: bytes, exempt: frozenset[str]) -> None:
    plain = card_reference.screen(raw, card_reference.CardScreen(exempt))
    found = screen(raw, CardScreen(exempt))
    assert (found.raw, [one.place for one in found.findings]) == (plain.raw, [one.place for one in plain.findings])


@given(st.text(st.sampled_from("0123456789 -4562x"), max_size=60))
def test_the_same_is_refused_as_candidate_by_candidate(text: str) -> None:
    assert contains_card(text) is card_reference.contains_card(text)


@pytest.mark.parametrize("before", [*range(_BLOCK - 50, _BLOCK + 3)])
def test_a_number_across_the_edge_of_a_block_is_found(before: int) -> None:
    raw = (b"4 " * _BLOCK)[: before * 2] + b"x 4111-1111-1111-1111 x" + b" 4" * 50
    assert b"x ****-****-****-1111 x" in screen(raw).raw


@pytest.mark.proof
@pytest.mark.parametrize(
    "piece",
    [
        *(
            b"4 ",
            b"4-",
            b"4",
            b"4 1 ",
            b"62 6",
            b"6 2 0 ",
            b"22 2 2",
            b"4  4",
            b"4-----------",
            b"3           9 ",
            b"\r",
        ),
        *(b"4111111111111111 ", b"4111111111111111|", b"4222222222222\rNTE|", b"4111111111111112|"),
        *(b"^MS", b"|1^MS^DI^AM", b"|123456789012^^^^MS"),
        *(b"\\X34\\", b"4\\X31\\", b"\\X34", b"\\X", b"\\X34\\\\X31\\\\X31\\\\X31\\ "),
    ],
)
def test_no_frame_is_slow(piece: bytes) -> None:
    raw = (HEADERS[0] + b"NTE|1||" + piece * (MEGABYTE // len(piece)))[:MEGABYTE] + b"\r|4111111111111111|"
    began = time.process_time()
    found = screen(raw)
    assert time.process_time() - began < SLOWEST_SECS
    assert found.raw.endswith(b"|************1111|")
