"""Problems 6, 8, 9, 10 and 11: frames in pieces, odd separators, no control id, odd line ends, messages of many megabytes."""

import base64
import random
import time

import pytest

from interface.hl7.framing import END, START, wrap
from interface.message import MessageState
from interface.simulate.incoming import Incoming
from interface.view.message import MessageFilter
from tests.engine.processes import wait_until
from tests.engine.wire import answered, code
from tests.feed.conftest import LIMIT_BYTES, Desk, last_state, numbers, warnings_of
from tests.feed.said import adt, dft, person, written

TEN_MB = 10_000_000


def error_of(reply: Incoming) -> tuple[str, str, str]:
    """MSA-1, place and code of ERR, in the form since 2.5 or in the one before, where the version could not be read."""
    place, table_code = reply.field("ERR", 2), reply.field("ERR", 3).partition("^")[0]
    if before := reply.field("ERR", 1):
        place, _, coded = before.rpartition("^")
        table_code = coded.partition("&")[0]
    return code(reply), place, table_code


def stored(desk: Desk, number: str, channel: str = "epic") -> bytes:
    """The bytes as they are kept."""
    with desk.engine.app.store.snapshot() as reader:
        found = reader.body(desk.engine.message(number, channel).id)
    assert found is not None
    return found


# ---------------------------------------------------------------- 6: frames


