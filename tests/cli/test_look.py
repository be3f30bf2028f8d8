"""The verbs that look, on a morning's messages: what programs read, what people see, and that the look is audited."""

from collections import Counter

import pytest

from interface.app.compose import open_app
from interface.message import MessageState
from tests.cli.conftest import CHANNEL, Home, Hp24, feed
from tests.conftest import PROJECT

PROMISED = {
    "id",
    "channel",
    "control_id",
    "type",
    "state",
    "reason",
    "received_at",
    "patient",
    "account",
    "visit",
}


def trail(home: Home, subject: str) -> list[str]:
    with open_app(home.folder, PROJECT, home.environ) as app, app.store.snapshot() as reader:
        return [f"{one.actor}: {one.verb}" for one in reader.audited_on([subject])]


def test_messages_as_json_gives_every_message_in_order_of_arrival(home: Home, hp24: Hp24) -> None:
    told = hp24("messages", "--json")
    assert told.code == 0
    assert all(line.keys() >= PROMISED for line in told.lines)
    ids = [line["id"] for line in told.lines]
    assert ids == sorted(ids)
    status = hp24("status", "--json").json
    assert len(ids) == status["channels"][CHANNEL]["received"] > 50


def test_status_counts_every_state_and_adds_up(home: Home, hp24: Hp24) -> None:
    channel = hp24("status", "--json").json["channels"][CHANNEL]
    states = {state.value: channel[state.value] for state in MessageState}
    assert channel["received"] == channel["duplicates"] + sum(states.values())
    found = Counter(line["state"] for line in hp24("messages", "--json").lines)
    assert {name: number for name, number in states.items() if number} == found


@pytest.mark.parametrize(
    ("option", "key"),
    [("--patient", "patient"), ("--account", "account"), ("--visit", "visit"), ("--control-id", "control_id")],
)
def test_messages_are_found_by_the_numbers_that_people_know(home: Home, hp24: Hp24, option: str, key: str) -> None:
    everything = hp24("messages", "--json").lines
    wanted = next(line[key] for line in everything if line[key])
    found = hp24("messages", "--json", option, wanted).lines
    assert {line["id"] for line in found} == {line["id"] for line in everything if line[key] == wanted}


def test_filters_add_up_and_types_may_be_named_without_their_event(home: Home, hp24: Hp24) -> None:
    found = hp24("messages", "--json", "--type", "ADT", "--state", "processed", "--channel", CHANNEL).lines
    assert found
    assert {(line["type"][:4], line["state"]) for line in found} == {("ADT^", "processed")}
    assert hp24("messages", "--json", "--since", "1h").lines
    assert hp24("messages", "--json", "--until", "1h").lines == []


def test_names_are_shown_only_when_asked_for(home: Home, hp24: Hp24) -> None:
    plain, named = hp24("messages", "--json"), hp24("messages", "--json", "--names")
    assert "family" not in plain.lines[0]
    family = next(line["family"] for line in named.lines if line["family"])
    assert family not in plain.out
    assert family not in hp24("messages").out


def test_a_list_for_people_fits_and_shows_the_newest_last(home: Home, hp24: Hp24) -> None:
    told = hp24("messages", "--limit", "7")
    lines = told.out.splitlines()
    assert len(lines) == 8
    assert max(map(len, lines)) <= 100
    last = hp24("messages", "--json").lines[-1]
    assert lines[-1].split()[0] == str(last["id"])


def test_a_message_is_shown_as_a_tree_with_its_run_and_the_look_is_audited(home: Home, hp24: Hp24) -> None:
    row = hp24("messages", "--json", "--type", "ADT^A04").lines[0]
    told = hp24("--as", "nora", "show", str(row["id"]))
    assert told.code == 0
    for part in (row["control_id"], "Patient Identification", "Family Name", "the ledger changed", "answered"):
        assert part in told.out
    assert trail(home, f"message:{row['id']}")[-1] == "nora: look"


