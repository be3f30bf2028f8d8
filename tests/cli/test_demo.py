"""`hp24 demo` in a home of one's own: it is kept and can be looked at, and nothing else is touched."""

from pathlib import Path

import pytest

from tests.cli.conftest import Hp24
from tests.conftest import PROJECT


def test_a_home_that_is_given_is_used_and_kept(hp24: Hp24, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "kept"
    monkeypatch.setenv("HP24_DATABASE_URL", f"sqlite:///{tmp_path / 'somebodys.db'}")
    told = hp24("demo", "--home", str(home), "--patients", "3", "--payments", "1", "--json")
    assert told.code == 0, told.err
    assert str(home) in told.err
    assert not (tmp_path / "somebodys.db").exists()
    monkeypatch.delenv("HP24_DATABASE_URL")
    monkeypatch.setenv("HP24_KEY_FILE", str(home / "demo.key"))
    channels = hp24("status", "--home", str(home), "--root", str(PROJECT), "--json").json["channels"]
    assert sum(channels[name]["received"] for name in ("epic", "fhir")) == told.json["received"]


@pytest.mark.proof
@pytest.mark.parametrize("vendor", ["cerner", "athena", "all"])
def test_every_number_agrees_for_every_vendor(hp24: Hp24, tmp_path: Path, vendor: str) -> None:
    told = hp24("demo", "--vendor", vendor, "--home", str(tmp_path / "home"), "--json")
    assert told.code == 0, told.err
    assert told.json["posted"] == told.json["payments"] == 25


def test_a_home_with_something_in_it_is_refused(hp24: Hp24, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    told = hp24("demo", "--home", str(tmp_path))
    assert (told.code, told.err.rstrip().endswith("[folder-taken]")) == (1, True)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
