import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.framing import Cut, Deframer, Frame, Framed, Noise, Oversize, wrap

contents = st.binary(max_size=40).map(lambda drawn: drawn.replace(b"\x0b", b"").replace(b"\x1c", b""))
blocks = st.one_of(
    contents.map(lambda content: b"\x0b" + content + b"\x1c\r"),
    contents.map(lambda content: b"\x0b" + content + b"\x1c"),  # no final CR
    contents.map(lambda content: b"\x0b" + content),  # cut by what follows
    contents,  # noise
)


def without_noise(found: list[Framed]) -> list[Framed]:
    return [each for each in found if not isinstance(each, Noise)]


@given(st.lists(blocks), st.randoms(use_true_random=False))
def test_any_split_or_joining_of_reads_gives_the_same_frames(sent: list[bytes], chance: random.Random) -> None:
    stream = b"".join(sent)
    whole = Deframer()
    split = Deframer()
    expected = whole.feed(stream)
    found: list[Framed] = []
    at = 0
    while at < len(stream):
        size = chance.choice([1, 1, 2, 3, 7, 50])
        found += split.feed(stream[at : at + size])
        at += size
    assert without_noise(found) == without_noise(expected)
    assert split.close() == whole.close()
    noise = [b"".join(each.start for each in events if isinstance(each, Noise)) for events in (found, expected)]
    assert noise[0] == noise[1]


@given(st.lists(contents))
def test_what_was_wrapped_comes_out_again(sent: list[bytes]) -> None:
    assert Deframer().feed(b"".join(map(wrap, sent))) == [Frame(content) for content in sent]


def test_bytes_between_blocks_are_noise() -> None:
    found = Deframer().feed(b"\r\n\x0bA\x1c\r\r\n\x0bB\x1c\r")
    assert found == [Noise(b"\r\n", 2), Frame(b"A"), Noise(b"\r\n", 2), Frame(b"B")]
    assert [each.is_blank for each in found if isinstance(each, Noise)] == [True, True]


def test_an_unframed_message_is_noise_that_is_not_blank() -> None:
    (noise,) = Deframer().feed(b"MSH|^~\\&|A\r" * 1000)
    assert isinstance(noise, Noise)
    assert (len(noise.start), noise.size, noise.is_blank) == (4096, 11000, False)


@pytest.mark.parametrize(
    ("read", "looks_like"),
    [
        (b"MSH|^~\\&|A\r", "hl7"),
        (b"\r\nBHS|", "hl7"),
        (b"GET /x HTTP/1.1\r\n", "http"),
        (b"\x16\x03\x01\x02\x00\x01", "tls"),
        (b"hello", "unknown"),
    ],
)
def test_what_a_peer_speaks_instead_is_guessed(read: bytes, looks_like: str) -> None:
    (noise,) = Deframer().feed(read)
    assert isinstance(noise, Noise)
    assert noise.looks_like == looks_like


def test_a_start_inside_a_block_means_that_the_former_was_cut() -> None:
    assert Deframer().feed(b"\x0bhalf\x0bwhole\x1c\r") == [Cut(b"half"), Frame(b"whole")]


@pytest.mark.parametrize("following", [b"\x0bB\x1c\r", b"\x0bB\x1c"])
def test_a_missing_final_cr_is_accepted(following: bytes) -> None:
    assert Deframer().feed(b"\x0bA\x1c" + following) == [Frame(b"A"), Frame(b"B")]


def test_a_frame_is_given_at_its_end_byte_and_a_late_cr_is_no_noise() -> None:
    deframer = Deframer()
    assert deframer.feed(b"\x0bA\x1c") == [Frame(b"A")]
    assert deframer.feed(b"") == []
    assert deframer.feed(b"\r\x0bB") == []
    assert deframer.is_inside


def test_half_a_frame_at_the_end_of_the_connection_is_cut() -> None:
    deframer = Deframer()
    deframer.feed(b"\x0bhalf")
    assert deframer.close() == Cut(b"half")
    assert deframer.close() is None


@pytest.mark.parametrize("size", [1, 3, 5000, 20_000])
def test_an_oversize_frame_is_drained_and_only_its_beginning_kept(size: int) -> None:
    deframer = Deframer(max_frame_bytes=10_000)
    stream = b"\x0b" + bytes(65 + i % 26 for i in range(12_000)) + b"\x1c\r" + wrap(b"next")
    found = [each for at in range(0, len(stream), size) for each in deframer.feed(stream[at : at + size])]
    assert found == [Oversize(stream[1:4097], 12_000, is_complete=True), Frame(b"next")]


def test_a_frame_of_exactly_the_limit_passes() -> None:
    assert Deframer(max_frame_bytes=4).feed(wrap(b"abcd") + wrap(b"abcde")) == [
        Frame(b"abcd"),
        Oversize(b"abcde", 5, is_complete=True),
    ]


def test_an_oversize_frame_that_is_cut_says_so() -> None:
    deframer = Deframer(max_frame_bytes=4)
    assert deframer.feed(b"\x0babcdefg\x0b") == [Oversize(b"abcdefg", 7, is_complete=False)]
    deframer.feed(b"12345")
    assert deframer.close() == Oversize(b"12345", 5, is_complete=False)


@pytest.mark.parametrize("content", [b"a\x0bb", b"a\x1cb"])
def test_content_with_framing_bytes_is_not_wrapped(content: bytes) -> None:
    with pytest.raises(MessageError, match="byte 1 is") as raised:
        wrap(content)
    assert raised.value.code == "framing-byte"
