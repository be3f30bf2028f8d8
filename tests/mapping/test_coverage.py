"""Which rules gave something: noted where they stand, inherited ones too; values are those of the plain compiler."""

from textwrap import dedent

from interface.document import read_document
from interface.hl7.delimiters import STANDARD
from interface.hl7.parser import parse
from interface.mapping.compiler import compile_mapping
from interface.mapping.coverage import Exercised, rules_of
from interface.mapping.node import Block
from interface.mapping.problem import Findings
from interface.mapping.scope import Scope
from interface.mapping.table import read_table
from tests.mapping.sample import A04, ARRIVED, HEAD, NORTH, read, shipped, wire

BASE = HEAD.replace("mapping: site", "mapping: base") + dedent(
    """\
    identifiers:
      patient: PID-3[.5 = 'MR']
      visit: PV1-19
    patient:
      family: PID-5.1
      city: PID-11.3
      language: PID-15.1
    encounter:
      when: PV1-2 != 'N'
      class: PV1-2 if PV1-2 = 'X'
    """
)
SITE = "mapping: site\nextends: base\npatient:\n  family: PID-5.1 | upper\n"


def blocks() -> dict[str, Block | None]:
    texts = {"base": BASE, "site": SITE}
    return {name: read_document(f"mappings/{name}.yaml", text, Findings()) for name, text in texts.items()}


def exercised(message: str) -> set[str]:
    """The rules that a message exercises, as file:line."""
    noted, findings = Exercised(), Findings()
    mapping = compile_mapping("site", blocks(), {}, findings, noted.compiler)
    assert mapping is not None, findings.problems
    mapping.read(parse(wire(message.replace("^A04^ADT_A01", "^A08"))), NORTH, ARRIVED)
    return {f"{mark.file}:{mark.line}" for mark in noted.marks}


def test_a_rule_that_gave_a_value_is_exercised_where_it_stands() -> None:
    found = exercised(A04)
    assert "mappings/site.yaml:4" in found  # family, replaced
    assert "mappings/base.yaml:11" in found  # city, inherited


def test_a_rule_that_gave_nothing_is_not() -> None:
    assert not {"mappings/base.yaml:12", "mappings/base.yaml:15"} & exercised(A04)


def test_a_condition_that_decided_is_exercised() -> None:
    assert "mappings/base.yaml:14" in exercised(A04)
    assert "mappings/base.yaml:14" in exercised(A04.replace("PV1|1|O", "PV1|1|N"))


def test_every_rule_is_listed_once_where_it_stands() -> None:
    names = {(f"{rule.mark.file}:{rule.mark.line}", rule.name) for rule in rules_of(blocks())}
    assert ("mappings/site.yaml:4", "patient.family") in names
    assert ("mappings/base.yaml:10", "patient.family") in names  # the mapping `base` itself runs it
    assert ("mappings/base.yaml:3", "events.ADT^A08") in names
    assert not [name for _place, name in names if name in ("mapping", "extends")]


def test_values_are_those_of_production() -> None:
    noted = Exercised()
    files = {
        path.removeprefix("mappings/").removesuffix(".yaml"): read_document(path, text, Findings())
        for path, text in shipped().files.items()
        if path.startswith("mappings/") and path.endswith(".yaml")
    }
    mapping = compile_mapping("epic", files, shipped().tables, Findings(), noted.compiler)
    assert mapping is not None
    assert read(A04, mapping=mapping) == read(A04)


def test_a_row_is_exercised_by_its_code_and_the_last_one_by_codes_that_are_not_listed() -> None:
    noted, text = Exercised(), "in,out,note\nA,1,\nB,2,\n*,<keep>,\n"
    table = noted.table(read_table("t", "mappings/tables/t.csv", text, Findings()))
    scope = Scope({}, STANDARD, "", NORTH, {})
    assert table.look_up("B", scope, "PID-8") == "2"
    assert {mark.line for mark in noted.marks} == {3}
    assert table.look_up("C", scope, "PID-8") == "C"
    assert {mark.line for mark in noted.marks} == {3, 4}