def test_raw_gives_the_stored_bytes(home: Home, hp24: Hp24) -> None:
    told = hp24("show", "1", "--raw")
    with open_app(home.folder, PROJECT, home.environ) as app, app.store.snapshot() as reader:
        assert told.out.encode() == reader.body(1)


def test_a_message_as_json_holds_its_runs_and_its_body(home: Home, hp24: Hp24) -> None:
    found = hp24("show", "1", "--json").json
    assert found["body"].startswith("MSH|")
    assert found["runs"][0]["trigger"] == "received"
    assert found["arrivals"][0]["peer"] == "10.0.0.9:4000"


def test_what_show_cannot_read_is_wrong_usage(home: Home, hp24: Hp24) -> None:
    assert hp24("show", "what").code == 2


def test_an_account_is_listed_shown_and_traced(home: Home, hp24: Hp24) -> None:
    lines = hp24("accounts", "--json").lines
    line = next(line for line in lines if line["charges_minor"])
    shown = hp24("show", line["id"])
    assert line["numbers"][0] in shown.out
    assert "charge" in shown.out
    traced = hp24("trace", line["numbers"][0], "--json").json
    assert traced["subject"] == f"account:{line['id']}"
    steps = [mark["step"] for mark in traced["marks"]]
    assert {"message", "ledger"} <= set(steps)
    table = hp24("trace", line["id"]).out
    assert max(map(len, table.splitlines())) <= 100


def test_an_empty_store_says_so(empty_home: Home, hp24: Hp24) -> None:
    assert "No message has arrived yet" in hp24("status").out
    assert "No message fits" in hp24("messages").out
    assert "Nothing waits" in hp24("worklist").out
    assert "no accounts yet" in hp24("accounts").out
    assert hp24("messages", "--json").out == ""
    assert hp24("status", "--json").json["channels"] == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--since", "99999999999d"),
        ("--state", "lost"),
        ("--limit", "0"),
        ("--born", "5/19/1984"),
        ("--type", "adt a08"),
    ],
)
def test_values_that_cannot_be_meant_are_wrong_usage(home: Home, hp24: Hp24, arguments: tuple[str, str]) -> None:
    assert hp24("messages", *arguments).code == 2


BATCH = (
    "BHS|^~\\&|EPICDFT|NORTH|HP24ENG|HP24|20260304091500||||{control_id}\r"
    "MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20260304091500||ADT^A08^ADT_A01|{control_id}M|P|2.5.1\r"
    "PID|1||880011^^^NORTH^MR||BATCHER^NORA||||||||||||||990011^^^NORTH^AN\rPV1|1|O\r"
    "BTS|{count}\r"
)


def test_a_batch_is_shown_with_its_messages_and_they_with_it(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, BATCH.format(control_id="B77", count=1).encode())
    (batch,) = hp24("messages", "--control-id", "B77", "--json").lines
    told = hp24("show", str(batch["id"]), "--json").json
    (member,) = told["messages"]
    shown = hp24("show", str(batch["id"]))
    assert f"1: {member}" in shown.out
    assert "message 1  ADT^A08  B77M" in shown.out
    assert f"message 1 of batch {batch['id']}" in hp24("show", str(member)).out


def test_a_look_at_a_batch_is_found_by_the_patients_in_it(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, BATCH.format(control_id="B78", count=1).encode())
    (batch,) = hp24("messages", "--control-id", "B78", "--json").lines
    hp24("show", str(batch["id"]), "--as", "lee")
    assert f"message:{batch['id']}" in hp24("audit", "--patient", "880011", "--actor", "lee", "--json").out


def test_a_held_batch_says_what_differs(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, BATCH.format(control_id="B79", count=3).encode())
    (batch,) = hp24("messages", "--control-id", "B79", "--json").lines
    (ran,) = hp24("show", str(batch["id"]), "--json").json["runs"]
    assert (ran["reason"], ran["place"], ran["text"]) == (
        "batch-count-differs",
        "BTS-1",
        "it says 3 messages, and there are 1",
    )
