"""The traps of YAML, each with the line and words that an analyst understands."""

import pytest

from interface.document import read_document
from interface.mapping.node import Block, Listing, Scalar
from interface.mapping.problem import Findings


def document(text: str) -> tuple[Block | None, Findings]:
    findings = Findings()
    return read_document("file.yaml", text, findings), findings


@pytest.mark.parametrize("written", ["no", "0123", "12:30", "1_000", "~", "2025-03-04", "true", "1.0", "off"])
def test_every_value_is_the_text_that_was_written(written: str) -> None:
    block, _ = document(f"key: {written}\n")
    assert block is not None and block.text("key") == written


def test_keys_values_and_lists_know_their_place() -> None:
    block, findings = document("a: 1\nb:\n  - x\n  - 'y'\n")
    assert block is not None and not findings.problems
    assert (block.entries["b"].mark.line, block.entries["b"].mark.column) == (2, 1)
    items = block.node("b")
    assert isinstance(items, Listing)
    last = items.items[1]
    assert isinstance(last, Scalar) and last.is_quoted
    assert (last.mark.line, last.text_mark.column) == (4, 6)


@pytest.mark.parametrize(
    ("text", "line", "rule", "advice"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate-key", "one of them"),
        ("a:\n\tb: 1\n", 2, "tab", "blanks"),
        ("a: 1\n  b: 2\n", 2, "bad-indentation", "begin the line with `b`"),
        ("a:\n    b: 1\n  c: 2\n", 3, "bad-indentation", "put 4 blanks before `c`"),
        ("a:\n  b: 1\n c: 2\n", 3, "bad-indentation", "put 2 blanks before `c`"),
        ("a: 1\nb\nc: 2\n", 2, "colon-missing", "key: value"),
        ("a: say: this\n", 1, "colon-in-value", "double quotes"),
        ("a: *all\n", 1, "star-in-value", "double quotes"),
        ("a: &x 1\nb: *x\n", 2, "star-in-value", "double quotes"),
        ("a: @b\n", 1, "bad-character", "double quotes"),
        ("a: 'b\n", 2, "malformed-yaml", "quote"),
        ("a: [1, 2\n", 2, "malformed-yaml", "bracket"),
        ("{a: 1}: 2\n", 1, "key-not-text", "double quotes"),
        ("- a\n- b\n", 1, "not-a-block", "key: value"),
        ("just words\n", 1, "not-a-block", "key: value"),
        ("", 1, "empty-file", "README"),
        ("# only a comment\n", 1, "empty-file", "README"),
        ("a: 1\nb: \x07\n", 2, "not-text", "UTF-8"),
    ],
)
def test_a_trap_is_named(text: str, line: int, rule: str, advice: str) -> None:
    _, findings = document(text)
    (found,) = findings.problems
    assert (found.line, found.rule) == (line, rule)
    assert advice in found.advice


def test_a_file_that_nests_without_end_is_refused() -> None:
    _, findings = document("".join(f"{'  ' * depth}a:\n" for depth in range(40)))
    assert "too-deep" in {found.rule for found in findings.problems}


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_a_file_that_nests_deeper_than_can_be_read_is_refused(opening: str) -> None:
    _, findings = document(f"a: {opening * 5000}")
    assert [found.rule for found in findings.problems] == ["too-deep"]


def test_a_byte_order_mark_does_not_matter() -> None:
    block, findings = document("\ufeffa: 1\n")
    assert block is not None and not findings.problems
