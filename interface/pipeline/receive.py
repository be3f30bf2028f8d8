"""Store before understanding: what arrived becomes durable messages, and only then gets its answer.

Intake reads the header, tolerantly, and looks for card numbers; nothing else. `examine` is pure and decides on one frame;
`store_batch` writes many in one commit. Bytes that cannot be read are kept too, refused with a reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, Self, TypeVar

from interface.card.screen import CardScreen, screen
from interface.hl7.ack import AckCode, build_ack
from interface.hl7.agreement import TOO_LARGE
from interface.hl7.batch import is_larger
from interface.hl7.header import CONTROL_ID_MISSING, Header, holds_another, read_header
from interface.hl7.problem import ErrorCode, Problem, Severity
from interface.message import MessageState
from interface.pipeline.acknowledge import Manner, Verdict, is_wanted, manner, verdict_of
from interface.pipeline.expected import ANYBODY, Expected
from interface.ports import Store
from interface.row.message import Intake, Received, Settled

WAITS = "?"  # the answer of an intake whose sender waits for the outcome of processing


@dataclass(frozen=True, slots=True)
class Listening:
    """What intake must know of a channel."""

    channel: str
    production: bool = True
    waits_for_outcome: bool = False  # ack: processed
    answers_always: bool = True  # also where MSH-15 asks for errors only: over MLLP a sender may wait for ever
    needs_control_id: bool = True  # else a message without MSH-10 is taken, too
    expected: Expected = ANYBODY
    screen: CardScreen = field(default_factory=CardScreen)
    max_batch_messages: int = 10_000
    answers_each: bool = False  # each message of a batch, instead of the batch alone


class Arrived(Protocol):
    """Something that arrived, decided on before it is stored."""

    @property
    def intake(self) -> Intake:
        """What to store, with the answer that it would get."""

    def unread(self) -> Self:
        """The same with its bytes alone, refused: for one that a defect of ours keeps from being stored as it was read."""

    def repeated(self, first: str) -> str:
        """What is said to a repeat of something that was answered `first`."""


E = TypeVar("E", bound=Arrived)


@dataclass(frozen=True, slots=True)
class Examined:
    """One frame, decided on: what to store, and all that its answer needs."""

    intake: Intake
    header: Header
    manner: Manner
    verdict: Verdict
    answers_always: bool = True
    problem: Problem | None = None
    answers_each: bool = False  # each message of this batch

    def unread(self) -> "Examined":
        """The same frame with its bytes alone, refused: for one that a defect of ours keeps from being stored as it was read."""
        problem = Problem(ErrorCode.INTERNAL_ERROR, "", "the message cannot be stored as it is", cause="internal-error")
        code = self.manner.codes[Verdict.REJECT] if self.intake.state is not MessageState.INCOMPLETE else ""
        intake = replace(
            self.intake,
            control_id="",
            message_type="",
            sender="",
            state=MessageState.REFUSED if code else MessageState.INCOMPLETE,
            answer=code,
            reason=problem.cause,
        )
        return replace(self, intake=intake, verdict=Verdict.REJECT, problem=problem)

    def repeated(self, first: str) -> str:
        """The first answer is given again, in the code of this arrival's mode: AA and CA say the same."""
        if first == WAITS:
            return WAITS
        verdict = verdict_of(first)
        is_given = self.answers_always or is_wanted(self.manner.immediate, verdict)
        return self.manner.codes[verdict] if is_given else ""

    def unstorable_ack(self, control_id: str, at: int) -> bytes:
        """The refusal of a frame that could not be stored, for senders that want one."""
        problem = Problem(ErrorCode.INTERNAL_ERROR, "", "nothing can be stored at present; send it again later")
        code = self.manner.codes[Verdict.REJECT]
        return build_ack(self.header, AckCode(code), control_id=control_id, at=at, problems=(problem,))


@dataclass(frozen=True, slots=True)
class Answer(Generic[E]):
    """What became of one arrival. `code` is WAITS while the outcome of processing is awaited, "" when none is wanted."""

    examined: E
    received: Received
    code: str


def ack_of(answer: Answer[Examined], control_id: str, at: int) -> bytes | None:
    """The acknowledgement's bytes, unframed; None when the sender wants none."""
    if not answer.code:
        return None
    examined = answer.examined
    problems = (examined.problem,) if examined.problem else ()
    return build_ack(examined.header, AckCode(answer.code), control_id=control_id, at=at, problems=problems)


