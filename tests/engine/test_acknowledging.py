"""When a sender is answered and what it is told: on storing, on the outcome, by a deadline, as a message of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from interface.message import MessageState
from interface.operate.act import By
from interface.operate.pause import pause, resume
from interface.simulate.incoming import Incoming, read_incoming
from interface.view.count import PauseKind
from tests.engine.conftest import ANSWER_WITHIN_SECS, Ward
from tests.engine.processes import wait_until
from tests.engine.wire import Wire, adt, answered, charge, code, control_id

BY = By("tester", "to see what senders are told")


def refusable(number: str, facility: str = "SOUTH", **asked: str) -> bytes:
    """A message whose patient cannot be told: well formed, and impossible to apply. Account and visit are its own, for where
    its sender was told yes in the end it blocks theirs.
    """
    asked = {"account": f"A{number}", "visit": f"V{number}"} | asked
    return adt(number, mrn="", facility=facility, **asked).replace(f"^^^{facility}^MR".encode(), b"")


@contextmanager
def paused(ward: Ward, channel: str) -> Iterator[None]:
    """The channel's messages are received and kept, and nothing is done with them."""
    store = ward.engine.app.store
    pause(store, BY, PauseKind.CHANNEL, channel, known=(channel,))
    try:
        yield
    finally:
        resume(store, BY, PauseKind.CHANNEL, channel)


def test_processed_done_is_told_aa(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.slow_port) as wire:
        reply = wire.ask(adt(number, facility="SOUTH"))
    assert (code(reply), answered(reply), reply.field("ERR", 3)) == ("AA", number, "")
    assert ward.engine.message(number, "slow").state is MessageState.PROCESSED


def test_processed_refused_is_told_ae_with_the_place(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.slow_port) as wire:
        reply = wire.ask(refusable(number))
    assert (code(reply), answered(reply)) == ("AE", number)
    assert reply.field("ERR", 2).startswith("PID^1^3")
    assert reply.field("ERR", 4) == "E"
    row = ward.engine.message(number, "slow")
    assert (row.state, row.answer) == (MessageState.REFUSED, "AE")


def test_after_a_no_the_same_bytes_are_run_and_answered_anew(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.slow_port) as wire:
        assert [code(wire.ask(refusable(number))) for _ in range(2)] == ["AE", "AE"]
    story = ward.engine.app.store
    with story.snapshot() as reader:
        found = reader.message(ward.engine.message(number, "slow").id)
    assert found is not None
    assert len(found.runs) == 2


def test_processed_held_is_told_aa_with_information(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.slow_port) as wire:
        reply = wire.ask(charge(number, "10.00", mrn="770301", account="990301", facility="SOUTH"))
    assert code(reply) == "AA"
    assert reply.field("ERR", 4) == "I"
    assert ward.engine.message(number, "slow").state is MessageState.HELD


def test_before_version_2_5_the_information_stands_in_msa_3(ward: Ward) -> None:
    number = control_id()
    held = charge(number, "10.00", mrn="770302", account="990302", facility="SOUTH").replace(b"|2.5.1", b"|2.3.1")
    with Wire(ward.slow_port) as wire:
        reply = wire.ask(held)
    assert code(reply) == "AA"
    assert reply.field("MSA", 3)
    assert not reply.all("ERR")


def test_when_the_deadline_passes_custody_is_told_with_information(ward: Ward) -> None:
    number = control_id()
    with paused(ward, "slow"), Wire(ward.slow_port) as wire:
        reply = wire.ask(adt(number, facility="SOUTH"), secs=ANSWER_WITHIN_SECS + 30)
        assert code(reply) == "AA"
        assert reply.field("ERR", 4) == "I"
        assert ward.engine.message(number, "slow").state is MessageState.WAITING
    ward.engine.await_state(number, MessageState.PROCESSED, channel="slow")


def test_a_refusal_after_the_deadline_is_failed(ward: Ward) -> None:
    number = control_id()
    with paused(ward, "slow"), Wire(ward.slow_port) as wire:
        assert code(wire.ask(refusable(number), secs=ANSWER_WITHIN_SECS + 30)) == "AA"
    row = ward.engine.await_state(number, MessageState.FAILED, MessageState.REFUSED, channel="slow")
    assert (row.state, row.answer) == (MessageState.FAILED, "AA")


def test_a_repeat_waits_for_the_answer_that_the_first_one_gets(ward: Ward) -> None:
    number = control_id()
    message = adt(number, facility="SOUTH")
    with Wire(ward.slow_port) as first, Wire(ward.slow_port) as second, ThreadPoolExecutor(2) as pool:
        with paused(ward, "slow"):
            asked = [pool.submit(wire.ask, message) for wire in (first, second)]
            wait_until(lambda: bool(ward.engine.state_of(number, "slow")), "it is stored")
        assert [code(one.result()) for one in asked] == ["AA", "AA"]
    assert ward.engine.message(number, "slow").state is MessageState.PROCESSED


def test_answers_of_one_connection_keep_its_order(ward: Ward) -> None:
    numbers = [control_id() for _ in range(6)]
    with Wire(ward.slow_port) as wire, ThreadPoolExecutor(1):
        for place, number in enumerate(numbers):
            content = refusable(number) if place % 2 else adt(number, facility="SOUTH")
            wire.write(b"\x0b" + content + b"\x1c\r")
        replies = [wire.read() for _ in numbers]
    assert [answered(reply) for reply in replies] == numbers
    assert [code(reply) for reply in replies] == ["AA", "AE"] * 3


# ------------------------------------------------------------ enhanced mode


def replies_to(ward: Ward, number: str) -> list[Incoming]:
    """Application acknowledgements of this message that came as messages of their own."""
    received = [read_incoming(content) for content in list(ward.replies.messages)]
    return [one for one in received if answered(one) == number]


def test_enhanced_mode_is_answered_ca_at_once_and_aa_as_a_message_of_its_own(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.replying_port) as wire:
        reply = wire.ask(adt(number, facility="WEST", accept="AL", application="AL"))
    assert (code(reply), answered(reply)) == ("CA", number)
    wait_until(lambda: bool(replies_to(ward, number)), "the application acknowledgement arrives")
    (later,) = replies_to(ward, number)
    assert code(later) == "AA"
    assert later.field("MSH", 3) == "HP24ENG"
    assert (later.field("MSH", 15), later.field("MSH", 16)) == ("AL", "NE")
    assert later.control_id not in ("", number)


def test_enhanced_mode_tells_ae_later_and_the_message_is_failed(ward: Ward) -> None:
    number = control_id()
    with Wire(ward.replying_port) as wire:
        assert code(wire.ask(refusable(number, "WEST", accept="AL", application="ER"))) == "CA"
    wait_until(lambda: bool(replies_to(ward, number)), "the application acknowledgement arrives")
    (later,) = replies_to(ward, number)
    assert code(later) == "AE"
    assert later.field("ERR", 2).startswith("PID^1^3")
    assert ward.engine.message(number, "replying").state is MessageState.FAILED


def test_a_sender_that_wants_to_hear_of_errors_only_hears_nothing_of_success(ward: Ward) -> None:
    quiet, loud = control_id(), control_id()
    with Wire(ward.replying_port) as wire:
        wire.ask(adt(quiet, facility="WEST", accept="AL", application="ER"))
        wire.ask(adt(loud, facility="WEST", accept="AL", application="AL"))
    wait_until(lambda: bool(replies_to(ward, loud)), "the later message's acknowledgement arrives")
    assert replies_to(ward, quiet) == []
