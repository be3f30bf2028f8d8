"""`hp24 audit`: lines for programs, a table for people."""

import sqlite3
from contextlib import closing
from pathlib import Path

from interface.app.compose import open_app
from tests.cli.conftest import Home, Hp24
from tests.conftest import PROJECT


def test_what_people_did_is_read_as_lines_and_as_a_table(home: Home, hp24: Hp24) -> None:
    hp24("--as", "kim", "pause", "channel", "epic", "--reason", "the feed repeats itself")
    hp24("--as", "kim", "messages", "--patient", "700")
    (line,) = hp24("audit", "--subject", "channel:epic", "--json").lines
    assert {name: line[name] for name in ("actor", "verb", "subject", "reason")} == {
        "actor": "kim",
        "verb": "pause",
        "subject": "channel:epic",
        "reason": "the feed repeats itself",
    }
    told = hp24("audit", "--actor", "kim", "--since", "1h").out
    assert "the feed repeats itself" in told
    assert "by patient" in told


def test_the_newest_lines_are_shown_oldest_first(home: Home, hp24: Hp24) -> None:
    for message in ("1", "2", "3"):
        hp24("--as", "kim", "show", message)
    lines = hp24("audit", "--actor", "kim", "--limit", "2", "--json").lines
    assert [line["subject"] for line in lines] == ["message:2", "message:3"]


def test_a_subject_without_its_kind_is_wrong_usage(home: Home, hp24: Hp24) -> None:
    assert hp24("audit", "--subject", "17").code == 2
    assert hp24("audit", "--subject", "message:17", "--patient", "9").code == 2


def test_everything_that_was_done_to_a_patient_s_messages_is_found(home: Home, hp24: Hp24) -> None:
    messages = hp24("messages", "--json").lines
    patient = next(line["patient"] for line in messages if line["patient"])
    own = [str(line["id"]) for line in messages if line["patient"] == patient]
    other = next(str(line["id"]) for line in messages if line["patient"] != patient)
    for message in (*own, other):
        hp24("--as", "kim", "show", message)
    found = hp24("audit", "--patient", patient, "--actor", "kim", "--json").lines
    assert [line["subject"] for line in found] == [f"message:{number}" for number in own]
    assert patient not in hp24("audit").out


def test_a_trail_that_nobody_touched_is_proven(home: Home, hp24: Hp24) -> None:
    hp24("show", "1")
    told = hp24("audit", "verify", "--json").json
    assert (told["holds"], told["seals"], told["found"]) == (True, 0, [])
    assert told["not_sealed"] > 0
    with open_app(home.folder, PROJECT, home.environ) as app:
        app.store.seal_audit()
    proof = hp24("audit", "verify")
    assert (proof.code, "not sealed" in proof.out) == (0, False)


def test_a_trail_that_was_touched_is_told_row_by_row(home: Home, hp24: Hp24, tmp_path: Path) -> None:
    hp24("show", "1")
    with open_app(home.folder, PROJECT, home.environ) as app:
        app.store.seal_audit()
    assert hp24("backup", str(tmp_path / "b.hp24")).code == 0
    with closing(sqlite3.connect(home.folder / "hp24.db", isolation_level=None)) as shell:
        (last,) = shell.execute("SELECT max(id) FROM audit").fetchone()
        shell.execute("DROP TRIGGER audit_unchanged")
        shell.execute("UPDATE audit SET actor = 'nobody' WHERE id = ?", (last - 1,))
    proof = hp24("audit", "verify", "--json")
    assert (proof.code, proof.json["holds"]) == (1, False)
    assert proof.json["found"] == ["trigger audit_unchanged is gone", f"row {last - 1} was altered"]
    with closing(sqlite3.connect(home.folder / "hp24.db", isolation_level=None)) as shell:
        for statement in ("DROP TRIGGER audit_seal_kept", "DELETE FROM audit_seal", "DELETE FROM audit_chain"):
            shell.execute(statement)
    told = hp24("audit", "verify", "--backup", str(tmp_path / "b.hp24"))
    assert told.code == 1
    assert "seal 1, the newest when the backup was made, is not in the chain" in told.out


def test_verify_takes_no_filter(home: Home, hp24: Hp24) -> None:
    assert hp24("audit", "verify", "--actor", "kim").code == 2
    assert hp24("audit", "--backup", __file__).code == 2
