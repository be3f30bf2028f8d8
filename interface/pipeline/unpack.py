"""An HL7 batch taken apart: what is found in it, its messages as arrivals in its place, and an answer to each of them."""

from collections.abc import Callable, Iterator, Sequence

from interface.errors import MessageError
from interface.hl7.ack import AckCode, build_ack
from interface.hl7.agreement import Agreement, difference
from interface.hl7.batch import messages_in, split
from interface.hl7.batch_ack import build_batch_ack
from interface.hl7.header import Header, read_header
from interface.hl7.problem import Problem
from interface.message import MessageState
from interface.pipeline.acknowledge import is_wanted, manner
from interface.pipeline.plan import Sound, Unsound
from interface.pipeline.receive import Examined, Listening, judge, verdict_on
from interface.row.message import Intake, Membership, StoredMessage


def look_into(raw: bytes, agreed: Agreement) -> Sound | Unsound:
    """Whether a batch is whole and keeps to what was agreed."""
    try:
        batch = split(raw)
    except MessageError as failure:
        return Unsound(failure.code, failure.place, failure.text, messages_in(raw))
    found = difference(batch, agreed)
    if found is None:
        return Sound(batch.messages)
    return Unsound(found.code, found.place, found.text, batch.messages)


def members(batch: StoredMessage, messages: Sequence[bytes], listening: Listening | None) -> Sequence[Intake]:
    """The messages of a batch as arrivals of its source and time, each in its place in the order.

    Where the sender was answered for each, it was told no of what is refused at the door; else it was told yes of the whole, and
    what cannot be used fails where a person sees it. Nothing is masked here: the batch was, before it was stored.
    """
    is_each = listening is not None and listening.answers_each and listening.channel == batch.source
    return [_member(batch, number, raw, listening if is_each else None) for number, raw in enumerate(messages, start=1)]


def _member(batch: StoredMessage, number: int, raw: bytes, listening: Listening | None) -> Intake:
    header = read_header(raw)
    problem = judge(raw, header, listening) if listening else None
    return Intake(
        source=batch.source,
        arrived_at=batch.arrived_at,
        peer=f"batch {batch.id}, message {number}",
        raw=raw,
        control_id=header.control_id,
        message_type=header.kind_name,
        sender=f"{header.sending_application}|{header.sending_facility}",
        state=MessageState.REFUSED if problem else MessageState.WAITING,
        answer=manner(header).codes[verdict_on(problem)],
        reason=problem.cause if problem else "",
        member=Membership(batch.id, number, batch.order_id + number),
    )


def answer_each(examined: Examined, listening: Listening, next_id: Callable[[], str], at: int) -> bytes | None:
    """A batch of acknowledgements, one for each message that wants one; None where the batch cannot be taken apart."""
    try:
        batch = split(examined.intake.raw)
    except MessageError:
        return None
    answers = [
        [ack for raw in group.messages for ack in _answers(raw, listening, next_id, at)] for group in batch.groups
    ]
    return build_batch_ack(batch, answers, next_id, at)


def _answers(raw: bytes, listening: Listening, next_id: Callable[[], str], at: int) -> Iterator[bytes]:
    header = read_header(raw)
    problem = judge(raw, header, listening)
    how, verdict = manner(header), verdict_on(problem)
    if listening.answers_always or is_wanted(how.immediate, verdict):
        yield _ack(header, how.codes[verdict], problem, next_id(), at)


def _ack(header: Header, code: str, problem: Problem | None, control_id: str, at: int) -> bytes:
    problems = (problem,) if problem else ()
    return build_ack(header, AckCode(code), control_id=control_id, at=at, problems=problems)
