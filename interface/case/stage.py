"""A case played: its messages and payments go through the engine's own stages on a sandbox, and what each step does is told."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from interface.case.case import EXPECTED, Case, Er7, Outcome, Step, Told
from interface.case.er7 import text_of
from interface.case.order import Desk
from interface.case.picture import Names, Picture, amount, changes, picture, transactions
from interface.channel.feed import AnyFeed, Feed, FhirFeed, Outlet
from interface.errors import InterfaceError, MessageError, UnansweredError
from interface.healthpay24.protocol import Rejected
from interface.hl7 import charset as charsets
from interface.hl7.ack import read_ack
from interface.hl7.header import read_header
from interface.hl7.parser import parse
from interface.hl7.timestamp import read_timestamp
from interface.ledger.due import Due
from interface.ledger.reading import Reading
from interface.mapping.posting import Posting
from interface.message import MessageState
from interface.pipeline.deliver import DeliverStage, Render
from interface.pipeline.plan import Plan
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import WAITS, Answer, Examined, Listening, ack_of, examine, settled_ack, store_batch
from interface.pipeline.request import Sender, examine_request
from interface.row.message import Settled
from interface.store.sandbox import Sandbox
from interface.view.message import MessageFilter, MessageRow
from interface.view.money import AccountStory
from interface.view.work import WorkItemRow

SECOND: Final = 1_000_000
_BEGINNING: Final = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC, where a first message tells no time
_BATCH: Final = 64
_MANY: Final = 10_000
_NO_REPLY: Final = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a case is played with: channels and destinations, made ready, and what is owed on an account by their policy."""

    plan: Plan
    feeds: Mapping[str, AnyFeed]
    listening: Mapping[str, Listening]  # of those that read HL7
    channel: str  # that of steps which name none
    due: Callable[[AccountStory], Due]


@dataclass(slots=True)
class CaseClock:
    """Time that moves from step to step."""

    at: int = 0

    def move(self, least: int, to: int = 0) -> None:
        """Go on by so much at least, and as far as `to`; where a first step tells no time, to a beginning of our own."""
        self.at = max(self.at + least, to) if self.at or to else _BEGINNING

    def now(self) -> int:
        """UTC microseconds."""
        return self.at


@dataclass(slots=True)
class _Stage:
    """One case under way."""

    store: Sandbox
    clock: CaseClock
    setting: Setting
    process: ProcessStage
    senders: Mapping[str, DeliverStage]
    desk: Desk
    names: Names = field(default_factory=Names)
    ledger: Picture = field(default_factory=dict)
    items: dict[int, WorkItemRow] = field(default_factory=dict)
    messages: dict[int, int] = field(default_factory=dict)  # message id -> the step that brought it, from 1
    stood: dict[int, MessageRow] = field(default_factory=dict)  # message id -> how it stood when last seen


def play(store: Sandbox, clock: CaseClock, setting: Setting, case: Case) -> list[Outcome]:
    """What each step of the case does. Leaves nothing behind in the sandbox."""
    clock.at = 0
    with store.trial():
        with store.turn("publish") as turn:
            config_id = turn.keep_config({}, "case", clock.at)
        plan = replace(setting.plan, config_id=config_id)
        renders = _renders(setting.feeds)
        senders = {
            name: DeliverStage(store, destination, renders.get(name, _has_bytes), clock, lambda: 0.0)
            for name, destination in plan.destinations.items()
        }
        stage = _Stage(store, clock, setting, ProcessStage(store, plan, clock), senders, Desk(store, clock))
        stage.ledger = _look(stage)
        return [_step(stage, number, step) for number, step in enumerate(case.steps, start=1)]


def _renders(feeds: Mapping[str, AnyFeed]) -> dict[str, Render]:
    def of(outlet: Outlet) -> Render:
        return lambda posting, control_id, now: outlet.render(posting, control_id=control_id, now=now)

    return {f"{name}/{key}": of(outlet) for name, feed in feeds.items() for key, outlet in feed.outlets.items()}


def _has_bytes(_posting: Posting, _control_id: str, _now: int) -> bytes:
    raise AssertionError("an acknowledgement is queued with its bytes")


