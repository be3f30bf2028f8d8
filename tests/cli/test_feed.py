"""Sending files to a listener and playing an EHR, over real sockets."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.simulate.hospital import Hospital
from interface.simulate.receiver import Receiver
from interface.simulate.sender import Sender
from tests.cli.conftest import Home, Hp24
from tests.ports import free_port

MESSAGE = "MSH|^~\\&|EPIC|NORTH|HP24|HP24|20260304||ADT^A08|{name}|P|2.5.1\nPID|1||777^^^NORTH^MR\n"
PAYMENT = (
    b"MSH|^~\\&|HP24ENG|HP24|EHR|SOUTH|20260304||DFT^P03|P1|P|2.3\rPID|1||1^^^SOUTH^MR|||||||||||||||9^^^SOUTH^AN\r"
    b"FT1|1|W1|B1|20260304|20260304|PY|VISA|||1|25.00&USD\r"
)


@pytest.fixture
def listener() -> Iterator[Receiver]:
    with Receiver(Hospital(24)) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three messages in two files, as an editor keeps them."""
    paths = [tmp_path / "two.hl7", tmp_path / "one.hl7"]
    paths[0].write_text(MESSAGE.format(name="C1") + "\n" + MESSAGE.format(name="C2"), encoding="utf-8")
    paths[1].write_text(MESSAGE.format(name="C3"), encoding="utf-8")
    return paths


def test_every_message_is_sent_in_order_and_its_answer_shown(hp24: Hp24, listener: Receiver, files: list[Path]) -> None:
    told = hp24("send", *map(str, files), "--to", f"127.0.0.1:{listener.port}", "--json")
    assert [(line["file"], line["number"], line["control_id"]) for line in told.lines] == [
        ("two.hl7", 1, "C1"),
        ("two.hl7", 2, "C2"),
        ("one.hl7", 1, "C3"),
    ]
    assert all(line["code"] for line in told.lines)
    assert sum(listener.record.received.values()) == 3


def test_the_exit_code_says_whether_every_answer_was_positive(
    hp24: Hp24, listener: Receiver, files: list[Path]
) -> None:
    listener.behave("reject")
    told = hp24("send", str(files[0]), "--to", str(listener.port))
    assert told.code == 1
    assert "2 sent: 2 AR" in told.out


def test_a_silent_listener_is_no_answer_not_a_hang(hp24: Hp24, listener: Receiver, files: list[Path]) -> None:
    listener.behave("silent")
    told = hp24("send", str(files[1]), "--to", str(listener.port), "--timeout-secs", "0.3")
    assert told.code == 1
    assert "1 no answer" in told.out


def test_nobody_listening_is_unavailable(hp24: Hp24, files: list[Path]) -> None:
    told = hp24("send", str(files[1]), "--to", f"127.0.0.1:{free_port()}", "--timeout-secs", "0.2")
    assert told.code == 3
    assert "[peer-unreachable]" in told.err


def test_a_file_without_a_message_is_told_by_its_name(hp24: Hp24, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    told = hp24("send", str(tmp_path / "notes.txt"), "--to", "1")
    assert (told.code, "notes.txt" in told.err) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("--to", "127.0.0.1"), ("--to", "1", "--channel", "epic")])
def test_where_to_send_must_be_said_once(hp24: Hp24, files: list[Path], arguments: tuple[str, ...]) -> None:
    assert hp24("send", str(files[0]), *arguments).code == 2


