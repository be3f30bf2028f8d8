"""The verbs that act: what they do is done, told in one line, and refused in one line."""

import pytest

from interface.app.compose import open_app
from interface.app.plan import plan_of
from interface.ledger.worklist import ItemAct, WorkItem
from interface.pipeline.process import ProcessStage, drain
from interface.view.message import MessageFilter
from tests.cli.conftest import CHANNEL, Home, Hp24, feed
from tests.conftest import PROJECT

UNUSABLE = (
    b"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20260304120000-0600||ADT^A08|X%d|P|2.5.1\r"
    b"EVN|A08|20260304120000-0600\rPID|1||||Quillfeather^Orla\rPV1|1|O\r"
)


@pytest.fixture
def stuck(home: Home) -> list[int]:
    """Two messages without a patient's number: neither can be applied."""
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, UNUSABLE % 1, UNUSABLE % 2)
        with app.store.snapshot() as reader:
            rows = [*reader.messages(MessageFilter(control_id="X1")), *reader.messages(MessageFilter(control_id="X2"))]
    assert {row.state for row in rows} <= {"failed", "held"}
    return [row.id for row in rows]


def run_engine(home: Home) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app:
        config_id, configuration = app.active()
        drain(ProcessStage(app.store, plan_of(config_id, configuration), app.clock), 64)


def state(hp24: Hp24, message_id: int) -> str:
    found = hp24("show", str(message_id), "--json").json
    return str(found["state"])


def test_skip_and_the_work_item_goes(home: Home, hp24: Hp24, stuck: list[int]) -> None:
    assert len(hp24("worklist", "--json").lines) == 1
    told = hp24("skip", *map(str, stuck), "--reason", "test patients")
    assert (told.code, told.err) == (0, "")
    assert told.out == f"2 messages skipped: {stuck[0]}, {stuck[1]}\n"
    assert [state(hp24, one) for one in stuck] == ["filtered", "filtered"]
    assert hp24("worklist", "--json").lines == []


def test_release_of_a_cause(home: Home, hp24: Hp24, stuck: list[int]) -> None:
    cause = hp24("show", str(stuck[0]), "--json").json["reason"]
    assert hp24("release", "--cause", cause, "--json").json == {"released": stuck}
    assert [state(hp24, one) for one in stuck] == ["waiting", "waiting"]


def test_amend_runs_the_corrected_copy(home: Home, hp24: Hp24, stuck: list[int]) -> None:
    values = [part for text in ("PID-3.1=770077", "PID-3.4=NORTH", "PID-3.5=MR") for part in ("--set", text)]
    told = hp24("amend", str(stuck[0]), *values, "--reason", "number by phone", "--json")
    new = told.json["message"]
    assert told.json["original"] == stuck[0]
    assert state(hp24, stuck[0]) == "filtered"
    run_engine(home)
    assert state(hp24, new) == "processed"
    assert hp24("show", str(new), "--json").json["channel"] == f"operator/{CHANNEL}"


def test_amend_takes_a_file_as_an_editor_writes_it(home: Home, hp24: Hp24, stuck: list[int]) -> None:
    file = home.folder / "corrected.hl7"
    corrected = (UNUSABLE % 1).replace(b"PID|1||||", b"PID|1||770077^^^NORTH^MR||")
    file.write_bytes(corrected.replace(b"\r", b"\n"))
    new = hp24("amend", str(stuck[0]), "--file", str(file), "--reason", "number by phone", "--json").json["message"]
    run_engine(home)
    assert state(hp24, new) == "processed"
    assert hp24("show", str(new), "--raw").out.encode() == corrected


@pytest.mark.parametrize("arguments", [("skip",), ("amend", "--set", "PID-8=F"), ("hold",)])
def test_an_act_without_a_reason_is_refused(
    home: Home, hp24: Hp24, stuck: list[int], arguments: tuple[str, ...]
) -> None:
    told = hp24(*arguments, str(stuck[0]))
    assert told.code == 1
    assert "[reason-missing]" in told.err


@pytest.mark.parametrize(
    "arguments", [("release",), ("release", "1", "--cause", "x"), ("amend", "1"), ("amend", "1", "--set", "PID-8")]
)
def test_half_an_order_is_wrong_usage(home: Home, hp24: Hp24, arguments: tuple[str, ...]) -> None:
    assert hp24(*arguments, *(("--reason", "x") if arguments[0] == "amend" else ())).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("release", "1", "--channel", CHANNEL),
        ("resend", "1", "--state", "rejected", "--reason", "x"),
        ("resend", "1", "--since", "2h", "--preview"),
        ("replay", "--all", "--type", "ADT"),
        ("replay", "--all", "1"),
    ],
)
def test_a_filter_that_would_not_count_is_wrong_usage(home: Home, hp24: Hp24, arguments: tuple[str, ...]) -> None:
    assert hp24(*arguments).code == 2


