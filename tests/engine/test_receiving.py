"""What comes over the wire, well and badly formed: the answer on the wire, and the state that a person sees."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from interface.hl7.framing import START, wrap
from interface.message import HoldKind, MessageState
from interface.view.message import MessageFilter, MessageRow
from tests.engine.conftest import Ward
from tests.engine.harness import Engine
from tests.engine.processes import wait_until
from tests.engine.wire import Wire, adt, answered, charge, code, control_id

TWENTY_MB = 20 * 1024 * 1024


def last_refused(engine: Engine) -> MessageRow:
    """The newest refused message: some of these have no control id to find them by."""
    return engine.messages(MessageFilter(channel="epic", states=(MessageState.REFUSED,)))[-1]


def test_a_message_sent_over_two_connections_at_once_is_one_message(ward: Ward) -> None:
    number = control_id()
    before = ward.engine.counts()["duplicates"]
    with Wire(ward.engine.port) as first, Wire(ward.engine.port) as second, ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda wire: wire.ask(adt(number)), (first, second)))
    assert [code(reply) for reply in replies] == ["AA", "AA"]
    assert [answered(reply) for reply in replies] == [number, number]
    assert len(ward.engine.messages(MessageFilter(control_id=number, channel="epic"))) == 1
    assert ward.engine.counts()["duplicates"] == before + 1


def test_frames_of_one_write_are_answered_in_their_order(ward: Ward) -> None:
    numbers = [control_id() for _ in range(20)]
    with Wire(ward.engine.port) as wire:
        wire.write(b"".join(wrap(adt(number)) for number in numbers))
        assert [answered(wire.read()) for _ in numbers] == numbers


def test_a_frame_that_its_sender_cuts_is_incomplete_and_not_answered(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.engine.port) as wire:
        wire.write(START + adt(number)[:150])
        wire.hang_up_writing()
        assert wire.read_end() == b""
    row = ward.engine.await_state(number, MessageState.INCOMPLETE)
    assert row.reason == "frame-cut"


def test_a_frame_cut_by_the_next_one_is_incomplete_and_the_next_one_answered(ward: Ward) -> None:
    cut, whole = control_id(), control_id()
    with Wire(ward.engine.port) as wire:
        wire.write(START + adt(cut)[:150])
        assert answered(wire.ask(adt(whole))) == whole
    ward.engine.await_state(cut, MessageState.INCOMPLETE)
    ward.engine.await_state(whole, MessageState.PROCESSED)


def test_a_frame_of_twenty_megabytes_is_refused_and_the_connection_goes_on(ward: Ward) -> None:
    number, following = control_id(), control_id()
    with Wire(ward.engine.port) as wire:
        reply = wire.ask(adt(number) + b"OBX|1|ED|||" + b"A" * TWENTY_MB + b"\r")
        assert (code(reply), answered(reply)) == ("AR", number)
        assert "larger" in reply.field("ERR", 8)
        assert code(wire.ask(adt(following))) == "AA"
    row = ward.engine.await_state(number, MessageState.REFUSED)
    assert row.reason == "frame-too-large"


def test_a_frame_without_msh_is_refused_and_kept(ward: Ward) -> None:
    content = b"PID|1||770001^^^NORTH^MR\r" + control_id().encode() + b"\r"
    with Wire(ward.engine.port) as wire:
        assert code(wire.ask(content)) in ("AE", "AR")
    row = last_refused(ward.engine)
    assert row.reason == "header-missing"
    with ward.engine.app.store.snapshot() as reader:
        assert reader.body(row.id) == content


def test_binary_noise_in_a_frame_is_refused_and_kept(ward: Ward) -> None:
    content = bytes(byte for byte in range(256) if byte not in (0x0B, 0x1C)) * 3 + control_id().encode()
    with Wire(ward.engine.port) as wire:
        assert code(wire.ask(content)) in ("AE", "AR")
    row = last_refused(ward.engine)
    assert (row.reason, row.size_bytes) == ("header-missing", len(content))


def test_a_message_without_control_id_is_refused_and_kept(ward: Ward) -> None:
    content = adt("").replace(b"EPICADT", control_id("APP").encode())
    with Wire(ward.engine.port) as wire:
        reply = wire.ask(content)
    assert code(reply) == "AE"
    assert reply.field("ERR", 2).startswith("MSH^1^10")
    row = last_refused(ward.engine)
    assert (row.reason, row.size_bytes) == ("control-id-missing", len(content))


@pytest.mark.parametrize("encoding", [b"^~\\^", b"", b"^^^^", b"A~\\&"])
def test_separators_that_contradict_themselves_are_refused(ward: Ward, encoding: bytes) -> None:
    content = adt(control_id()).replace(b"^~\\&", encoding, 1)
    with Wire(ward.engine.port) as wire:
        assert code(wire.ask(content)) in ("AE", "AR")
    row = last_refused(ward.engine)
    assert (row.reason, row.size_bytes) == ("header-unusable", len(content))


def test_separators_of_the_senders_own_are_understood(ward: Ward) -> None:
    number = control_id()
    content = adt(number).replace(b"|", b"#").replace(b"^", b"*").replace(b"*~\\&", b"*~\\&")
    with Wire(ward.engine.port) as wire:
        reply = wire.ask(content)
    assert reply.separator == "#"
    assert (code(reply), answered(reply)) == ("AA", number)
    ward.engine.await_state(number, MessageState.PROCESSED)


def test_a_test_message_never_reaches_a_production_feed(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.engine.port) as wire:
        reply = wire.ask(adt(number).replace(b"|P|2.5.1", b"|T|2.5.1"))
    assert (code(reply), reply.field("ERR", 2)) == ("AR", "MSH^1^11")
    assert ward.engine.message(number).state is MessageState.REFUSED


def test_bytes_outside_of_frames_are_passed_over(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.engine.port) as wire:
        wire.write(b"GET / HTTP/1.1\r\n\r\n")
        assert answered(wire.ask(adt(number))) == number


def test_what_arrived_is_always_what_is_shown(ward: Ward) -> None:
    # Runs after any number of the others, in any order: the equation holds at every moment.
    with ward.engine.app.store.snapshot() as reader:
        counts = reader.channel_counts()
    for one in counts:
        assert one.received == one.duplicates + sum(one.states.values()), one.channel


def test_a_charge_before_its_account_is_held_and_released_by_its_registration(ward: Ward) -> None:
    early, later, registration = control_id(), control_id(), control_id()
    person = {"mrn": "770901", "account": "990901"}
    with Wire(ward.engine.port) as wire:
        assert code(wire.ask(charge(early, "10.00", **person))) == "AA"
        assert ward.engine.await_state(early, MessageState.HELD).hold is HoldKind.MISSING_ACCOUNT
        assert code(wire.ask(charge(later, "2.50", **person))) == "AA"
        assert code(wire.ask(adt(registration, event="A04", visit="550901", **person))) == "AA"
    for number in (early, later, registration):
        ward.engine.await_state(number, MessageState.PROCESSED)
    with ward.engine.app.store.snapshot() as reader:
        story = reader.account("990901")
    assert story is not None
    assert [entry.message_id for entry in story.entries] == [
        ward.engine.message(number).id for number in (early, later)
    ]


def test_half_a_frame_does_not_hold_up_others(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.engine.port) as stuck, Wire(ward.engine.port) as other:
        stuck.write(START + adt(control_id())[:100])
        assert code(other.ask(adt(number))) == "AA"
    wait_until(lambda: ward.engine.state_of(number) is MessageState.PROCESSED, "the other's message is processed")