def _step(stage: _Stage, number: int, step: Step) -> Outcome:
    feed = stage.setting.feeds[step.channel or stage.setting.channel]
    told = _message(stage, number, step, feed) if step.order is None else _order(stage, number, step, feed)
    told |= {"then": _then(stage)}
    told |= {"sent": _sent(stage, step.reply or "AA")}
    ledger = _look(stage)
    told |= changes(stage.ledger, ledger)
    stage.ledger = ledger
    told |= _work(stage)
    return {key: told[key] for key in EXPECTED if told.get(key)}


# ------------------------------------------------------------ in


def _message(stage: _Stage, number: int, step: Step, feed: AnyFeed) -> dict[str, Told]:
    raw = _bytes(step.message, feed) if isinstance(feed, Feed) else step.message.encode("utf-8", "surrogateescape")
    stage.clock.move(SECOND, _arrival(raw, step, feed))
    if isinstance(feed, Feed):
        message_id, is_repeat, answered = _heard(stage, raw, feed)
    else:
        message_id, is_repeat, answered = _asked(stage, raw, feed, f"step {number}")
    if is_repeat and message_id in stage.messages:
        return {"state": "repeated", "answer": answered}
    stage.messages[message_id] = number
    told = _ending(stage, message_id) | {"answer": answered}
    return told | {"transactions": _transactions(raw, feed, stage.clock.at)}


def _heard(stage: _Stage, raw: bytes, feed: Feed) -> tuple[int, bool, str | None]:
    """Take an HL7 message; gives its id, whether it came before, and its answer."""
    examined = examine(raw, stage.setting.listening[feed.spec.channel], peer="case", at=stage.clock.at)
    (answer,) = store_batch(stage.store, [examined])
    drain(stage.process, _BATCH)
    return answer.received.message_id, answer.received.is_duplicate, _answered(stage, answer)


def _asked(stage: _Stage, raw: bytes, feed: FhirFeed, number: str) -> tuple[int, bool, str | None]:
    """Take a FHIR request, or a resource by itself as one that is created; its answer is the status with the element to blame."""
    with suppress(InterfaceError):
        number = feed.parse(raw).headers.get("x-request-id") or number
    sender = Sender(feed.spec.channel, "case", "", "case")
    (answer,) = store_batch(stage.store, [examine_request(raw, number, sender, stage.clock.at)])
    drain(stage.process, _BATCH)
    message_id, refusal = answer.received.message_id, answer.examined.refusal
    if refusal is not None:
        return message_id, answer.received.is_duplicate, f"{refusal.status} {refusal.place}".strip()
    settled = _settled(stage, message_id)
    return message_id, answer.received.is_duplicate, f"{settled.code} {settled.place}".strip() if settled else None


def _transactions(raw: bytes, feed: AnyFeed, at: int) -> dict[str, Told]:
    """What the message says of its transactions beyond what is booked; nothing where it cannot be read."""
    if isinstance(feed, Feed) and b"\rFT1" not in raw:
        return {}
    try:
        reading = feed.read_raw(raw, at)
    except InterfaceError:
        return {}
    return transactions(reading.transactions) if isinstance(reading, Reading) else {}


def _bytes(text: str, feed: Feed) -> bytes:
    written = "".join(f"{line}\r" for line in text.splitlines())
    header = read_header(written.encode("utf-8", "surrogateescape"))
    charset = feed.spec.charset or header.charset
    try:
        return charsets.encode(written, charset)
    except MessageError:  # an unknown name, or letters that it lacks: as a sender would send them who does not care
        return written.encode("utf-8", "surrogateescape")


def _arrival(raw: bytes, step: Step, feed: AnyFeed) -> int:
    try:
        text = step.at or ("" if isinstance(feed, FhirFeed) else parse(raw, feed.spec.charset or None).text("MSH-7"))
        found = read_timestamp(text, feed.context.timezone)
    except InterfaceError:
        return 0
    return found.at if found else 0


def _settled(stage: _Stage, message_id: int) -> Settled | None:
    """What the sender that waits for the outcome is told; None while nothing is decided."""
    with stage.store.snapshot() as reader:
        return reader.settled_answers([message_id]).get(message_id)