def test_a_channel_of_the_files_is_paused_and_resumed(home: Home, hp24: Hp24) -> None:
    assert hp24("pause", "channel", CHANNEL, "--reason", "night").code == 0
    assert hp24("pause", "destination", f"{CHANNEL}/dft", "--reason", "night").code == 0
    status = hp24("status", "--json").json
    assert {(one["kind"], one["subject"]) for one in status["paused"]} == {
        ("channel", CHANNEL),
        ("destination", f"{CHANNEL}/dft"),
    }
    assert status["destinations"][f"{CHANNEL}/dft"]["paused"] is True
    assert f"Paused: channel {CHANNEL}" in hp24("status").out
    for kind, name in (("channel", CHANNEL), ("destination", f"{CHANNEL}/dft")):
        assert hp24("resume", kind, name).code == 0
    assert hp24("status", "--json").json["paused"] == []


def test_an_unknown_channel_is_told_with_those_that_exist(home: Home, hp24: Hp24) -> None:
    told = hp24("pause", "channel", "epci", "--reason", "x")
    assert told.code == 1
    assert "known: athena, athena-fhir, cerner, cerner-fhir, epic, epic-fhir, fhir" in told.err


def test_a_work_item_is_shown_and_closed(home: Home, hp24: Hp24, stuck: list[int]) -> None:
    (item,) = hp24("worklist", "--json").lines
    assert item["count"] == 2
    assert "hp24 release" in hp24("worklist", str(item["id"])).out
    assert hp24("worklist", str(item["id"]), "--close").code == 1, "closing needs a reason"
    closed = hp24("worklist", str(item["id"]), "--close", "--reason", "told the site", "--json").json
    assert closed["history"][-1]["text"] == "told the site"
    assert hp24("worklist", "--json").lines == []
    assert len(hp24("worklist", "--all", "--json").lines) == 1


def test_an_item_says_which_messages_its_acts_take(home: Home, hp24: Hp24, stuck: list[int]) -> None:
    (item,) = hp24("worklist", "--json").lines
    assert item["message"] is None
    told = hp24("worklist", str(item["id"])).out
    assert f"hp24 messages --channel {CHANNEL} --cause {item['cause']}" in told
    assert f"hp24 release --cause {item['cause']} --channel {CHANNEL}" in told


def test_an_item_of_one_message_names_it(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app, app.store.turn("test") as turn:
        turn.open_work_items([WorkItem("money", "account:ac_1", "suspected-repeat", (ItemAct.SKIP,), 2500, "USD", 21)])
    (item,) = hp24("worklist", "--json").lines
    assert item["message"] == 21
    told = hp24("worklist", str(item["id"])).out
    assert "account:ac_1, message 21" in told
    assert "hp24 skip 21" in told


def test_money_at_stake_is_told_in_its_currency(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app, app.store.turn("test") as turn:
        turn.open_work_items([WorkItem("money", "account:ac_1", "suspected-repeat", (), 2500, "JPY")])
    (item,) = hp24("worklist", "--json").lines
    assert (item["amount_minor"], item["currency"]) == (2500, "JPY")
    assert "2,500 JPY" in hp24("worklist").out
    assert "2,500 JPY at stake" in hp24("worklist", str(item["id"])).out


def test_a_replay_without_a_running_engine_is_queued(home: Home, hp24: Hp24) -> None:
    told = hp24("replay", "--type", "ADT^A04", "--json")
    assert told.code == 0
    total = told.json["total"]
    assert (told.json["done"], total) == (0, len(hp24("messages", "--json", "--type", "ADT^A04").lines))
    run_engine(home)
    first = hp24("messages", "--json", "--type", "ADT^A04").lines[0]["id"]
    triggers = [one["trigger"] for one in hp24("show", str(first), "--json").json["runs"]]
    assert triggers == ["received", "replay"]


def test_what_waits_behind_another_is_found_by_the_word_of_the_table(home: Home, hp24: Hp24, stuck: list[int]) -> None:
    patient = hp24("accounts", "--json").lines[0]
    assert hp24("pause", "patient", patient["patient"], "--reason", "test").code == 0
    (first, *_others) = hp24("messages", "--account", patient["numbers"][0], "--json").lines
    with open_app(home.folder, PROJECT, home.environ) as app:
        with app.store.snapshot() as reader:
            raw = reader.body(first["id"])
        assert raw is not None
        feed(app, raw + b"ZZZ|again\r")
    parked = hp24("messages", "--state", "parked", "--json").lines
    assert [line["parked"] for line in parked] == [True]
    both = hp24("messages", "--state", "parked", "--state", "failed", "--json").lines
    assert {line["state"] for line in both} == {"waiting", "failed"}


def test_a_replay_of_everything_must_be_asked_for(home: Home, hp24: Hp24) -> None:
    assert hp24("replay").code == 2
