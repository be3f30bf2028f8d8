"""`hp24 conform`: what a message does otherwise than its version says."""

from pathlib import Path

import pytest

from tests.cli.conftest import Home, Hp24
from tests.cli.test_look import trail
from tests.mapping.sample import A04, DFT, with_field


@pytest.fixture
def file(tmp_path: Path, no_home: Home) -> Path:
    return tmp_path / "message.hl7"


def test_departures_are_told_with_place_rule_and_what_the_version_says(file: Path, hp24: Hp24) -> None:
    file.write_text(with_field(A04, "PV1-1", "one"))
    told = hp24("conform", str(file), "--json")
    (one,) = told.json["messages"]
    assert (told.code, one["version"], one["structure"]) == (1, "2.5.1", "ADT_A01")
    assert one["findings"] == [
        {
            "severity": "error",
            "place": "PV1-1",
            "rule": "malformed-value",
            "text": "set id pv1 is a whole number in 2.5.1",
            "sent": "one",
        }
    ]


def test_warnings_alone_are_well(file: Path, hp24: Hp24) -> None:
    file.write_text(DFT.strip())
    assert hp24("conform", str(file)).code == 0
    assert hp24("conform", str(file), "--errors", "--json").json["messages"][0]["findings"] == []


def test_people_see_a_table_that_fits(file: Path, hp24: Hp24) -> None:
    file.write_text(with_field(A04, "PID-8", "Q"))
    told = hp24("conform", str(file))
    assert told.out.startswith("message.hl7 1  HL7 2.5.1, ADT_A01: 1 finding, 0 errors")
    assert max(map(len, told.out.splitlines())) <= 100


def test_bytes_that_nobody_can_read_are_told(file: Path, hp24: Hp24) -> None:
    file.write_text("MSH|||||||\rPID|1")
    told = hp24("conform", str(file), "--json")
    assert (told.code, told.json["messages"][0]["code"]) == (1, "delimiters-impossible")


def test_a_look_at_a_stored_message_is_audited(home: Home, hp24: Hp24) -> None:
    assert hp24("conform", "1", "--as", "mary").code in (0, 1)
    assert "mary: look" in trail(home, "message:1")
