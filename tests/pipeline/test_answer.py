"""What a refusal says to a person: the table's words and a place, never the peer's."""

import pytest

from interface.pipeline.answer import said


@pytest.mark.parametrize(
    ("hl7_code", "place", "text"),
    [
        ("204", "PID-18", "PID-18: 204 Unknown key identifier"),
        ("204", "PID[2]-3", "PID[2]-3: 204 Unknown key identifier"),
        ("101", "MSH", "MSH: 101 Required field missing"),
        ("207", "", "207 Application internal error"),
        ("207", "SPECIMEN-1970", "207 Application internal error"),
        ("207", "770001", "207 Application internal error"),
        ("SPECIMEN MARIA", "PID-5", ""),
        ("", "", ""),
    ],
)
def test_only_codes_and_places_are_told(hl7_code: str, place: str, text: str) -> None:
    assert said(hl7_code, place) == text
