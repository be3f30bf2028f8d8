"""Expectations written: what was written reads back as the same, and everything else of the file stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.app.cases import Bench
from interface.case.case import Told
from interface.case.compare import compare
from interface.case.edit import rewritten
from interface.case.write import expectation
from interface.mapping.node import Block
from tests.case.sample import A04, case, play, step, text

TEXTS = st.text(
    # U+FFFD stands for bytes that are no UTF-8: a file that holds it is refused.
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp"), exclude_characters="\ufffd"),
    min_size=1,
    max_size=12,
)
VALUES = (
    TEXTS
    | st.none()
    | st.sampled_from(["~", "yes", "-", "- a", "a: b", "a #b", "[x]", "{", "0123", "12:30", "a,b", "*", "&a"])
)
ROWS = st.dictionaries(TEXTS.filter(lambda key: key != "others"), VALUES, min_size=1, max_size=4)
TABLES = st.dictionaries(
    TEXTS.filter(lambda key: key != "others"),
    ROWS | st.lists(ROWS | VALUES.filter(bool), min_size=1, max_size=3),
    min_size=1,
    max_size=3,
)


@given(TABLES)
def test_what_is_written_reads_back_as_the_same(rows: dict[str, Told]) -> None:
    content = "steps:\n  - message: MSH|\n" + expectation({"patients": rows}, "    ")
    (read,) = case(content).steps
    assert isinstance(read.expected, Block)
    assert compare(read.expected, {"patients": rows}) == []


def written(bench: Bench, content: str) -> str:
    """The file as `--write` leaves it."""
    one = case(content)
    played = play(one, bench)
    wanted = {
        number - 1: played.outcomes[number - 1]
        for number, found in played.differences.items()
        if found or one.steps[number - 1].expected is None
    }
    return rewritten(content, one, wanted)


def test_a_written_case_holds(bench: Bench) -> None:
    content = written(bench, text(step(A04), "- payment: {accounts: {9001: 25.00}, tender: visa}\n"))
    assert play(case(content), bench).holds
    assert written(bench, content) == content


def test_other_lines_stay_as_they_are(bench: Bench) -> None:
    content = text("# first\n", step(A04, "state: held"), "\n# between\n", step(A04), "# last\n")
    after = written(bench, content)
    assert [line for line in content.splitlines() if "#" in line] == [
        line for line in after.splitlines() if "#" in line
    ]
    assert play(case(after), bench).holds


def test_an_expectation_that_looks_at_a_part_stays_one(bench: Bench) -> None:
    content = text(step(A04, 'patients: {"7001": {sex: M}}\nothers: any'))
    after = written(bench, content)
    assert 'patients:\n        "7001": {sex: F}\n      others: any\n' in after
    assert "family" not in after


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_the_last_line_needs_no_end(bench: Bench, end: str) -> None:
    content = text(step(A04)).rstrip("\n") + end
    assert play(case(written(bench, content)), bench).holds


def test_an_expectation_may_stand_before_its_message(bench: Bench) -> None:
    first, *others = text(step(A04)).splitlines(keepends=True)[1:]
    content = f"{first}  - expect: {{state: held}}\n{''.join(others).replace('- message', '  message')}"
    assert play(case(written(bench, content)), bench).holds
