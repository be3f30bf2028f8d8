import subprocess
import sys
from typing import Any

import pytest

from interface.hl7 import names


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (("PID", "2.5.1", 3), "Patient Identifier List"),
        (("PID", "2.5.1", 3, 4, 2), "Patient Identifier List / Assigning Authority / Universal ID"),
        (("PID", "2.3", 3), "Patient ID Internal ID"),
        (("FT1", "2.5.1", 11, 1, 2), "Transaction Amount Extended / Price / Denomination"),
        (("FT1", "2.8", 8), "Transaction Description"),
        (("PID", "", 5), "Patient Name"),
        (("PID", "2.5.1", 99), ""),
        (("ZPM", "2.5.1", 1), ""),
        (("XYZ", "2.3", 1), ""),
    ],
)
def test_places_have_names_in_words(place: tuple[Any, ...], words: str) -> None:
    assert names.describe(*place) == words


@pytest.mark.parametrize(
    ("sent", "version"),
    [
        ("2.5.1", "2.5.1"),
        ("2.5.1^USA", "2.5.1"),
        ("2.9", "2.8.2"),
        ("2.3.2", "2.3.1"),
        ("", "2.5.1"),
        ("3", "2.5.1"),
        ("2.0", "2.1"),
        ("2.7.1", "2.7"),
    ],
)
def test_an_unknown_version_is_served_by_the_one_before_it(sent: str, version: str) -> None:
    assert names.nearest(sent) == version


@pytest.mark.parametrize("version", ["2.1", "2.3", "2.4", "2.5.1", "2.8.2"])
def test_fields_stand_in_order_of_their_numbers(version: str) -> None:
    numbers = [field.number for field in names.segment_fields("PV1", version)]
    assert numbers == sorted(numbers)
    assert 19 in numbers


def test_repetition_and_type_are_known() -> None:
    field = names.field("PID", 3, "2.5.1")
    assert field is not None
    assert (field.data_type, field.repeats) == ("CX", True)


@pytest.mark.parametrize(
    ("kind", "structure"),
    [
        (("ADT", "A08", "2.5.1"), "ADT_A01"),
        (("ADT", "A11", "2.5.1"), "ADT_A09"),
        (("ADT", "A40", "2.3"), "ADT_A39"),
        (("DFT", "P03", "2.5.1"), "DFT_P03"),
        (("ZZZ", "Z01", "2.5.1"), ""),
        (("ACK", "", "2.5.1"), "ACK"),
    ],
)
def test_a_missing_structure_follows_from_type_and_event(kind: tuple[str, str, str], structure: str) -> None:
    assert names.structure_of(*kind) == structure


def test_segments_have_names() -> None:
    assert names.segment_name("GT1") == "Guarantor"
    assert names.segment_name("ZPM") == ""


def test_the_tables_are_not_loaded_by_an_import() -> None:
    code = "import sys, interface.hl7.names, interface.hl7.parser, interface.hl7.ack; sys.exit('hl7apy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