def settled_ack(answer: Answer[Examined], settled: Settled, control_id: str, at: int) -> bytes:
    """The acknowledgement of a message whose sender waited for the outcome, in the code of its mode.

    A positive answer may carry information: held, or not done in time, and in our custody all the same.
    """
    verdict = verdict_of(settled.code)
    severity = Severity.INFORMATION if verdict is Verdict.ACCEPT else Severity.ERROR
    code = settled.hl7_code or (ErrorCode.ACCEPTED if verdict is Verdict.ACCEPT else ErrorCode.INTERNAL_ERROR)
    problems = (Problem(code, settled.place, settled.text, severity),) if settled.text else ()
    wanted = answer.examined.manner.codes[verdict]
    return build_ack(answer.examined.header, AckCode(wanted), control_id=control_id, at=at, problems=problems)


def examine(
    raw: bytes, listening: Listening, *, peer: str, at: int, is_cut: bool = False, is_oversize: bool = False
) -> Examined:
    """Decide on one frame: pure, and cheap enough to run before the write transaction.

    Of an oversize frame only the beginning is here: enough for its header, so that the refusal can name it.
    """
    screened = screen(raw, listening.screen)
    header = read_header(screened.raw)
    how = manner(header)
    problem = _OVERSIZE if is_oversize else judge(screened.raw, header, listening)
    verdict = verdict_on(problem)
    code = how.codes[verdict] if listening.answers_always or is_wanted(how.immediate, verdict) else ""
    state = MessageState.WAITING if verdict is Verdict.ACCEPT else MessageState.REFUSED
    reason = problem.cause if problem else ""
    if verdict is Verdict.ACCEPT and listening.waits_for_outcome and code:
        code = WAITS
    if is_cut:
        state, code, reason = MessageState.INCOMPLETE, "", "frame-cut"
    intake = Intake(
        source=listening.channel,
        arrived_at=at,
        peer=peer,
        raw=screened.raw,
        control_id=header.control_id,
        message_type=header.kind_name,
        sender=f"{header.sending_application}|{header.sending_facility}",
        state=state,
        answer=code,
        reason=reason,
        incidents=tuple(finding.place for finding in screened.findings),
    )
    is_each = listening.answers_each and header.is_batch and verdict is Verdict.ACCEPT
    return Examined(
        intake,
        header,
        how,
        verdict,
        answers_always=listening.answers_always,
        problem=problem,
        answers_each=is_each,
    )


def judge(raw: bytes, header: Header, listening: Listening) -> Problem | None:
    """Why a message is refused at the door; None where it is taken. Of a batch: why it is refused whole."""
    for error in header.errors:
        if error.cause != CONTROL_ID_MISSING or header.is_batch or listening.needs_control_id:
            return error
    if header.is_batch and is_larger(raw, listening.max_batch_messages):
        text = f"the batch holds more than the {listening.max_batch_messages} messages that this listener takes at once"
        return Problem(ErrorCode.INTERNAL_ERROR, "", text, cause=TOO_LARGE)
    is_judged_by_message = header.is_batch and listening.answers_each
    return None if is_judged_by_message else _judge_content(raw, header, listening)


def _judge_content(raw: bytes, header: Header, listening: Listening) -> Problem | None:
    if not header.is_batch and holds_another(raw, header.delimiters):
        text = "several messages in one block; send each in a block of its own"
        return Problem(ErrorCode.SEGMENT_SEQUENCE, "MSH[2]", text, cause="several-messages")
    if listening.production and header.processing_id[:1] in ("T", "D"):
        text = "this listener takes production messages only"
        return Problem(ErrorCode.UNSUPPORTED_PROCESSING_ID, "MSH-11", text, cause="not-production")
    if place := listening.expected.stranger(header):
        text = "this listener does not expect messages from this sender, or for this receiver"
        return Problem(ErrorCode.UNKNOWN_KEY, place, text, cause="not-expected")
    return None


_OVERSIZE = Problem(
    ErrorCode.INTERNAL_ERROR, "", "the frame is larger than this listener takes", cause="frame-too-large"
)


def verdict_on(problem: Problem | None) -> Verdict:
    """What is said to a message that has this problem."""
    # Table 0357: 1xx speaks of content (AE), 2xx of kind, processing id, size or our own trouble (AR).
    if problem is None:
        return Verdict.ACCEPT
    return Verdict.ERROR if problem.code.startswith("1") else Verdict.REJECT


def store_batch(store: Store, examined: Sequence[E]) -> list[Answer[E]]:
    """Make a batch durable in one commit, then say what each sender is to be told."""
    prepared = store.prepare([one.intake for one in examined])
    with store.turn("receive") as turn:
        results = turn.receive(prepared)
    return [_answer(one, result) for one, result in zip(examined, results, strict=True)]


def _answer(examined: E, received: Received) -> Answer[E]:
    if received.is_duplicate and received.answer:
        return Answer(examined, received, examined.repeated(received.answer))
    return Answer(examined, received, examined.intake.answer)
