"""`hp24 audit`: lines for programs, a table for people."""

from tests.cli.conftest import Home, Hp24


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
