"""Problems 7, 14, 16 and 23: wrong character sets, clocks and time zones, nulls and absent segments, versions that drift."""

from interface.message import DeliveryState, PostingState
from tests.engine.processes import wait_until
from tests.engine.wire import code
from tests.feed.conftest import Desk, last_state, numbers, warnings_of
from tests.feed.said import DAY, adt, at, dft, msh, person, pid, written
from tests.feed.test_problems_wire import stored

# ---------------------------------------------------------------- 7: character sets


def test_problem_7_bytes_that_are_not_in_the_declared_set_are_read_flagged_and_kept(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    content = adt(number, who, event="A04", family="IBA\N{LATIN CAPITAL LETTER N WITH TILDE}EZ")
    content = content.decode().replace("|P|2.5.1", "|P|2.5.1||||||ASCII").encode("cp1252")
    assert code(desk.tell(content)) == "AA"
    shown = desk.show(number)
    assert (*last_state(shown), warnings_of(shown)) == ("processed", "", ["character-set-differs MSH-18"])
    assert shown["family"] == "IBA\N{LATIN CAPITAL LETTER N WITH TILDE}EZ"
    assert stored(desk, number) == content


def test_problem_7_text_that_was_spoilt_before_it_was_sent_is_flagged_and_not_guessed_at(desk: Desk) -> None:
    ids, one, other = numbers(2), person(), person()
    twice = "JOS\N{LATIN SMALL LETTER E WITH ACUTE}".encode().decode("latin-1")
    for number, who, family in ((ids[0], one, twice), (ids[1], other, "JOS\ufffd")):
        content = adt(number, who, event="A04", family=family).replace(b"|P|2.5.1", b"|P|2.5.1||||||UNICODE UTF-8")
        assert code(desk.tell(content)) == "AA"
    assert [warnings_of(desk.show(number)) for number in ids] == [["encoded-twice MSH-18"], ["letters-lost MSH-18"]]
    assert [desk.show(number)["family"] for number in ids] == [twice, "JOS\ufffd"]


def test_problem_7_a_payment_is_sent_in_the_receivers_set_or_not_at_all(desk: Desk) -> None:
    till = desk.ward.tills["latin"]
    (fits, lacks), one, other = numbers(2), person("LATIN"), person("LATIN")
    for number, who, family in ((fits, one, "MU\N{LATIN SMALL LETTER N WITH TILDE}OZ"), (lacks, other, "\u0141UKASZ")):
        content = adt(number, who, event="A04", family=family, balance="50.00")
        desk.tell(content.replace(b"|P|2.5.1", b"|P|2.5.1||||||UNICODE UTF-8"), "latin")
    good, bad = (till.pay(desk.account(who.account)["id"]) for who in (one, other))
    wait_until(lambda: till.booked() == 1, "the one that can be written is booked")
    wait_until(lambda: (found := till.delivery(bad)) is not None and found.state is DeliveryState.REJECTED, "rejected")
    delivery, sent = till.delivery(bad), till.delivery(good)
    assert delivery is not None and sent is not None
    shown = desk.call("show", f"delivery:{delivery.id}").json
    assert (*last_state(shown), shown["attempts"], shown["payload"]) == ("rejected", "character-unmappable", [], None)
    (item,) = desk.worklist(subject=f"delivery:{delivery.id}")
    assert (item["cause"], item["amount_minor"]) == ("character-unmappable", 2500)
    with desk.engine.app.store.snapshot() as reader:
        payload = reader.payload(sent.id)
    assert payload is not None and "MU\N{LATIN SMALL LETTER N WITH TILDE}OZ".encode("latin-1") in payload


# ---------------------------------------------------------------- 14: clocks and time zones


def test_problem_14_a_time_without_an_offset_is_the_channels(desk: Desk) -> None:
    ids, who = numbers(3), person()
    desk.tell(adt(ids[0], who, event="A04", happened=f"{DAY}100000", phone="608-555-0100"))
    # 15:30 UTC is 09:30 in Chicago: earlier than what is known, although its figures are greater.
    assert code(desk.tell(adt(ids[1], who, happened=f"{DAY}153000+0000", phone="608-555-0101"))) == "AA"
    assert desk.patient(who.account).value("phone", "phone") == "608-555-0100"
    desk.tell(adt(ids[2], who, happened=f"{DAY}163000+0000", phone="608-555-0102"))
    assert desk.patient(who.account).value("phone", "phone") == "608-555-0102"
    assert [last_state(desk.show(number)) for number in ids] == [("processed", "")] * 3


def test_problem_14_a_senders_clock_that_is_ahead_is_told_and_does_not_win_for_ever(desk: Desk) -> None:
    (ahead, later), who = numbers(2), person()
    assert code(desk.tell(adt(ahead, who, event="A04", happened="20990101000000-0600", phone="608-555-0103"))) == "AA"
    shown = desk.show(ahead)
    assert (*last_state(shown), warnings_of(shown)) == ("processed", "", ["event-time-capped EVN-2"])
    assert code(desk.tell(adt(later, who, happened="20990101000000-0600", phone="608-555-0104"))) == "AA"
    assert desk.patient(who.account).value("phone", "phone") == "608-555-0104"


def test_problem_14_in_the_hour_that_comes_twice_arrival_decides(desk: Desk) -> None:
    (first, second), who = numbers(2), person()
    # 2 November 2025 in Chicago: 01:10 standard time comes twenty minutes after 01:50 daylight time.
    desk.tell(adt(first, who, event="A04", happened="20251102015000", phone="608-555-0105"))
    assert code(desk.tell(adt(second, who, happened="20251102011000", phone="608-555-0106"))) == "AA"
    assert [warnings_of(desk.show(number)) for number in (first, second)] == [["time-repeated EVN-2"]] * 2
    assert desk.patient(who.account).value("phone", "phone") == "608-555-0106"


# ---------------------------------------------------------------- 16: nulls and absence


def test_problem_16_null_clears_a_field_absence_says_nothing_and_an_identifier_is_never_cleared(desk: Desk) -> None:
    ids, who = numbers(4), person()
    guarantor = "GT1|1|G16^^^NORTH^GN|SPECIMEN^GUS"
    desk.tell(adt(ids[0], who, event="A04", happened=at(9), phone="608-555-0107", more=(guarantor,)))
    desk.tell(adt(ids[1], who, happened=at(10)))  # no phone, no GT1
    story = desk.story(who.account)
    assert desk.patient(who.account).value("phone", "phone") == "608-555-0107"
    assert [one.value("name", "given") for one in story.guarantors] == ["GUS"]
    desk.tell(adt(ids[2], who, happened=at(11), phone='""'))
    assert desk.patient(who.account).value("phone", "phone") is None
    nothing = adt(ids[3], who, happened=at(12)).replace(f"|{who.account}^^^NORTH^AN".encode(), b'|""')
    assert code(desk.tell(nothing)) == "AA"
    shown = desk.show(ids[3])
    assert (*last_state(shown), shown["runs"][-1]["place"]) == ("failed", "null-refused", "PID-18")
    assert desk.worklist(cause="null-refused", subject="channel:epic")
    desk.call("skip", str(shown["id"]), "--reason", "the account stays")


def test_problem_16_a_sender_that_writes_null_everywhere_clears_nothing(desk: Desk) -> None:
    (known, nulls), who = numbers(2), person("LAX")
    desk.tell(adt(known, who, event="A04", happened=at(9), phone="608-555-0108"), "lax")
    assert code(desk.tell(adt(nulls, who, happened=at(10), phone='""', balance='""'), "lax")) == "AA"
    assert last_state(desk.show(nulls, "lax")) == ("processed", "")
    assert desk.patient(who.account).value("phone", "phone") == "608-555-0108"


# ---------------------------------------------------------------- 23: versions drift


def test_problem_23_what_a_newer_version_writes_is_read_by_its_place_whatever_msh_12_says(desk: Desk) -> None:
    (number, charge, bare), who = numbers(3), person()
    desk.tell(adt(number, who, event="A04").replace(b"|P|2.5.1", b"|P|2.3"))
    # FT1-4 as a range and FT1-11 with a currency below it are of 2.5; 2.3 had a time and an amount there.
    newer = dft(charge, who, "18.00&USD", line=charge, on=f"{DAY}080000-0600^{DAY}093000-0600")
    assert code(desk.tell(newer.replace(b"|P|2.5.1", b"|P|2.3"))) == "AA"
    older = written(msh(bare, "DFT^P03", version=""), pid(who), f"FT1|1|{bare}||{DAY}||CG|HN1001|||1|2.00")
    assert code(desk.tell(older)) == "AA"
    assert [last_state(desk.show(each)) for each in (number, charge, bare)] == [("processed", "")] * 3
    assert desk.account(who.account)["charges_minor"] == 2000


def test_problem_23_a_refusal_is_worded_as_the_version_asks_that_the_sender_names(desk: Desk) -> None:
    old, new = (desk.ask(adt("", person()).replace(b"|P|2.5.1", b"|P|" + version)) for version in (b"2.3", b"2.5.1"))
    assert (old.field("ERR", 1)[:12], old.field("ERR", 3)) == ("MSH^1^10^101", "")
    assert (new.field("ERR", 1), new.field("ERR", 2), new.field("ERR", 3)[:3]) == ("", "MSH^1^10", "101")


def test_problem_23_an_acknowledgement_that_mixes_versions_is_read_by_its_places(desk: Desk) -> None:
    till = desk.ward.drifting
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.REJECTED)
    delivery = till.delivery(reference)
    assert delivery is not None
    shown = desk.call("show", f"delivery:{delivery.id}").json
    assert [(one["code"], one["text"]) for one in shown["attempts"]] == [("AE", "PID-18: 204 Unknown key identifier")]
    assert desk.worklist(subject=f"delivery:{delivery.id}", kind="rejected-delivery")


def test_problem_23_a_message_of_an_unknown_version_is_read_all_the_same(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    assert code(desk.tell(adt(number, who, event="A04").replace(b"|P|2.5.1", b"|P|9.9^XYZ"))) == "AA"
    shown = desk.show(number)
    assert (*last_state(shown), shown["account"]) == ("processed", "", who.account)
