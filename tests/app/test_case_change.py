"""What the cases say of a change of the files: those that fail with it, and the lines that none of them covers."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from interface.app.case_change import Tried, tried
from interface.app.case_option import OUT_OF_REACH
from interface.app.cases import edited
from interface.channel.difference import differences
from interface.channel.spec import Channel
from tests.one_channel import copy_epic

KEPT = ("epic/register", "epic/payment", "epic/filtered", "hl7v2/plain-register")
PHONE = ("phone: GT1-6", "phone: GT1-7")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shipped files of one vendor, with a few of their cases."""
    folder = copy_epic(tmp_path / "root")
    cases = folder / "mappings" / "cases"
    texts = {name: (cases / f"{name}.yaml").read_text(encoding="utf-8") for name in KEPT}
    shutil.rmtree(cases)
    for name, text in texts.items():
        (cases / name).parent.mkdir(parents=True, exist_ok=True)
        (cases / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def try_edits(root: Path, *edits: tuple[str, str, str], added: Iterable[tuple[str, str]] = ()) -> Tried:
    """Replace texts of files, add others at their end, and ask the cases."""
    before = edited(root, {})
    for file, old, new in edits:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    for file, text in added:
        with (root / file).open("a", encoding="utf-8") as end:
            end.write(text)
    after = edited(root, {})
    return tried(root, {}, before, after, differences(before, after))


def uncovered(found: Tried) -> list[str]:
    return [f"{one.subject}: {one.name}" for one in found.uncovered]


def test_a_changed_rule_that_a_case_exercises_is_covered_and_the_case_fails(root: Path) -> None:
    found = try_edits(root, ("mappings/hl7v2.yaml", "given: PID-5.2", "given: PID-5.3"))
    assert uncovered(found) == []
    assert "hl7v2/plain-register" in found.wrong


def test_a_changed_rule_that_gives_nothing_in_any_case_is_not_covered(root: Path) -> None:
    found = try_edits(root, ("mappings/hl7v2.yaml", "died_at: PID-29", "died_at: PID-33"))
    (one,) = found.uncovered
    lines = (root / "mappings" / "hl7v2.yaml").read_text(encoding="utf-8").splitlines()
    assert (one.place, one.name, one.new) == (
        f"mappings/hl7v2.yaml:{lines.index('  died_at: PID-33 | datetime') + 1}",
        "patient.died_at",
        "PID-33 | datetime",
    )
    assert found.failing == ()


def test_a_removed_rule_is_not_asked_for(root: Path) -> None:
    found = try_edits(root, ("mappings/hl7v2.yaml", "  language: ", "  # language: "))
    assert uncovered(found) == []


def test_a_row_of_a_table_is_covered_where_its_code_is_looked_up(root: Path) -> None:
    file = "mappings/tables/sex.csv"
    found = try_edits(root, (file, "\nF,", "\nF,F,\nQ,U,\nFF,"))
    assert uncovered(found) == ["table sex: FF", "table sex: Q"]


def test_a_new_mapping_is_named_by_its_rules(root: Path) -> None:
    (root / "mappings" / "cases" / "other").mkdir()
    text = (root / "mappings" / "cases" / "hl7v2" / "plain-register.yaml").read_text(encoding="utf-8")
    (root / "mappings" / "cases" / "other" / "register.yaml").write_text(text, encoding="utf-8")
    rules = "mapping: other\nextends: hl7v2\npatient:\n  family: PID-5.1\n  died_at: PID-33 | datetime\n"
    found = try_edits(root, added=[("mappings/other.yaml", rules)])
    assert [(one.place, one.name) for one in found.uncovered] == [("mappings/other.yaml:5", "patient.died_at")]


def test_an_option_is_covered_where_a_case_does_something_else_without_it(root: Path) -> None:
    found = try_edits(root, ("channels/epic.yaml", "sign_of_payment: positive", "sign_of_payment: negative"))
    assert uncovered(found) == []
    assert found.wrong == ("epic/payment",)


def test_an_option_that_no_case_shows_is_not_covered(root: Path) -> None:
    found = try_edits(root, ("channels/epic.yaml", "currency: USD", "currency: USD\nnull_is_empty: true"))
    assert uncovered(found) == ["channel epic: null_is_empty"]


def test_an_option_that_no_case_can_show_is_not_asked_for(root: Path) -> None:
    found = try_edits(root, ("channels/epic.yaml", "  mllp:\n", "  mllp:\n    max_in_flight: 3\n"))
    assert uncovered(found) == []


@pytest.mark.parametrize(("event", "is_covered"), [("ADT^A04", True), ("ADT^A30", False)])
def test_a_filter_is_covered_where_it_lets_a_message_pass_by(root: Path, event: str, *, is_covered: bool) -> None:
    filters = f"filters:\n  - {{events: [{event}], reason: of no use here}}\nmapping: epic\n"
    found = try_edits(root, ("channels/epic.yaml", "mapping: epic\n", filters))
    assert ("channel epic: filters.1.events" not in uncovered(found)) == is_covered


def test_money_comes_first(root: Path) -> None:
    found = try_edits(
        root,
        ("mappings/hl7v2.yaml", "died_at: PID-29", "died_at: PID-33"),
        ("mappings/tables/transaction_kind.csv", "CG,", "QQ,charge,\nCG,"),
    )
    assert uncovered(found) == ["table transaction_kind: QQ", "mapping hl7v2: patient.died_at"]


def test_cases_that_use_nothing_of_what_differs_are_not_played(root: Path) -> None:
    found = try_edits(root, ("channels/epic.yaml", "currency: USD", "currency: USD\nnull_is_empty: true"))
    assert (found.played, found.others) == (3, 1)


def test_a_case_that_cannot_be_read_is_told_and_the_others_are_played(root: Path) -> None:
    (root / "mappings" / "cases" / "epic" / "broken.yaml").write_text("about: nothing\n", encoding="utf-8")
    found = try_edits(root, ("mappings/hl7v2.yaml", *PHONE))
    assert found.played == len(KEPT)
    assert "mappings/cases/epic/broken.yaml" in found.wrong


def test_a_case_whose_channel_is_gone_fails(root: Path) -> None:
    case = root / "mappings" / "cases" / "epic" / "register.yaml"
    case.write_text(f"channel: elsewhere\n{case.read_text(encoding='utf-8')}", encoding="utf-8")
    found = try_edits(root, ("mappings/hl7v2.yaml", *PHONE))
    assert "epic/register" in found.wrong


def test_what_no_case_can_show_are_options_that_there_are() -> None:
    declared = json.dumps(Channel.model_json_schema())
    assert not {name for name in OUT_OF_REACH if f'"{name}"' not in declared}
