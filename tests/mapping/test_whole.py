"""Whole traffic through the shipped mapping: the simulator's morning, the public samples, arbitrary fields."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import InterfaceError
from interface.hl7.names import segment_fields, tables
from interface.hl7.parser import parse
from interface.ledger.reading import Filtered, Reading
from interface.mapping.segment import FIELD_COUNTS, SEGMENTS
from interface.simulate.hospital import Vendor
from interface.simulate.traffic import morning
from interface.simulate.vendor import SITES
from tests.mapping.sample import A04, ARRIVED, DFT, NORTH, SECOND, shipped, wire

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8")


PERSONS = ("ADT^A28", "ADT^A31", "ADT^A40")  # where the bill is of no concern


@pytest.mark.parametrize("vendor", Vendor)
def test_a_simulated_morning_reads_as_its_sender_meant_it(vendor: Vendor) -> None:
    feed = shipped().feeds[vendor]
    late = ARRIVED + 365 * 86_400 * SECOND * 10
    filtered = 0
    for sent in morning(7, 40, site=SITES[vendor]):
        found = feed.read(feed.parse(sent.content), late)
        if isinstance(found, Filtered):
            filtered += 1
            continue
        if sent.message_type not in PERSONS:
            account = found.account.ids[0].value if found.account else ""
            visit = found.encounter.ids[0].value if found.encounter else ""
            assert (account, visit) == (sent.account, sent.visit), sent.message_type
        assert found.patient is not None
        assert found.warnings == ()
    assert (filtered > 0) is (vendor is not Vendor.ATHENA)


def test_public_messages_are_read_filtered_or_refused_with_a_place(corpus: Path) -> None:
    mapping, outcomes = shipped().mappings["epic"], {"read": 0, "filtered": 0, "refused": 0}
    for path in sorted(corpus.rglob("*.hl7")):
        for raw in re.split(rb"(?=MSH\|)", path.read_bytes()[:200_000])[1:20]:
            try:
                found = mapping.read(parse(raw), NORTH, ARRIVED)
            except InterfaceError as refused:
                outcomes["refused"] += 1
                assert refused.code
            else:
                outcomes["read" if isinstance(found, Reading) else "filtered"] += 1
    assert outcomes["read"] > 50
    assert outcomes["filtered"] > 50


@given(st.sampled_from((A04, DFT)), st.integers(0, 60), st.text(alphabet='aZ09^~&\\|"" -.$', max_size=30))
def test_no_field_content_makes_anything_but_an_answer(text: str, at: int, content: str) -> None:
    fields = text.strip().split("|")
    at %= len(fields)
    changed = "|".join([*fields[:at], content, *fields[at + 1 :]]) if "MSH" not in fields[at] else text
    try:
        found = shipped().mappings["epic"].read(parse(wire(changed)), NORTH, ARRIVED)
    except InterfaceError as refused:
        assert refused.code
    else:
        assert isinstance(found, Reading | Filtered)


def test_the_segments_are_those_of_the_standards_tables() -> None:
    known = {name for version in ("2.1", "2.2", *VERSIONS, "2.8.2") for name in tables(version).SEGMENTS}
    assert {name for name in known if len(name) == 3 and name.isalnum() and name.isupper()} == SEGMENTS


@pytest.mark.parametrize("segment", FIELD_COUNTS)
def test_the_field_counts_are_those_of_the_standards_tables(segment: str) -> None:
    counts = [fields[-1].number for version in VERSIONS if (fields := segment_fields(segment, version))]
    assert max(counts) == FIELD_COUNTS[segment]