def test_a_channel_names_its_listener(
    no_home: Home, hp24: Hp24, listener: Receiver, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPIC_MLLP_PORT", str(listener.port))
    hp24("send", str(files[1]), "--channel", "epic")
    assert sum(listener.record.received.values()) == 1
    told = hp24("send", str(files[1]), "--channel", "nobody")
    assert (told.code, "known: athena, cerner, epic\n" in told.err.replace(" [", "\n")) == (1, True)
    told = hp24("send", str(files[1]), "--channel", "epic-fhir")
    assert (told.code, "[channel-over-fhir]" in told.err) == (1, True)


def test_files_with_problems_do_not_hide_the_listener_that_runs(
    home: Home, hp24: Hp24, listener: Receiver, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root" / "channels").mkdir(parents=True)
    (tmp_path / "root" / "channels" / "epic.yaml").write_text("channel: epic\n")
    monkeypatch.setenv("EPIC_MLLP_PORT", str(listener.port))
    told = hp24("send", str(files[1]), "--channel", "epic", "--root", str(tmp_path / "root"))
    assert ("[" in told.err, sum(listener.record.received.values())) == (False, 1)


def test_a_port_that_is_taken_is_told_by_its_address(hp24: Hp24, listener: Receiver) -> None:
    told = hp24("simulate", "--to", "1", "--receive", str(listener.port))
    assert (told.code, told.err.count("\n")) == (3, 1)
    assert told.err.startswith(f"127.0.0.1:{listener.port}: the address cannot be had (Address already in use); ")
    assert told.err.rstrip().endswith("[cannot-listen]")


def test_payments_are_taken_without_any_traffic(tmp_path: Path) -> None:
    port = free_port()
    hp24 = Path(sys.executable).parent / "hp24"
    command = (str(hp24), "simulate", "--receive", str(port), "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ehr:
        with Sender("127.0.0.1", port) as sender:
            answer = sender.send(PAYMENT)
        ehr.send_signal(signal.SIGINT)
        told = json.loads(ehr.communicate(timeout=30)[0])
    assert (answer.code, told["received"], told["accepted"]) == ("AA", {"DFT^P03": 1}, 1)


def test_a_simulated_morning_arrives_whole(hp24: Hp24, listener: Receiver) -> None:
    told = hp24("simulate", "--to", str(listener.port), "--patients", "8", "--connections", "2", "--json")
    assert told.code == 0
    assert told.json["sent"] == sum(listener.record.received.values()) > 20


def test_quirks_and_behaviours_are_listed_and_misspelt_ones_refused(hp24: Hp24) -> None:
    assert "split-frames" in hp24("simulate", "--quirk", "list").out.split()
    assert "silent" in hp24("simulate", "--behave", "list").out.split()
    assert hp24("simulate").code == 2
    assert hp24("simulate", "--to", "1", "--quirk", "splitt").code == 2
    assert hp24("simulate", "--to", "1", "--behave", "rude").code == 2


def test_the_engine_check_needs_no_home(no_home: Home, hp24: Hp24) -> None:
    told = hp24("check", "--json")
    assert (told.code, told.json["problems"]) == (0, [])
    assert not no_home.folder.exists()


def test_every_problem_is_told_by_file_line_and_rule(
    no_home: Home, hp24: Hp24, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HP24_ROOT")
    assert hp24("init", str(tmp_path / "site")).code == 0
    channel = tmp_path / "site" / "channels" / "epic.yaml"
    text = channel.read_text(encoding="utf-8")
    channel.write_text(text.replace("facility: NORTH", "facillity: NORTH").replace("currency: USD", "currency: UDS"))
    told = hp24("check", "--root", str(tmp_path / "site"))
    assert told.code == 1
    lines = told.out.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("channels/epic.yaml:") and line.endswith("]") for line in lines)
    found = json.loads(hp24("check", "--root", str(tmp_path / "site"), "--json").out)["problems"]
    assert {"file", "line", "column", "rule", "text", "advice"} == found[0].keys()


def test_init_writes_a_root_that_passes_and_never_overwrites(no_home: Home, hp24: Hp24, tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert hp24("init", str(site)).code == 0
    assert hp24("check", "--root", str(site)).code == 0
    again = hp24("init", str(site))
    assert (again.code, "[folder-taken]" in again.err) == (1, True)


def test_a_port_that_is_no_number_is_wrong_usage(hp24: Hp24, files: list[Path]) -> None:
    assert hp24("send", str(files[0]), "--to", "localhost:mllp").code == 2


def test_a_warning_is_told_and_is_no_problem(no_home: Home, hp24: Hp24, tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert hp24("init", str(site)).code == 0
    mapping = site / "mappings" / "epic.yaml"
    mapping.write_text(
        mapping.read_text(encoding="utf-8").replace("identifiers:\n", "identifiers:\n  unmasked: [IN1-8]\n")
    )
    told = hp24("check", "--root", str(site))
    assert told.code == 0
    assert all(line.startswith("warning: mappings/hl7v2.yaml:") for line in told.out.splitlines()[:-1])
    found = hp24("check", "--root", str(site), "--json").json
    assert [one["rule"] for one in found["warnings"]] == ["number-masked"] * 3


def test_a_whole_file_is_one_block(hp24: Hp24, listener: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "batch.hl7"
    batch = b"BHS|^~\\&|A|B|||||||B1\r" + MESSAGE.format(name="C1").replace("\n", "\r").encode() + b"BTS|1\r"
    file.write_bytes(batch)
    told = hp24("send", str(file), "--to", str(listener.port), "--whole", "--json", "--timeout-secs", "0.5")
    assert [(line["file"], line["control_id"]) for line in told.lines] == [("batch.hl7", "B1")]