def test_problem_6_half_a_frame_is_kept_as_incomplete_and_never_answered(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    with desk.wire() as wire:
        wire.write(START + adt(number, who)[:180])
        wire.hang_up_writing()
        assert wire.read_end() == b""
    shown = desk.await_state(number, MessageState.INCOMPLETE)
    assert (*last_state(shown), shown["answer"], shown["runs"]) == ("incomplete", "frame-cut", "", [])
    assert code(desk.tell(adt(number, who))) == "AA"  # it comes again, whole
    assert {row.state for row in desk.engine.messages(MessageFilter(control_id=number))} == {"incomplete", "processed"}


def test_problem_6_a_frame_in_many_pieces_is_one_message(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    block = wrap(adt(number, who))
    with desk.wire() as wire:
        for place in range(0, len(block), 37):
            wire.write(block[place : place + 37])
            time.sleep(0.001)  # so that it leaves in packets of its own
        assert (code(reply := wire.read()), answered(reply)) == ("AA", number)
    assert last_state(desk.show(number)) == ("processed", "")


@pytest.mark.parametrize(
    ("between", "end"),
    [(b"\r", b"\x1c"), (b"", b"\x1c"), (b"\r\r\n \0", b"\x1c"), (b"\r", b"\x1c\r\n")],
    ids=["in one packet", "without the last CR", "with stray bytes between", "with CR LF at the end"],
)
def test_problem_6_several_messages_of_one_packet_are_answered_in_order(desk: Desk, between: bytes, end: bytes) -> None:
    ids, who = numbers(3), person()
    with desk.wire() as wire:
        wire.write(b"".join(START + adt(number, who, family=number) + end + between for number in ids))
        assert [answered(wire.read()) for _ in ids] == ids
    assert [last_state(desk.show(number)) for number in ids] == [("processed", "")] * 3


# ---------------------------------------------------------------- 8: separators


@pytest.mark.parametrize(
    ("encoding", "warnings"),
    [
        (b"^~\\&amp;", ["xml-escaped MSH-2"]),
        (b"^~&", ["escape-lost MSH-2"]),
        (b"^~\\\\&", ["escape-doubled MSH-2"]),
        (b"^~\\", []),
        (b"^~\\&#", []),
    ],
    ids=["escaped for XML", "no escape character", "escape character twice", "three characters", "with truncation"],
)
def test_problem_8_mangled_separators_are_repaired_by_a_named_rule_and_the_bytes_stay(
    desk: Desk, encoding: bytes, warnings: list[str]
) -> None:
    (number,), who = numbers(1), person()
    content = adt(number, who, event="A04").replace(b"^~\\&", encoding, 1)
    reply = desk.tell(content)
    assert (code(reply), answered(reply)) == ("AA", number)
    shown = desk.show(number)
    assert (*last_state(shown), warnings_of(shown)) == ("processed", "", warnings)
    assert (shown["patient"], shown["account"]) == (who.mrn, who.account)
    assert stored(desk, number) == content


def test_problem_8_what_a_sender_escaped_for_xml_names_the_same_authority_and_currency_as_before(desk: Desk) -> None:
    (number, charge), who = numbers(2), person()
    desk.tell(adt(number, who, event="A04").replace(b"^^^NORTH^", b"^^^NORTH&1.2.3.4&ISO^"))
    escaped = dft(charge, who, "15.00&USD", line=charge).replace(b"^^^NORTH^", b"^^^NORTH&1.2.3.4&ISO^")
    assert code(desk.tell(escaped.replace(b"&", b"&amp;"))) == "AA"
    shown = desk.show(charge)
    assert (*last_state(shown), warnings_of(shown)) == ("processed", "", ["xml-escaped MSH-2"])
    assert desk.account(who.account)["charges_minor"] == 1500


def test_problem_8_separators_of_a_senders_own_are_read_and_answered_in(desk: Desk) -> None:
    (number,), who = numbers(1), person()
    content = adt(number, who, event="A04").replace(b"|", b"$").replace(b"^", b"*").replace(b"*~\\&", b"*~\\%", 1)
    reply = desk.tell(content)
    assert (code(reply), answered(reply), reply.field("MSH", 2)) == ("AA", number, "*~\\%")
    assert desk.show(number)["account"] == who.account


@pytest.mark.parametrize("encoding", [b"^~\\^", b"", b"A~\\&", b"^~\\&amp", b"^~\\&#!%"])
def test_problem_8_what_no_rule_repairs_is_refused_with_its_place(desk: Desk, encoding: bytes) -> None:
    (number,), who = numbers(1), person()
    reply = desk.ask(adt(number, who).replace(b"^~\\&", encoding, 1))
    assert error_of(reply) == ("AR", "MSH^1^2", "200")
    refused = desk.call("messages", "--channel", "epic", "--state", "refused", "--cause", "header-unusable").lines[-1]
    assert (refused["state"], refused["answer"]) == ("refused", "AR")


# ---------------------------------------------------------------- 9: no control id


def test_problem_9_a_message_without_control_id_is_refused_at_its_place_and_kept(desk: Desk) -> None:
    reply = desk.ask(adt("", person()))
    assert (*error_of(reply), answered(reply)) == ("AE", "MSH^1^10", "101", "")
    refused = desk.call("messages", "--channel", "epic", "--state", "refused").lines[-1]
    assert (refused["reason"], refused["control_id"]) == ("control-id-missing", "")


def test_problem_9_where_the_channel_says_so_it_is_taken_and_known_by_its_digest(desk: Desk) -> None:
    who = person("LAX")
    replies = [desk.tell(adt("", who, event="A04"), "lax") for _ in range(2)]
    assert [(code(reply), answered(reply)) for reply in replies] == [("AA", "")] * 2
    (found,) = desk.call("messages", "--channel", "lax", "--patient", who.mrn).lines
    assert (found["state"], found["control_id"][:7]) == ("processed", "digest-")
    shown = desk.show_id(found["id"])
    assert (len(shown["arrivals"]), shown["warnings"]) == (2, [])
    assert [one["id"] for one in desk.call("messages", "--control-id", found["control_id"]).lines] == [found["id"]]


# ---------------------------------------------------------------- 10: line ends


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"], ids=["LF", "CR LF", "CR"])
def test_problem_10_line_ends_of_every_kind_are_read_and_the_bytes_stay(desk: Desk, ends: bytes) -> None:
    (number,), who = numbers(1), person()
    content = adt(number, who, event="A04").replace(b"\r", ends)
    assert code(desk.tell(content)) == "AA"
    shown = desk.show(number)
    assert (*last_state(shown), shown["patient"], shown["account"]) == ("processed", "", who.mrn, who.account)
    assert stored(desk, number) == content


def test_problem_10_a_line_feed_inside_of_a_note_ends_no_segment(desk: Desk) -> None:
    (number, charge), who = numbers(2), person()
    desk.tell(adt(number, who, event="A04"))
    note = written("NTE|1||first line\nsecond line|FT1").decode().rstrip("\r")
    content = dft(charge, who, "12.00", line=charge) + note.encode() + b"\r"
    assert code(desk.tell(content)) == "AA"
    assert (*last_state(desk.show(charge)), stored(desk, charge)) == ("processed", "", content)
    assert desk.account(who.account)["charges_minor"] == 1200


# ---------------------------------------------------------------- 11: ten megabytes


def document(size: int) -> bytes:
    """An OBX with a document of so many bytes, which compresses as badly as a PDF."""
    return (
        b"OBX|1|ED|PDF^Report||^AP^PDF^Base64^" + base64.b64encode(random.Random(11).randbytes(size * 3 // 4)) + b"\r"
    )


def test_problem_11_a_message_of_ten_megabytes_is_taken_and_processed(desk: Desk) -> None:
    (number, following), who = numbers(2), person("ROOMY")
    content = adt(number, who, event="A04") + document(TEN_MB)
    with desk.wire("roomy") as wire:
        assert code(wire.ask(content)) == "AA"
        assert code(wire.ask(adt(following, who))) == "AA"
    for each in (number, following):
        assert desk.await_state(each, MessageState.PROCESSED, "roomy")["account"] == who.account
    assert stored(desk, number, "roomy") == content


def test_problem_11_beyond_the_limit_it_is_refused_once_it_was_read_and_its_header_is_kept(desk: Desk) -> None:
    (number, following), who = numbers(2), person("ROOMY")
    with desk.wire("roomy") as wire:
        reply = wire.ask(adt(number, who, event="A04") + b"A" * (LIMIT_BYTES + TEN_MB))
        assert (*error_of(reply), answered(reply)) == ("AR", "", "207", number)
        assert "larger" in reply.field("ERR", 8)
        assert code(wire.ask(adt(following, who, event="A04"))) == "AA"
    wait_until(lambda: desk.engine.state_of(number, "roomy") is MessageState.REFUSED, "the refusal is kept")
    shown = desk.show(number, "roomy")
    assert (*last_state(shown), shown["type"]) == ("refused", "frame-too-large", "ADT^A04")
    assert shown["size_bytes"] < LIMIT_BYTES
    assert END not in stored(desk, number, "roomy")
