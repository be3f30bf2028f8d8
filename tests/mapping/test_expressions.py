"""What expressions mean, one by one, on a small message."""

import pytest

from interface.mapping.grammar import SyntaxFault, parse_value
from tests.mapping.sample import NORTH, listing, read, site

MESSAGE = r"""
MSH|^~\&|APP|SENDER|||20250304091500-0600||ADT^A08|1|P|2.5.1
PID|1||77^^^NORTH^MR~88^^^SOUTH^PI||DOE&VAN^JANE^^JR||19800212|F|||1 ELM^^X~2 OAK^^Y||^PRN^PH^^1^608^5550101~^NET^Internet^jane@example.org|5550102
PV1|1|O|||||||||||||||||VN1
GT1|1|G1||||||||||SEL
GT1|2|G2||||||||||SPO
"""  # noqa: E501 - a segment is a line


def given(expression: str, target: str = "family") -> object:
    """What a rule with this expression says of a patient's field."""
    tables = {"colours": listing(F="red")}
    quoted = expression.replace('"', '\\"')
    mapping = site(f'identifiers: {{patient: "PID-3[1]"}}\npatient:\n  {target}: "{quoted}"\n', tables)
    said = read(MESSAGE, NORTH, mapping).patient
    assert said is not None
    return next((values[target] for values in said.groups.values() if target in values), "unsaid")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("PID-5.1", "DOE"),
        ("PID-5.1.2", "VAN"),
        ("PID-5", "DOE"),
        ("PID-5.3", "unsaid"),
        ("PID-5.9", "unsaid"),
        ("PID-39", "unsaid"),
        ("ZZZ-3.1", "unsaid"),
        ("PID-11[2].1", "2 OAK"),
        ("PID-11[3].1", "unsaid"),
        ("PID-11[.3 = 'Y'].1", "2 OAK"),
        ("PID-11[.3 = 'Q'].1", "unsaid"),
        ("PID-11[only].1", "unsaid"),
        ("PID-5[only].2", "JANE"),
        ("PID-3[.5 = 'PI' and .4 = 'SOUTH'].1", "88"),
        ("PID-3[not .5 = 'MR'].1", "88"),
        ("PID-3[.5 in ('PI', 'XX')].1", "88"),
        ("GT1-2", "G1"),
        ("GT1[2]-2", "G2"),
        ("GT1[3]-2", "unsaid"),
        ("PID-5.3 ?? PID-5.4 ?? 'none'", "JR"),
        ("PID-5.3 ?? 'none'", "none"),
        ("'it''s'", "it's"),
        ("12", "12"),
        ("PID-5.1 | lower", "doe"),
        ("PID-5.1 | lower | left(2) | upper", "DO"),
        ("PID-14 | digits", "5550102"),
        ("PID-5.3 ?? PID-5.2 | lower", "jane"),
        ("(PID-5.3 ?? PID-5.2) | lower", "jane"),
        ("PID-13 | phone", "1-608-5550101"),
        ("PID-14 | phone", "5550102"),
        ("PID-13[.2 = 'NET'] | email", "jane@example.org"),
        ("PID-8 | table(colours)", "red"),
        ("PID-5.1 if PID-8 = 'F'", "DOE"),
        ("PID-5.1 if PID-8 != 'F'", "unsaid"),
        ("PID-5.1 if PID-8 = 'M' or PV1-2 = 'O' and event = 'A08'", "DOE"),
        ("PID-5.1 if not (PID-8 = 'F')", "unsaid"),
        ("PID-5.1 if PID-5.3", "unsaid"),
        ("PID-5.1 if PID-5.3 = ''", "DOE"),
        ("PID-5.1 if PID-8 not in ('M', 'U')", "DOE"),
        ("(PID-5.1 if PID-8 = 'M') ?? PID-5.2", "JANE"),
        ("event", "A08"),
        ("message_type", "ADT"),
        ("meaning", "update"),
        ("facility", "NORTH"),
        ("sending_facility", "SENDER"),
        ("sending_application", "APP"),
        ("version", "2.5.1"),
        ("receiving", "unsaid"),
    ][:-1],
)
def test_an_expression_gives(expression: str, value: object) -> None:
    assert given(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"), [("PID-8 = 'F'", True), ("PID-8 = 'M'", False), ("PID-8 in ('F', 'M')", True)]
)
def test_a_condition_fills_a_yes_or_no(expression: str, value: object) -> None:
    assert given(expression, "deceased") is value


@pytest.mark.parametrize(
    ("written", "value"), [("Y", True), ("N", False), ("0", False), ("true", True), ("?", "unsaid")]
)
def test_flags_are_read_in_their_usual_spellings(written: str, value: object) -> None:
    assert given(f"'{written}' | flag", "deceased") == value


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("PID.5.1", "write a path as PID-5.1"),
        ("PID-5-1", "write a path as PID-5.1"),
        ("PID 5.1", "write a path as PID-5.1"),
        ("pid-5.1", "write a path as PID-5.1"),
        ("PID5", "write a path as PID-5"),
        ("AN", "quotes inside quotes"),
        ("PID-3[.5 = MR]", "'MR'"),
        ("PID-3[.5 == 'MR']", "comparisons are ="),
        ("'MR", "two single quotes"),
        ("PID-7 date", "behind a bar"),
        ("PID-7 |", "as in"),
        ("", "as in"),
    ],
)
def test_an_expression_that_cannot_be_read_says_what_to_write(written: str, advice: str) -> None:
    with pytest.raises(SyntaxFault) as fault:
        parse_value(written)
    assert advice in fault.value.advice
    assert 0 <= fault.value.at <= len(written)
