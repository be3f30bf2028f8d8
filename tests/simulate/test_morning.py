"""What a simulated morning sends, checked with python-hl7's reader and a ledger of the test's own."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

import hl7
import pytest
from hl7apy.parser import parse_message

from interface.card.screen import screen
from interface.simulate.hospital import Site, VisitState
from interface.simulate.record import take_record
from interface.simulate.sent import Sent
from interface.simulate.traffic import Morning, morning

PATIENTS = 128


@pytest.fixture(scope="module")
def day() -> tuple[Morning, list[Sent]]:
    """One morning, handed out to the end."""
    stream = morning(24, PATIENTS)
    return stream, list(stream)


def field(content: bytes, segment: str, number: int) -> str:
    """Field of the first segment of a name as python-hl7 reads it; empty when it is not there."""
    found = [part for part in hl7.parse(content.decode()) if str(part[0]) == segment]
    return str(found[0][number]) if found and number < len(found[0]) else ""


def first(text: str) -> str:
    return text.partition("^")[0]


def test_the_same_seed_gives_the_same_bytes(day: tuple[Morning, list[Sent]]) -> None:
    again = list(morning(24, PATIENTS))

    assert [sent.content for sent in again] == [sent.content for sent in day[1]]


def test_another_seed_shares_no_identifier() -> None:
    one, other = morning(1, 30), morning(2, 30)
    ids = [{sent.control_id for sent in stream} for stream in (one, other)]

    assert not ids[0] & ids[1]
    assert not one.hospital.patients.keys() & other.hospital.patients.keys()
    assert not one.hospital.accounts.keys() & other.hospital.accounts.keys()
    assert not one.hospital.visits.keys() & other.hospital.visits.keys()


def test_control_ids_are_unique_and_short(day: tuple[Morning, list[Sent]]) -> None:
    ids = [sent.control_id for sent in day[1]]

    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) <= 20


def test_proportions_are_those_of_a_hospital(day: tuple[Morning, list[Sent]]) -> None:
    counts = Counter(sent.message_type for sent in day[1])
    share = {kind: count / len(day[1]) for kind, count in counts.items()}

    assert 0.45 <= share["ADT^A08"] <= 0.60
    assert 0.15 <= share["DFT^P03"] <= 0.25
    assert 0.06 <= share["ADT^A04"] <= 0.13
    assert 0.06 <= share["ADT^A03"] <= 0.13
    assert all(share[kind] < 0.05 for kind in share.keys() - {"ADT^A08", "DFT^P03", "ADT^A04", "ADT^A03"})


@pytest.mark.parametrize("seed", range(1, 9))
def test_eight_patients_show_every_story(seed: int) -> None:
    kinds = {sent.message_type for sent in morning(seed, 8)}

    assert kinds >= {f"ADT^{event}" for event in ("A01", "A03", "A04", "A08", "A11", "A13", "A40", "A60")} | {"DFT^P03"}


def test_a_day_has_every_message_type(day: tuple[Morning, list[Sent]]) -> None:
    events = {sent.message_type.split("^")[1] for sent in day[1]}

    assert events == {"A01", "A02", "A03", "A04", "A05", "A08", "A11", "A13", "A28", "A31", "A40", "A60", "P03"}


def test_header_says_what_the_message_is(day: tuple[Morning, list[Sent]]) -> None:
    for sent in islice(day[1], 200):
        header = hl7.parse(sent.content.decode())[0]
        assert str(header[10]) == sent.control_id
        assert "^".join(str(header[9]).split("^")[:2]) == sent.message_type
        assert first(field(sent.content, "PID", 18)) == sent.account
        assert first(field(sent.content, "PV1", 19)) == sent.visit
        assert field(sent.content, "EVN", 1) == sent.message_type.split("^")[1]


def test_times_of_a_message_agree_and_carry_the_offset_of_the_zone(day: tuple[Morning, list[Sent]]) -> None:
    for sent in islice(day[1], 200):
        occurred, recorded = field(sent.content, "EVN", 6), field(sent.content, "EVN", 2)
        stamps = [
            datetime.strptime(text, "%Y%m%d%H%M%S%z") for text in (occurred, recorded, field(sent.content, "MSH", 7))
        ]
        assert stamps == sorted(stamps)
        assert stamps[2] - stamps[0] < timedelta(minutes=1)
        assert occurred.endswith("-0600")


def test_stamps_follow_daylight_saving_time() -> None:
    start = datetime(2025, 7, 1, 6, 0, tzinfo=ZoneInfo("Europe/Paris"))
    sent = next(morning(3, 5, site=Site(zone=ZoneInfo("Europe/Paris")), start=start))

    assert field(sent.content, "EVN", 6).endswith("+0200")


def test_messages_come_in_the_order_of_what_happened(day: tuple[Morning, list[Sent]]) -> None:
    stamps = [sent.content.split(b"|", 7)[6] for sent in day[1]]

    assert stamps == sorted(stamps)


def test_event_times_within_a_lane_always_grow(day: tuple[Morning, list[Sent]]) -> None:
    newest: dict[str, str] = {}
    for sent in day[1]:
        occurred = field(sent.content, "EVN", 6)
        assert occurred > newest.get(sent.lane, "")
        newest[sent.lane] = occurred


def test_a_visit_begins_before_anything_else_happens_to_it(day: tuple[Morning, list[Sent]]) -> None:
    early = set(take_record(day[0].hospital).early_charges)
    begun: set[str] = set()
    for sent in day[1]:
        if sent.message_type in ("ADT^A04", "ADT^A01", "ADT^A05"):
            begun.add(sent.visit)
        assert not sent.visit or sent.visit in begun or sent.account in early


def test_one_account_is_charged_before_any_adt(day: tuple[Morning, list[Sent]]) -> None:
    (early,) = take_record(day[0].hospital).early_charges
    kinds = [sent.message_type for sent in day[1] if sent.account == early]

    assert kinds[0] == "DFT^P03"
    assert "ADT^A04" in kinds[1:]


def test_a_retired_number_is_never_used_again(day: tuple[Morning, list[Sent]]) -> None:
    retired: set[str] = set()
    for sent in day[1]:
        assert first(field(sent.content, "PID", 3)) not in retired
        if sent.message_type == "ADT^A40":
            retired.add(first(field(sent.content, "MRG", 1)))
    assert retired == {old for old, _ in take_record(day[0].hospital).merges}


def test_merged_patients_share_a_lane(day: tuple[Morning, list[Sent]]) -> None:
    lanes: dict[str, set[str]] = defaultdict(set)
    for sent in day[1]:
        lanes[first(field(sent.content, "PID", 3))].add(sent.lane)

    for retired, survivor in take_record(day[0].hospital).merges:
        assert lanes[retired] == lanes[survivor]
        assert len(lanes[survivor]) == 1


def test_messages_alone_lead_to_the_hospitals_own_record(day: tuple[Morning, list[Sent]]) -> None:
    """A naive ledger, fed in order with what python-hl7 reads, ends with every number of the record."""
    charges: Counter[str] = Counter()
    payments: Counter[str] = Counter()
    owner: dict[str, str] = {}
    stated: dict[str, int] = {}
    visits: dict[str, str] = {}
    for sent in day[1]:
        patient, event = first(field(sent.content, "PID", 3)), sent.message_type.split("^")[1]
        if event == "A40":
            retired = first(field(sent.content, "MRG", 1))
            owner = {account: patient if mrn == retired else mrn for account, mrn in owner.items()}
        if sent.account:
            owner[sent.account] = patient
        if field(sent.content, "PV1", 46):
            stated[sent.account] = cents(field(sent.content, "PV1", 46))
        if event in ("A03", "A11", "A13"):
            visits[sent.visit] = event
        for line in (part for part in hl7.parse(sent.content.decode()) if str(part[0]) == "FT1"):
            (charges if str(line[6]) == "CG" else payments)[sent.account] += cents(str(line[11]).split("&")[0])

    record = take_record(day[0].hospital)
    assert record.sent == Counter(sent.message_type for sent in day[1])
    assert {number: account.patient for number, account in record.accounts.items()} == owner
    assert {number: account.charges for number, account in record.accounts.items() if account.charges} == charges
    assert {
        number: account.desk_payments for number, account in record.accounts.items() if account.desk_payments
    } == payments
    assert {
        number: account.stated for number, account in record.accounts.items() if account.stated is not None
    } == stated
    assert record.cancelled_visits == {visit for visit, event in visits.items() if event == "A11"}


def cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def test_the_record_tells_only_what_was_handed_out() -> None:
    stream = morning(5, 40)
    sent = list(islice(stream, 25))
    record = take_record(stream.hospital)

    assert record.messages == 25
    assert record.accounts.keys() == {message.account for message in sent if message.account}


def test_sums_of_the_record_are_sums_of_its_accounts(day: tuple[Morning, list[Sent]]) -> None:
    record = take_record(day[0].hospital)

    assert record.charges == sum(account.charges for account in record.accounts.values()) > 0
    assert record.stated == sum(account.stated or 0 for account in record.accounts.values()) > 0
    assert record.of_no_interest == record.sent["ADT^A60"] > 0


def test_stated_balance_is_share_less_payments(day: tuple[Morning, list[Sent]]) -> None:
    hospital = day[0].hospital
    billed = [account for account in hospital.accounts.values() if account.share is not None]

    assert billed
    for account in billed:
        assert account.stated == account.balance(datetime(2030, 1, 1, tzinfo=UTC))


def test_a_cancelled_visit_stays_cancelled(day: tuple[Morning, list[Sent]]) -> None:
    record = take_record(day[0].hospital)
    states = [account.visits[visit] for account in record.accounts.values() for visit in account.visits]

    assert record.cancelled_visits
    assert states.count(VisitState.CANCELLED) == len(record.cancelled_visits)


def test_names_are_as_unruly_as_in_life(day: tuple[Morning, list[Sent]]) -> None:
    names = {person.family for person in (patient.person for patient in day[0].hospital.patients.values())}

    assert any(not name.isascii() for name in names)
    assert any("'" in name for name in names)
    assert any(" " in name for name in names)
    assert any(len(name) > 30 for name in names)


def test_delimiters_in_text_are_escaped(day: tuple[Morning, list[Sent]]) -> None:
    insured = [sent.content for sent in day[1] if b"Lumen" in sent.content]

    assert insured
    assert all(rb"Lumen \T\ Oak" in content for content in insured)


def test_children_share_a_guarantor_with_siblings(day: tuple[Morning, list[Sent]]) -> None:
    guarantors = Counter(
        patient.guarantor.number for patient in day[0].hospital.patients.values() if patient.relation == "PAR"
    )

    assert guarantors.most_common(1)[0][1] > 1


def test_phones_and_mail_are_of_the_ranges_kept_for_fiction(day: tuple[Morning, list[Sent]]) -> None:
    for patient in day[0].hospital.patients.values():
        assert patient.person.phone.startswith("55501")
        assert not patient.person.mail or patient.person.mail.endswith("@example.org")


def test_nothing_looks_like_a_card_number(day: tuple[Morning, list[Sent]]) -> None:
    assert not any(screen(sent.content).findings for sent in day[1])


def test_every_message_type_has_the_structure_of_the_standard(day: tuple[Morning, list[Sent]]) -> None:
    """hl7apy's tables of 2.5.1 know each segment, field and component at its place, and nothing required is missing."""
    examples = {sent.message_type: sent.content.decode() for sent in day[1]}

    for example in examples.values():
        assert parse_message(example).validate()