def _answered(stage: _Stage, answer: Answer[Examined]) -> str | None:
    raw = ack_of(answer, "ANSWER", stage.clock.at) if answer.code != WAITS else None
    if answer.code == WAITS:
        settled = _settled(stage, answer.received.message_id) or Settled("AA")
        raw = settled_ack(answer, settled, "ANSWER", stage.clock.at)
    if raw is None:
        return None
    ack = read_ack(raw)
    problems = [f"{one.code} {one.place}".strip() for one in ack.problems if one.code not in ("", "0")]
    return " ".join([ack.code.value, *problems[:1]])


def _order(stage: _Stage, number: int, step: Step, feed: AnyFeed) -> dict[str, Told]:
    assert step.order is not None, "the caller's choice"
    stage.clock.move(60 * SECOND)
    answered = stage.desk.ask(step.order, feed.spec.currency)
    if isinstance(answered, Rejected):
        return {"state": "rejected", "reason": answered.code}
    drain(stage.process, _BATCH)
    stage.names.payments |= {reference: name for name, reference in stage.desk.references.items()}
    message_id = getattr(answered, "message_id", 0)
    stage.messages[message_id] = number
    return _ending(stage, message_id)


def _ending(stage: _Stage, message_id: int) -> dict[str, Told]:
    with stage.store.snapshot() as reader:
        story = reader.message(message_id)
    assert story is not None, "it was stored a moment ago"
    last = story.runs[-1] if story.runs else None
    is_filtered = story.row.state is MessageState.FILTERED
    stage.stood[message_id] = story.row
    return {
        "state": _state(story.row),
        "reason": (last.text if last and is_filtered else story.row.reason) or None,
        "place": last.place if last and last.place else None,
        "warnings": list(last.warnings) if last else [],
    }


# ------------------------------------------------------------ what followed


def _then(stage: _Stage) -> dict[str, Told]:
    """Earlier messages that stand otherwise now."""
    with stage.store.snapshot() as reader:
        rows = reader.messages(MessageFilter(ids=tuple(stage.stood), limit=_MANY)) if stage.stood else []
    found: dict[str, Told] = {}
    for row in rows:
        if _stands(row) != _stands(stage.stood[row.id]):
            found[str(stage.messages[row.id])] = _stands(row)
        stage.stood[row.id] = row
    return found


def _stands(row: MessageRow) -> str:
    return f"{_state(row)} {row.reason}".strip()


def _state(row: MessageRow) -> str:
    return "parked" if row.is_parked else row.state.value


def _sent(stage: _Stage, reply: str) -> list[Told]:
    """Everything that is due goes out, and is answered as the step says."""
    sent: list[Told] = []
    for name, sender in stage.senders.items():
        while delivery := sender.next_due():
            sending = sender.begin(delivery)
            if sending is None:
                continue
            sent.append({"to": name, "message": Er7(text_of(sending.payload))})
            if reply == _NO_REPLY:
                sender.failed(sending, UnansweredError("reply-timeout", "the case gives no answer"))
            else:
                sender.answered(sending, reply, "", b"")
    return sent


def _look(stage: _Stage) -> Picture:
    with stage.store.snapshot() as reader:
        return picture(reader, stage.names, stage.setting.due)


def _work(stage: _Stage) -> dict[str, Told]:
    """Items that were opened, or counted up, and those that were closed."""
    with stage.store.snapshot() as reader:
        rows = {row.id: row for row in reader.work_items(only_open=True, beyond_id=0, limit=_MANY)}
    before = stage.items
    stage.items = rows
    opened: list[Told] = [
        _item(row) for row in rows.values() if row.id not in before or before[row.id].count != row.count
    ]
    closed: list[Told] = [_item(row) for row in before.values() if row.id not in rows]
    return {"worklist": opened, "closed": closed}


def _item(row: WorkItemRow) -> str:
    at_stake = f" {amount(row.amount_minor, row.currency)}" if row.amount_minor is not None else ""
    return f"{row.kind} {row.cause}{at_stake}"
