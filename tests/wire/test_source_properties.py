"""However the bytes are split and whenever the answers become ready: the same answers, in the order of the frames."""

import random

from hypothesis import given
from hypothesis import strategies as st

from interface.hl7.framing import wrap
from tests.wire.memory import SourceRig

CONTENT = st.binary(max_size=40).map(lambda content: content.translate(None, b"\x0b\x1c"))


@st.composite
def pipelined(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Frames, and the reads in which their bytes arrive."""
    contents = draw(st.lists(CONTENT, min_size=1, max_size=12))
    stream = b"".join(map(wrap, contents))
    cuts = sorted(draw(st.sets(st.integers(1, len(stream) - 1), max_size=20)))
    return contents, [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(pipelined(), st.randoms(use_true_random=False), st.integers(1, 6))
def test_any_split_and_any_order_of_answers_gives_the_same_answers_in_order(
    sent: tuple[list[bytes], list[bytes]], chance: random.Random, max_in_flight: int
) -> None:
    contents, reads = sent
    rig = SourceRig(max_in_flight=max_in_flight)
    wire = rig.connect()
    answered: set[int] = set()

    def answer_one() -> None:
        number = chance.choice([n for n in range(len(rig.clerk.arrivals)) if n not in answered])
        answered.add(number)
        rig.clerk.answer(number, b"for " + contents[number])

    for read in reads:
        while wire.producerState != "producing":
            answer_one()
        wire.deliver(read)
        while len(answered) < len(rig.clerk.arrivals) and chance.random() < 0.5:
            answer_one()
    while len(answered) < len(contents):
        answer_one()
    assert rig.clerk.contents == contents
    assert wire.frames() == [b"for " + content for content in contents]
    assert wire.producerState == "producing"
