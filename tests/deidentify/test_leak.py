"""A thousand messages: of none is anything left that is a person's."""

from collections.abc import Iterator, Sequence
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interface.app.cases import Bench
from interface.case.case import Case
from interface.case.shape import shape
from interface.errors import MessageError
from interface.hl7.parser import parse
from interface.simulate.traffic import morning
from tests.case.sample import FILE, bench
from tests.conftest import corpus_folder
from tests.deidentify.oracle import leaked, saved, text_of_steps
from tests.engine.corpus import pieces

MESSAGES = 1_000
NAMES = ("PID", "PV1", "GT1", "IN1", "FT1", "MRG", "NK1", "NTE", "OBX", "PD1", "ZPD", "EVN", "QQQ", "AL1", "DG1", "IN2")
leaves = (
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .-'@", max_size=14)
    | st.from_regex(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])([0-9]{6})?", fullmatch=True)
    | st.from_regex(r"[0-9]{3,10}", fullmatch=True)
    | st.from_regex(r"[A-Z][a-z]{2,9}", fullmatch=True)
    | st.sampled_from(['""', "MR", "NORTH", "AN", "53703", "03601", "608", "M\u00fcller"])
)
fields = st.lists(st.lists(leaves, max_size=6).map("^".join), max_size=2).map("~".join)
segments = st.builds(
    lambda name, parts: "|".join([name, *parts]), st.sampled_from(NAMES), st.lists(fields, max_size=12)
)
messages = st.lists(segments, max_size=5).map(
    lambda lines: "".join(
        f"{line}\r" for line in (r"MSH|^~\&|A|B|C|D|20260304091500-0600||ADT^A08|X1|P|2.5.1", *lines)
    ).encode()
)


def simulated() -> Iterator[bytes]:
    for seed in range(100):
        yield from (sent.content for sent in morning(seed, 30))


def in_corpus() -> Iterator[bytes]:
    folder = corpus_folder()
    for piece in pieces(folder) if folder else ():
        try:
            first = parse(piece.content).all_segments()[0].name
        except MessageError:
            continue
        if first == "MSH":
            yield piece.content


@pytest.mark.proof
def test_of_a_thousand_simulated_messages_nothing_is_left() -> None:
    contents = simulated()
    for seed in range(MESSAGES // 10):
        together = [next(contents) for _ in range(10)]  # one case of ten messages
        originals, _before, after = saved(together, seed)
        assert leaked(originals, text_of_steps(after)) == set()


@pytest.mark.parametrize("one_in", [5, pytest.param(1, marks=[pytest.mark.proof, pytest.mark.timeout(900)])])
def test_of_messages_of_other_people_nothing_is_left(one_in: int) -> None:
    count = 0
    for seed, content in enumerate(islice(in_corpus(), 0, None, one_in)):
        originals, _before, after = saved([content], seed)
        assert leaked(originals, text_of_steps(after)) == set(), seed
        count += 1
    if not count:
        pytest.skip("no corpus here")


@given(st.lists(messages, min_size=1, max_size=3), st.integers(0, 10**9))
@settings(max_examples=50)
def test_of_messages_made_by_chance_nothing_is_left(contents: list[bytes], seed: int) -> None:
    originals, _before, after = saved(contents, seed)
    assert leaked(originals, text_of_steps(after)) == set()


def differing(there: Bench, contents: Sequence[bytes], seed: int) -> list[tuple[object, object]]:
    """Steps that do something else once they are de-identified."""
    _originals, before, after = saved(contents, seed)
    first, second = (there.play(Case(FILE, "", "epic", None, tuple(steps))) for steps in (before, after))
    assert (first.failure, second.failure) == (None, None)
    shapes = ((shape(one), shape(other)) for one, other in zip(first.outcomes, second.outcomes, strict=True))
    return [(one, other) for one, other in shapes if one != other]


def test_a_story_without_its_people_does_what_it_did() -> None:
    contents = [sent.content for sent in morning(11, 6)][:30]
    with bench() as there:
        assert differing(there, contents, 3) == []


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_a_thousand_messages_without_their_people_do_what_they_did() -> None:
    contents = simulated()
    with bench() as there:
        for seed in range(MESSAGES // 20):
            assert differing(there, [next(contents) for _ in range(20)], seed) == []


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_messages_of_other_people_do_what_they_did() -> None:
    contents = list(in_corpus())
    if not contents:
        pytest.skip("no corpus here")
    with bench() as there:
        found = {seed: wrong for seed, one in enumerate(contents) if (wrong := differing(there, [one], seed))}
    assert not found
