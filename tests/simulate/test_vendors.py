"""The same hospital's day in the words of three vendors, checked with python-hl7's reader."""

from collections import Counter
from collections.abc import Mapping

import hl7
import pytest

from interface.card.screen import screen
from interface.simulate.hospital import Vendor
from interface.simulate.quirk import Quirk, apply
from interface.simulate.record import take_record
from interface.simulate.sent import Sent
from interface.simulate.traffic import Morning, morning
from interface.simulate.vendor import SITES

PATIENTS = 40
Days = Mapping[Vendor, tuple[Morning, list[Sent]]]


@pytest.fixture(scope="module")
def days() -> Days:
    """One morning of each, handed out to the end."""
    streams = {vendor: morning(24, PATIENTS, site=SITES[vendor]) for vendor in Vendor}
    return {vendor: (stream, list(stream)) for vendor, stream in streams.items()}


def field(sent: Sent, segment: str, number: int) -> str:
    """Field of the first segment of a name; empty when it is not there."""
    text = sent.content.decode("utf-8" if b"UTF-8" in sent.content else "latin-1")
    found = [part for part in hl7.parse(text) if str(part[0]) == segment]
    return str(found[0][number]) if found and number < len(found[0]) else ""


@pytest.mark.parametrize(
    ("vendor", "version", "structure"), [("epic", "2.5.1", 3), ("cerner", "2.3", 2), ("athena", "2.5.1", 2)]
)
def test_version_and_event_are_written_as_the_vendor_does(
    days: Days, vendor: str, version: str, structure: int
) -> None:
    for sent in days[Vendor(vendor)][1][:50]:
        assert field(sent, "MSH", 12) == version
        assert len(field(sent, "MSH", 9).split("^")) == structure


def test_cerner_tells_the_same_day_as_epic_in_other_words(days: Days) -> None:
    told = [Counter(sent.message_type for sent in days[vendor][1]) for vendor in (Vendor.EPIC, Vendor.CERNER)]
    assert told[0] == told[1]


def test_athena_tells_four_events_and_no_money(days: Days) -> None:
    assert {sent.message_type for sent in days[Vendor.ATHENA][1]} == {"ADT^A04", "ADT^A08", "ADT^A28", "ADT^A31"}


def test_cerners_financial_number_is_of_one_visit(days: Days) -> None:
    accounts = take_record(days[Vendor.CERNER][0].hospital).accounts.values()
    assert {len(one.visits) for one in accounts} == {1}
    sent = next(one for one in days[Vendor.CERNER][1] if one.account)
    assert field(sent, "PID", 18) == f"{sent.account}^^^LAKE FIN^FIN NBR"


def test_athenas_account_is_the_patient(days: Days) -> None:
    accounts = take_record(days[Vendor.ATHENA][0].hospital).accounts.values()
    assert all(one.number == one.patient for one in accounts)
    for sent in days[Vendor.ATHENA][1]:
        ids = {field(sent, "PID", number) for number in (2, 3, 4)}
        assert len(ids) == 1 and ids != {""}
        assert not sent.account or ids == {sent.account}
        assert (field(sent, "PID", 18), field(sent, "PV1", 19), field(sent, "GT1", 2)) == ("", "", "")


@pytest.mark.parametrize("vendor", Vendor)
def test_what_is_owed_is_what_was_stated_last(days: Days, vendor: Vendor) -> None:
    stream, told = days[vendor]
    newest = {sent.account: field(sent, "PV1", 46) for sent in told if field(sent, "PV1", 46)}
    stated = {one.number: one.due for one in take_record(stream.hospital).accounts.values() if one.stated is not None}
    assert stated == {number: round(float(amount) * 100) for number, amount in newest.items()}
    assert stated


@pytest.mark.parametrize("vendor", Vendor)
def test_control_ids_are_unique_and_nothing_looks_like_a_card_number(days: Days, vendor: Vendor) -> None:
    told = days[vendor][1]
    assert len({sent.control_id for sent in told}) == len(told)
    assert all(not screen(sent.content).findings for sent in told)


@pytest.mark.parametrize("vendor", Vendor)
def test_every_quirk_can_be_played_in_every_words(vendor: Vendor) -> None:
    told = list(apply(morning(24, 6, site=SITES[vendor]), list(Quirk), share=0.5))
    assert all(sent.content.startswith(b"MSH") for sent in told)
    assert any(sent.quirks for sent in told)
