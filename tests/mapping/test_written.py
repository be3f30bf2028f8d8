"""Expressions written again are the expressions that were read."""

import pytest

from interface.hl7.parser import parse
from interface.mapping.grammar import parse_condition, parse_value
from interface.mapping.written import written
from tests.mapping.explained import telling
from tests.mapping.sample import A04, ARRIVED, NORTH, wire


@pytest.mark.parametrize(
    "text",
    [
        "PID-5.1",
        "GT1[2]-3.1.2",
        "PID-3[2].1",
        "PID-3[only]",
        "PID-3[.5 = 'MR' and (.4 = facility or .4.2 != '1.2')].1",
        "PID-18 ?? PV1-50 | typed('AN')",
        "(PID-2 ?? PID-4) | trim | left(10)",
        "'O''Brien' if not PID-8 in ('F', 'M')",
        "12 if PV1-2 not in ('N', PV1-4) and not (PID-8 = 'F' or PID-8)",
        "(PID-2 if PID-8) ?? 'x'",
    ],
)
def test_a_value_is_written_as_it_was_read(text: str) -> None:
    assert written(parse_value(text)) == text


def test_a_condition_is_written_as_it_was_read() -> None:
    text = "PV1-2 != 'N' or (PID-8 = 'F' or PID-8 = 'M') and PID-7 | date"
    tree = parse_condition(text)
    assert written(parse_condition(written(tree))) == written(tree)


def test_every_shipped_rule_is_written_as_it_stands() -> None:
    texts = [one.rule for one in telling().explain(parse(wire(A04)), NORTH, ARRIVED).rules]
    assert len(texts) > 50
    assert [written(parse_value(text)) for text in texts] == texts
