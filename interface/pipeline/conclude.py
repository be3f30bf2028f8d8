"""What an outcome means for the message: its state, its reason, whether its lane waits, what its sender is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from interface.errors import InterfaceError, MappingError
from interface.ledger.outcome import Applied, MissingAccount, Outcome, PersonHold, Refusal, Touched, Unrestated
from interface.ledger.reading import Filtered, Reading
from interface.ledger.worklist import HELD_MESSAGE, ItemKind, WorkItem
from interface.message import HoldKind, MessageState
from interface.pipeline.plan import ApplicationAck, Sound, Understood, Unsound
from interface.row.message import StoredMessage


@dataclass(frozen=True, slots=True)
class Ending:
    """How one run ends. `verdict` is the application acknowledgement; `hl7_code` (table 0357) and `place` explain a refusal."""

    state: MessageState
    cause: str = ""
    place: str = ""
    text: str = ""
    hold: HoldKind | None = None
    changed: bool = False
    warnings: tuple[str, ...] = ()
    unrestated: tuple[Unrestated, ...] = ()
    awaited_account: str = ""
    verdict: str = "AA"
    hl7_code: str = ""
    work_item: Callable[[StoredMessage], WorkItem] | None = None
    keeps_lane: bool = True
    touched: tuple[Touched | None, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether later messages of the same lane wait: failed, held for a person or for a mended mapping."""
        is_stuck = self.state is MessageState.FAILED or self.hold in (HoldKind.PERSON, HoldKind.BROKEN_MAPPING)
        return self.keeps_lane and is_stuck


LANE_BLOCKED = Ending(
    MessageState.PROCESSED,
    cause="lane-blocked",
    text="an older message of this patient blocks, or the patient is paused; replay again later",
)
HOLDS_ITS_LANE = Ending(
    MessageState.PROCESSED,
    cause="holds-its-lane",
    text="it holds back its patient itself; `hp24 release` runs it, and then what waits behind it",
)
NOT_RUN_YET = Ending(
    MessageState.PROCESSED, cause="not-run-yet", text="it still waits for its first run; there is nothing to repeat"
)
SAYS_NOTHING = (LANE_BLOCKED, HOLDS_ITS_LANE, NOT_RUN_YET)  # endings of a replay that leave the message as it was


def without_reading(understood: Understood | None, failure: InterfaceError | None) -> Ending:
    """The ending of a message with nothing to apply: filtered, an acknowledgement, or not understood."""
    if failure is not None:
        return _failed(failure)
    content = understood.content if understood else None
    match content:
        case Filtered():
            return Ending(MessageState.FILTERED, cause="filtered", text=content.reason)
        case Sound():
            return Ending(MessageState.PROCESSED)
        case Unsound():
            return _unsound(content)
        case _:
            pass
    assert isinstance(content, ApplicationAck), "a reading is applied, not concluded here"
    return Ending(MessageState.PROCESSED, cause="acknowledgement")


def _unsound(found: Unsound) -> Ending:
    return Ending(
        MessageState.HELD,
        cause=found.code,
        place=found.place,
        text=found.text,
        hold=HoldKind.PERSON,
        # Each is a judgement of its own: what one batch lacks says nothing of the next one.
        work_item=lambda message: WorkItem(
            ItemKind.HELD_MESSAGE, f"message:{message.id}", found.code, HELD_MESSAGE, message_id=message.id
        ),
    )


def _failed(failure: InterfaceError) -> Ending:
    if isinstance(failure, MappingError):
        return Ending(
            MessageState.HELD,
            cause=failure.code,
            place=failure.place,
            text=failure.text,
            hold=HoldKind.BROKEN_MAPPING,
            work_item=_item(ItemKind.BROKEN_MAPPING, failure.code),
        )
    return Ending(
        MessageState.FAILED,
        cause=failure.code,
        place=failure.place,
        text=failure.text,
        verdict="AE",
        hl7_code=getattr(failure, "hl7_code", "207"),
        work_item=_item(ItemKind.FAILED_MESSAGE, failure.code),
    )


def applied(outcome: Outcome, readings: Sequence[Reading]) -> Ending:
    """The ending of a message that was applied to the ledger, or could not be."""
    asked = next((reading for reading in readings if reading.is_of_healthpay24), None)
    match outcome:
        case Applied():
            warnings = (*(warning for reading in readings for warning in reading.warnings), *outcome.warnings)
            return Ending(
                MessageState.PROCESSED,
                changed=outcome.changed,
                warnings=warnings,
                unrestated=outcome.unrestated,
                touched=outcome.touched,
            )
        case MissingAccount():
            return Ending(
                MessageState.HELD,
                cause="missing-account",
                text="no message has brought this account yet",
                hold=HoldKind.MISSING_ACCOUNT,
                awaited_account="|".join(outcome.identifier),
            )
        case PersonHold():
            return Ending(
                MessageState.HELD,
                cause=outcome.code,
                place=outcome.place,
                text=outcome.text,
                hold=HoldKind.PERSON,
                work_item=lambda message: replace(outcome.work_item, message_id=message.id),
                keeps_lane=asked is None,
            )
        case Refusal():
            return Ending(
                MessageState.FAILED,
                cause=outcome.code,
                place=outcome.place,
                text=outcome.text,
                verdict="AE",
                hl7_code=outcome.hl7_code,
                work_item=_refused(outcome.code, asked),
                # Nothing of the EHR's depends on what HealthPay24 asked for in vain, and no amended copy is to take its place.
                keeps_lane=asked is None,
            )


def _refused(cause: str, asked: Reading | None) -> Callable[[StoredMessage], WorkItem]:
    kind = ItemKind.FAILED_MESSAGE
    if asked is None:
        return _item(kind, cause)
    # Money has an item for each subject, with what is at stake.
    amount, currency = (said.amount_minor, said.currency) if (said := asked.payment) else (None, "")
    return lambda message: WorkItem(kind, f"message:{message.id}", cause, HELD_MESSAGE, amount, currency, message.id)


def _item(kind: ItemKind, cause: str) -> Callable[[StoredMessage], WorkItem]:
    # One item per channel and cause: a broken mapping that holds 4,000 messages is one thing to mend.
    return lambda message: WorkItem(kind, f"channel:{message.source}", cause, HELD_MESSAGE)
