"""`hp24 diff`: what the edited files would make of stored traffic; values are shown when asked for, and then audited."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Home, Hp24
from tests.cli.test_proof import pay
from tests.conftest import PROJECT


@pytest.fixture
def root(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped files, of which one rule was edited: family names are read in capitals."""
    folder = tmp_path / "root"
    for name in ("channels", "mappings", "config"):
        shutil.copytree(PROJECT / name, folder / name)
    file = folder / "mappings" / "hl7v2.yaml"
    text = file.read_text(encoding="utf-8").replace("  family: PID-5.1\n", "  family: PID-5.1 | upper\n")
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("HP24_ROOT", str(folder))
    return folder


def test_unedited_files_make_nothing_otherwise(home: Home, hp24: Hp24) -> None:
    told = hp24("diff")
    assert told.code == 0
    assert told.out.endswith("nothing comes out otherwise.\n")


def test_differences_are_counted_and_show_no_value(root: Path, hp24: Hp24) -> None:
    found = hp24("diff", "--json").json
    (one,) = found["differences"]
    assert (one["what"], one["how"], one["messages"]) == ("patient.family", "changed", found["differing"])
    assert "new" not in one
    told = hp24("diff", "--channel", "epic", "--limit", "1")
    assert (told.code, told.out.startswith("1 message run by version 1")) == (0, True)


def test_values_are_audited_before_they_are_shown(root: Path, hp24: Hp24) -> None:
    (one,) = hp24("diff", "--values", "--json").json["differences"]
    assert one["new"] == one["old"].upper()
    acts = [act for act in hp24("audit", "--json").lines if act["verb"] == "diff"]
    assert [act["details"]["ids"] for act in acts] == [[one["first"]]]


def test_what_would_be_sent_otherwise_is_told_too(root: Path, home: Home, hp24: Hp24) -> None:
    pay(hp24, home)
    file = root / "mappings" / "epic-dft.yaml"
    text = file.read_text(encoding="utf-8").replace("FT1-7.3: \"'HP24'\"", "FT1-7.3: \"'OTHER'\"")
    file.write_text(text, encoding="utf-8")
    (one,) = hp24("diff", "--json").json["sent"]["differences"]
    assert (one["destination"], one["place"], one["how"], one["payments"]) == ("epic/dft", "FT1-7.3", "changed", 3)
    assert "old" not in one
    told = hp24("diff", "--values")
    assert "3 payments rendered by both: 3 would be sent otherwise." in told.out
    assert f"delivery {one['first']} FT1-7.3: HP24 -> OTHER" in told.out
    acts = [act["subject"] for act in hp24("audit", "--json").lines if act["verb"] == "diff"]
    assert f"deliveries:{one['first']}..{one['first']}" in acts
