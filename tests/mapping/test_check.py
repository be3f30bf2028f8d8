"""Mapping files that are wrong: every problem at once, each with its line and what would be right."""

from textwrap import dedent

import pytest

from interface.mapping.problem import Findings, Problem
from interface.mapping.table import CodeTable, Miss, read_table
from tests.mapping.sample import HEAD, compiled

TABLES = {
    "sex": CodeTable("sex"),
    "transaction_kind": CodeTable("transaction_kind", rows={"CG": "charge"}, miss=Miss.REFUSE),
}


def problems(rules: str) -> list[Problem]:
    """What is wrong with these rules; lines are counted from the first of them."""
    mapping, found = compiled(HEAD + dedent(rules).strip("\n") + "\n", TABLES)
    assert mapping is None
    return [Problem(p.file, p.line - HEAD.count("\n"), p.column, p.rule, p.text, p.advice) for p in sorted(found)]


@pytest.mark.parametrize(
    ("rules", "line", "column", "rule", "advice"),
    [
        ("patient:\n  famly: PID-5.1", 2, 3, "unknown-target", "did you mean `family`?"),
        ("pateint:\n  family: PID-5.1", 1, 1, "unknown-target", "did you mean `patient`?"),
        ("family: PID-5.1", 1, 1, "unknown-target", "belongs to `patient`"),
        ("patient:\n  family: PID-99", 2, 11, "impossible-path", "PID-1 to PID-40"),
        ("patient:\n  family: PID-0", 2, 11, "impossible-path", "from 1"),
        ("patient:\n  family: PDI-5.1", 2, 11, "unknown-segment", "did you mean `PID-5.1`?"),
        ("patient:\n  family: QQQ-5.1", 2, 11, "unknown-segment", "begin with Z"),
        ("patient:\n  other_ids: PDI-3[.5 != 'MR']", 2, 14, "unknown-segment", "did you mean"),
        ("patient:\n  other_ids: PID-99", 2, 14, "impossible-path", "PID-1 to PID-40"),
        ("guarantors:\n  each: GTI\n  id: GT1-2", 2, 9, "unknown-segment", "did you mean `GT1`?"),
        ("patient:\n  family: PID-5.0", 2, 11, "impossible-path", "from 1"),
        ("patient:\n  family: PID.5.1", 2, 11, "malformed-expression", "PID-5.1"),
        ("patient:\n  sex: PID-8 | tabel(sex)", 2, 16, "unknown-function", "did you mean `table`?"),
        ("patient:\n  sex: PID-8 | table(sexx)", 2, 16, "missing-table", "did you mean `sex`?"),
        ("patient:\n  sex: PID-8 | table", 2, 16, "wrong-arguments", "table(name)"),
        ("patient:\n  sex: PID-8 | left('x')", 2, 16, "wrong-arguments", "left(10)"),
        ("patient:\n  birth_date: PID-7", 2, 15, "type-mismatch", "add `| date`"),
        ("patient:\n  family: PID-7 | date", 2, 19, "type-mismatch", "leave out the last function"),
        ("patient:\n  deceased: PID-30", 2, 13, "type-mismatch", "add `| flag`"),
        ("patient:\n  phone: PID-13.1 | phone", 2, 10, "type-mismatch", "whole field"),
        ("identifiers:\n  account: PID-18.1", 2, 12, "type-mismatch", "whole field"),
        ("identifiers:\n  account: \"'A'\"", 2, 13, "type-mismatch", "PID-18"),
        ("patient:\n  family: evnt", 2, 11, "unknown-name", "did you mean `event`?"),
        ("patient:\n  family:", 2, 10, "empty-value", "remove the line"),
        ("patient:\n  family: [PID-5.1]", 2, 11, "not-an-expression", "one line"),
        ("patient: PID-5.1", 1, 10, "section-expected", "indent"),
        ("guarantors:\n  id: GT1-2", 2, 3, "each-missing", "each: GT1"),
        ("guarantors:\n  each: gt1\n  id: GT1-2", 2, 9, "each-missing", "each: GT1"),
        ("transactions:\n  each: FT1\n  amount: FT1-11 | money", 2, 3, "rule-missing", "kind"),
        (
            "transactions:\n  each: FT1\n  amount: FT1-11 | money\n  kind: \"'chrge'\"",
            4,
            10,
            "value-not-allowed",
            "did you mean `charge`?",
        ),
        ("encounter:\n  when: PV1-2 <> 'N'\n  class: PV1-2", 2, 15, "malformed-expression", "= and !="),
        ("encounter:\n  state: PV1-2", 2, 3, "unknown-target", ""),
        ("identifiers:\n  authorities: nowhere", 2, 16, "missing-table", "known here"),
    ],
)
def test_a_wrong_rule_is_found_with_its_place(rules: str, line: int, column: int, rule: str, advice: str) -> None:
    (found,) = problems(rules)
    assert (found.line, found.column, found.rule) == (line, column, rule)
    assert advice in found.advice


