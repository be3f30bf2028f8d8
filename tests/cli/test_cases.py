"""`hp24 test`: cases beside the mappings, played with the files as they are edited."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Home, Hp24
from tests.one_channel import copy_epic

CASE = "mappings/cases/epic/payment.yaml"
PHONE = "phone: PID-13[.3 != 'Internet' and .2 != 'NET'] | phone"


@pytest.fixture
def root(tmp_path: Path, no_home: Home) -> Path:
    """The shipped files, to be edited; no engine's home."""
    copy_epic(tmp_path / "root")
    return tmp_path / "root"


def edit(root: Path, file: str, before: str, after: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert before in text
    (root / file).write_text(text.replace(before, after), encoding="utf-8")


def test_shipped_cases_hold_without_an_engine(root: Path, hp24: Hp24) -> None:
    done = hp24("test", "epic/payment", "--root", str(root))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1 case, 4 steps: all as expected (")


def test_a_wrong_edit_is_found_by_path_and_line(root: Path, hp24: Hp24) -> None:
    edit(root, "mappings/hl7v2.yaml", PHONE, PHONE.replace("!= 'NET'", "= 'NET'"))
    done = hp24("test", "hl7v2/plain-register", "--root", str(root))
    assert done.code == 1
    assert (
        "mappings/cases/hl7v2/plain-register.yaml:29: step 1: patients[440201].phone: expected 802 555 0143, got nothing"
        in done.out
    )


def test_json_tells_the_same(root: Path, hp24: Hp24) -> None:
    edit(root, CASE, "family: ADEYEMI", "family: OTHER")
    found = hp24("test", "epic/payment", "epic/void", "--json", "--root", str(root))
    (wrong,) = [one for one in found.json["cases"] if not one["holds"]]
    differences = [{**one, "line": 0} for one in wrong["differences"]]
    assert wrong["name"] == "epic/payment"
    assert [(one["path"], one["expected"], one["got"]) for one in differences[:1]] == [
        ("patients[7000108].family", "OTHER", "ADEYEMI")
    ]


def test_write_makes_the_case_hold_and_shows_what_changes(root: Path, hp24: Hp24) -> None:
    before = (root / CASE).read_text(encoding="utf-8")
    edit(root, CASE, "given: TUNDE", "given: OTHER")
    done = hp24("test", "epic/payment", "--write", "--root", str(root))
    assert done.code == 0
    assert "-          given: OTHER\n+          given: TUNDE" in done.out
    assert "1 file written" in done.out
    assert (root / CASE).read_text(encoding="utf-8") == before


def test_rules_that_no_case_exercises_are_listed_where_they_stand(root: Path, hp24: Hp24) -> None:
    shutil.rmtree(root / "mappings" / "cases" / "hl7v2")
    for path in sorted((root / "mappings" / "cases" / "epic").glob("*.yaml"))[4:]:
        path.unlink()
    listed = hp24("test", "--json", "--root", str(root)).json["rules_not_exercised"]
    lines = (root / "mappings" / "hl7v2.yaml").read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if line.startswith("  language:"))
    (rule,) = [one for one in listed if one["rule"] == "patient.language"]
    assert (rule["file"], rule["line"]) == ("mappings/hl7v2.yaml", at)
    assert "rules no case exercises:\n  mappings/" in hp24("test", "--root", str(root)).out


def test_a_rule_that_only_traffic_exercises_is_told_apart(root: Path, home: Home, hp24: Hp24) -> None:
    shutil.rmtree(root / "mappings" / "cases" / "hl7v2")
    done = hp24("test", "--stored", "--json", "--root", str(root))
    stored = {one["rule"]: one["stored"] for one in done.json["rules_not_exercised"]}
    assert stored["patient.language"] is True
    assert stored["guarantors.organisation"] is False


def test_a_case_that_nobody_knows(root: Path, hp24: Hp24) -> None:
    done = hp24("test", "epic/paymnt", "--root", str(root))
    assert done.code == 1
    assert done.err.startswith("epic/paymnt: there is no such case; did you mean `epic/payment`")


def test_a_broken_case_file_is_told_by_line(root: Path, hp24: Hp24) -> None:
    edit(
        root,
        CASE,
        "    expect:\n      state: processed\n      answer: CA\n      transactions",
        "    expct:\n      transactions",
    )
    done = hp24("test", "epic/payment", "--root", str(root))
    assert done.code == 1
    assert "`expct` is no option here; did you mean `expect`?" in done.out


def save(hp24: Hp24, root: Path, *ids: int, options: tuple[str, ...] = ()) -> str:
    """The text of the case that was made of these messages."""
    asked = [word for number in ids for word in ("--save", str(number))]
    done = hp24("test", *asked, *options, "--root", str(root), "--json")
    assert done.code == 0, done.out + done.err
    return (root / done.json["file"]).read_text(encoding="utf-8")


def payments(hp24: Hp24) -> list[dict[str, str]]:
    return [one for one in hp24("messages", "--json").lines if one["type"] == "DFT^P03"]


def test_a_saved_case_holds_and_names_nobody(root: Path, home: Home, hp24: Hp24) -> None:
    charge = payments(hp24)[0]
    text = save(hp24, root, int(charge["id"]), options=("--with-earlier", "--name", "epic/charge"))
    assert charge["patient"] not in text
    assert charge["account"] not in text
    assert hp24("test", "epic/charge", "--root", str(root)).code == 0
    assert "journal:" in text


def test_what_was_saved_is_audited(root: Path, home: Home, hp24: Hp24) -> None:
    save(hp24, root, 3, options=("--as", "analyst"))
    lines = hp24("audit", "--subject", "message:3", "--json").lines
    assert [one["verb"] for one in lines if one["actor"] == "analyst"] == ["save-case"]


def test_a_case_is_not_written_over_another(root: Path, home: Home, hp24: Hp24) -> None:
    done = hp24("test", "--save", "3", "--name", "epic/payment", "--root", str(root))
    assert done.code == 1
    assert "there is such a case already" in done.err


def test_a_name_that_leads_elsewhere_is_refused(root: Path, home: Home, hp24: Hp24) -> None:
    done = hp24("test", "--save", "3", "--name", "../../etc/x", "--root", str(root))
    assert done.code == 1
    assert "[case-name]" in done.err
