"""The project's texts speak for themselves, and everybody in them is invented."""

import re

import pytest

from tests.house.source import texts

PRODUCT = ("interface", "channels", "mappings", "config", "README.md", "CHANGELOG.md", "Makefile")
THIS = "tests/house/test_text.py"

# what only those who built it would understand
WORKPLACE = {
    "a path of somebody's machine": r"(?<![\w.])/(work|root)/",
    "a paper that is not part of the project": r"\b(HOUSE|DECISIONS|DOMAIN|TASTE|ANCHORS)(\.md|,? section| \d)",
    "an item of a to-do list": r"(?i)\bissues? (#|no\.|number|show\b|\d)",
}
NUMBERED_RULE = r"\b(D[1-9]\d?|P[1-9])\b"

# what could belong to a real person or institution
REAL = {
    "an e-mail address outside the domains kept for examples": (
        r"[\w.+-]+@(?!(?:[\w-]+\.)*example(?:\.(?:com|org|net))?\b|[\w.-]*\.(?:test|invalid|example)\b)[a-z][\w-]*\.[a-z]{2,}\b"
    ),
    "a telephone number outside 555": r"(?<![\d.])\(?[2-9]\d\d\)?[-. ^](?!555)[2-9]\d\d-?\d{4}(?![\d.])",
    "a social security number that can be issued": r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])",
    "an organisation's OID other than the invented 3.9999": r"2\.16\.840\.1\.113883\.3\.(?!9999\b)\d+",
}


def hits(pattern: str, *places: str) -> list[str]:
    """`path:line` of every match in the texts at `places`, without the matched text."""
    found = re.compile(pattern)
    return [
        f"{path}:{number}"
        for path, text in texts(*places)
        if path != THIS and found.search(text)  # most texts have none: only the others are looked at line by line
        for number, line in enumerate(text.splitlines(), start=1)
        if found.search(line)
    ]


@pytest.mark.parametrize("what", WORKPLACE)
def test_no_text_needs_the_workplace_to_be_understood(what: str) -> None:
    assert not (found := hits(WORKPLACE[what], *PRODUCT, "tests")), f"{what}: {found}"


def test_rules_are_stated_not_numbered() -> None:
    assert not (found := hits(NUMBERED_RULE, *PRODUCT)), f"say the rule in words: {found}"


@pytest.mark.parametrize("what", REAL)
def test_everybody_is_invented(what: str) -> None:
    assert not (found := hits(REAL[what], *PRODUCT, "tests")), f"{what}: {found}"


@pytest.mark.parametrize(
    ("what", "real", "invented"),
    [
        (0, "someone@hospital.org", "someone@example.org"),
        (1, "^PRN^CP^^1^608^2341234", "^PRN^CP^^1^608^5550101"),
        (2, "123-45-6789", "900-45-6789"),
        (3, "2.16.840.1.113883.3.42.1", "2.16.840.1.113883.3.9999.1"),
    ],
)
def test_the_patterns_tell_real_from_invented(what: int, real: str, invented: str) -> None:
    pattern = list(REAL.values())[what]
    assert re.search(pattern, real)
    assert not re.search(pattern, invented)
