"""`hp24 config`: what a person sees and types to change a running engine's files, and to take it back."""

from pathlib import Path

import pytest

from interface.app.compose import open_app
from tests.cli.conftest import Home, Hp24
from tests.conftest import PROJECT
from tests.one_channel import copy_epic

FLIP = ("sign_of_payment: positive", "sign_of_payment: negative")


@pytest.fixture
def root(empty_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files to edit, of which a first version is active."""
    folder = copy_epic(tmp_path / "root")
    for case in (folder / "mappings" / "cases").rglob("*.yaml"):
        if case.name != "plain-register.yaml":
            case.unlink()
    monkeypatch.setenv("HP24_ROOT", str(folder))
    with open_app(empty_home.folder, folder) as app:
        app.publish(app.edited(), "tester")
    return folder


def edit(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_plan_without_changes_is_nothing_to_do(root: Path, hp24: Hp24) -> None:
    told = hp24("config", "plan")
    assert (told.code, told.out) == (0, "Version 1 is active, and the files say the same: nothing to do.\n")


def test_a_plan_shows_each_change_and_what_to_type(root: Path, hp24: Hp24) -> None:
    edit(root, "channels/epic.yaml", *FLIP)
    told = hp24("config", "plan")
    assert told.code == 0
    assert "money.sign_of_payment: positive ->" in told.out
    assert "keeps every connection" in told.out or "keep every connection" in told.out
    assert told.out.endswith(
        '1 change, 1 of them touches money. Now: hp24 config apply --confirm-money "why this is right"\n'
    )
    shown = hp24("config", "plan", "--json").json
    assert (shown["active"], shown["files"], shown["money"]) == (1, ["channels/epic.yaml"], 1)
    assert shown["changes"][0]["place"].startswith("channels/epic.yaml:")


def test_a_plan_of_files_that_do_not_pass_lists_their_problems(root: Path, hp24: Hp24) -> None:
    edit(root, "channels/epic.yaml", "timezone: America/Chicago", "timezone: Moon/Crater")
    told = hp24("config", "plan")
    assert told.code == 1
    assert "[wrong-value]" in told.out
    assert [one["rule"] for one in hp24("config", "plan", "--json").json["problems"]] == ["wrong-value"]


def test_a_plan_shows_cases_that_fail_and_lines_that_none_covers(root: Path, hp24: Hp24) -> None:
    edit(root, "mappings/hl7v2.yaml", "died_at: PID-29", "died_at: PID-33")
    edit(root, "mappings/hl7v2.yaml", "phone: GT1-6", "phone: GT1-7")
    told = hp24("config", "plan")
    assert "cases: 1 of 1 use something of this, 1 of them not as expected\n  mappings/cases/hl7v2/plain" in told.out
    assert "no case covers:\n  mappings/hl7v2.yaml:" in told.out
    assert ": mapping hl7v2: patient.died_at: PID-29 | datetime -> PID-33 | datetime\n" in told.out
    assert told.out.endswith('changes. Now: hp24 config apply --although-cases-fail "why it is right"\n')
    shown = hp24("config", "plan", "--json").json
    assert [one["name"] for one in shown["cases"]["failing"]] == ["hl7v2/plain-register"]
    assert "patient.died_at" in {one["name"] for one in shown["uncovered"]}


def test_a_plan_without_cases_says_so(root: Path, hp24: Hp24) -> None:
    edit(root, "mappings/hl7v2.yaml", "phone: GT1-6", "phone: GT1-7")
    told = hp24("config", "plan", "--without-cases")
    assert "cases: not played" in told.out
    assert hp24("config", "plan", "--without-cases", "--json").json["cases"] is None


def test_what_makes_cases_fail_is_applied_with_a_reason_alone(root: Path, hp24: Hp24) -> None:
    edit(root, "mappings/hl7v2.yaml", "phone: GT1-6", "phone: GT1-7")
    refused = hp24("config", "apply", "--reason", "a trial")
    assert (refused.code, refused.err.count("cases-fail")) == (1, 2)
    assert hp24("config", "apply", "--although-cases-fail", "the case is old").code == 0
    assert hp24("config", "versions", "--json").json[0]["reason"] == "the case is old"


def test_money_is_applied_with_a_reason_alone(root: Path, hp24: Hp24) -> None:
    edit(root, "channels/epic.yaml", *FLIP)
    refused = hp24("config", "apply")
    assert (refused.code, refused.err.count("money-unconfirmed")) == (1, 1)
    applied = hp24("config", "apply", "--confirm-money", "agreed on Monday", "--as", "kim")
    assert applied.code == 0
    assert "Version 2 is active; no engine runs." in applied.out
    newest, first = hp24("config", "versions", "--json").json
    assert (newest["version"], newest["active"], newest["by"], newest["reason"]) == (2, True, "kim", "agreed on Monday")
    assert (first["version"], first["active"], first["how"]) == (1, False, "run")


def test_a_start_publishes_no_change_of_money(root: Path, hp24: Hp24) -> None:
    edit(root, "channels/epic.yaml", *FLIP)
    refused = hp24("run", "--publish")
    assert (refused.code, "hp24 config apply --confirm-money" in refused.err) == (1, True)
    assert len(hp24("config", "versions", "--json").json) == 1


def test_a_rollback_makes_the_version_before_active(root: Path, hp24: Hp24) -> None:
    edit(root, "mappings/hl7v2.yaml", "died_at: PID-29", "died_at: PID-33")
    assert hp24("config", "apply", "--reason", "a trial").code == 0
    told = hp24("config", "rollback", "--reason", "no good")
    assert told.code == 0
    assert "Version 1 is active" in told.out
    assert "hp24 config plan" in told.err
    assert hp24("config", "rollback").code == 1
    assert hp24("config", "rollback", "2").code == 0
    assert hp24("config", "rollback", "77").code == 1


def test_versions_are_shown_and_compared(root: Path, hp24: Hp24) -> None:
    edit(root, "channels/epic.yaml", *FLIP)
    assert "channels/epic.yaml" in hp24("config", "show", "1").out
    shown = hp24("config", "show", "1", "channels/epic.yaml")
    assert shown.out == (PROJECT / "channels" / "epic.yaml").read_text(encoding="utf-8")
    assert hp24("config", "show", "1", "channels/epik.yaml").code == 1
    assert hp24("config", "show", "9").code == 1
    lines = hp24("config", "diff", "active").out.splitlines()
    assert "-  sign_of_payment: positive" in lines
    assert "+  sign_of_payment: negative" in lines
    assert hp24("config", "diff", "1", "active").out == "1 and active hold the same texts.\n"
    assert hp24("config", "diff", "first").code == 2


def test_an_environment_is_chosen_by_option_and_shown(root: Path, hp24: Hp24) -> None:
    told = hp24("config", "plan", "--environment", "test")
    assert told.code == 0
    assert "environment test, not production; it gives EPIC_DFT_HOST, EPIC_MLLP_PORT" in told.out
    assert hp24("check", "--environment", "tset").code == 1
    assert hp24("--environment", "test", "config", "apply", "--confirm-money", "a trial engine").code == 0
    assert hp24("config", "versions", "--json").json[0]["environment"] == "test"


def test_a_long_plan_shows_money_first(root: Path, hp24: Hp24) -> None:
    file = root / "mappings" / "tables" / "sex.csv"
    codes = "".join(f"Q{number},U,\n" for number in range(150))
    file.write_text(file.read_text(encoding="utf-8") + codes, encoding="utf-8")
    edit(root, "channels/epic.yaml", *FLIP)
    told = hp24("config", "plan")
    assert "money.sign_of_payment" in told.out.splitlines()[2]
    assert "and 51 more: --json lists all" in told.out
    assert len(hp24("config", "plan", "--json").json["changes"]) == 151