def test_the_outputs_of_a_table_fit_the_closed_set_that_they_fill() -> None:
    tables = {"kinds": CodeTable("kinds", rows={"CG": "charge", "PY": "payed"}, miss=Miss.REFUSE)}
    rules = "transactions:\n  each: FT1\n  kind: FT1-6 | table(kinds)\n  amount: FT1-11 | money\n"
    _, found = compiled(HEAD + rules, tables)
    assert [(p.rule, p.advice) for p in found] == [("value-not-allowed", "did you mean `payment`?")]


def test_everything_wrong_is_found_at_once() -> None:
    found = problems(
        """
        patient:
          famly: PID-5.1
          birth_date: PID-7
          sex: PID-99
        acount:
          status: PV1-41
        """
    )
    assert [(p.line, p.rule) for p in found] == [
        (2, "unknown-target"),
        (3, "type-mismatch"),
        (4, "impossible-path"),
        (5, "unknown-target"),
    ]


@pytest.mark.parametrize(
    ("events", "rule", "advice"),
    [
        ("ADT^A08: updat", "unknown-meaning", "did you mean `update`?"),
        ("ADT^A08: ignore", "unknown-meaning", "{ignore: why}"),
        ("ADT^A08: payment", "unknown-meaning", ""),
        ("ADT-A08: update", "malformed-event", "ADT^A08"),
        ("A08: update", "malformed-event", "ADT^A08"),
        ("ADT^A08: {ignore: ''}", "reason-missing", "why"),
        ("ADT^A08: {skip: reason}", "unknown-target", "ignore"),
    ],
)
def test_a_wrong_event_is_found(events: str, rule: str, advice: str) -> None:
    mapping, found = compiled(f"mapping: site\nevents:\n  {events}\n")
    assert mapping is None
    assert rule in {p.rule for p in found}
    assert any(advice in p.advice for p in found if p.rule == rule)


def test_a_mapping_without_events_says_so() -> None:
    _, found = compiled("mapping: site\npatient:\n  family: PID-5.1\n")
    assert [p.rule for p in found] == ["events-missing"]


def test_a_file_holds_only_what_differs_from_the_one_that_it_extends() -> None:
    base = HEAD.replace("site", "base") + "patient:\n  family: PID-5.1\n  given: PID-5.2\n"
    mapping, found = compiled("mapping: site\nextends: base\npatient:\n  given: nothing\n  sex: PID-8\n", base=base)
    assert not found and mapping is not None
    assert [name for _, rules in mapping.rules.patient.groups for name, _ in rules] == ["family", "sex"]


def test_a_problem_in_an_inherited_rule_names_the_file_that_it_stands_in() -> None:
    base = HEAD.replace("site", "base") + "patient:\n  family: PID-99\n"
    _, found = compiled("mapping: site\nextends: base\n", base=base)
    assert {p.file for p in found} == {"mappings/base.yaml"}


@pytest.mark.parametrize(
    ("extends", "rule"), [("hl7v3", "missing-mapping"), ("site", "circular-extends"), ("base", "circular-extends")]
)
def test_extends_leads_somewhere_and_not_in_a_circle(extends: str, rule: str) -> None:
    _, found = compiled(f"mapping: site\nextends: {extends}\n", base="mapping: base\nextends: site\n")
    assert [p.rule for p in found] == [rule]


@pytest.mark.parametrize(
    ("text", "line", "rule", "advice"),
    [
        ("in,out,note\nA,B,\n", 1, "table-miss", "*,<keep>"),
        ("in;out;note\nA;B;\n", 1, "table-headings", "commas"),
        ("A,B,\n", 1, "table-headings", "in,out,note"),
        ("", 1, "table-headings", "in,out,note"),
        ("in,out,note\nA,B,\nA,C,\n*,<keep>,\n", 3, "duplicate-code", "one of them"),
    ],
)
def test_a_wrong_code_table_is_found(text: str, line: int, rule: str, advice: str) -> None:
    findings = Findings()
    read_table("codes", "mappings/tables/codes.csv", text, findings)
    (found,) = findings.problems
    assert (found.line, found.rule) == (line, rule)
    assert advice in found.advice


def test_a_table_saved_by_a_spreadsheet_is_read() -> None:
    findings = Findings()
    found = read_table("codes", "codes.csv", '\ufeffin,out,note\r\n"A, B",C,\r\n,,\r\n*,<refuse>,\r\n', findings)
    assert not findings.problems
    assert (found.rows, found.miss) == ({"A, B": "C"}, Miss.REFUSE)
