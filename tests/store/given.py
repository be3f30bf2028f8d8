"""Invented messages, runs and ledger rows in few words."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from interface.ledger.entity import Entity, Group, KnownIdentifier
from interface.ledger.journal import Book, Entry, EntryKind, Line
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation, AllocationKind, Origin, Payment
from interface.message import HoldKind, MessageState, PaymentState, PostingState, RunReason
from interface.row.delivery import DeliveryWanted
from interface.row.message import Intake, Parked, Received, RunRecord, StoredMessage
from interface.store.store import SqlStore
from interface.view.message import MessageRow

START = 1_790_000_000_000_000
MR = Identifier("north", "MR", "777001")
HAR = Identifier("north", "AN", "H-5001")


class HandClock:
    """Time that moves only by hand, UTC microseconds."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        return self.at


def raw(number: int, event: str = "ADT^A08") -> bytes:
    """A short message; equal numbers give equal bytes."""
    return (
        f"MSH|^~\\&|EPIC|NORTH|HP24|HP24|20260101120000||{event}|C{number}|P|2.5.1\r"
        f"PID|1||{MR.value}^^^NORTH^MR||Quillfeather^Orla||19610523\r"
    ).encode()


def intake(number: int, **changes: Any) -> Intake:
    """A frame as intake examined it."""
    plain = Intake(
        source="epic",
        arrived_at=START + number,
        peer="10.0.0.9:4000",
        raw=raw(number),
        control_id=f"C{number}",
        message_type="ADT^A08",
        sender="EPIC|NORTH",
        state=MessageState.WAITING,
        answer="AA",
    )
    return replace(plain, **changes)


def receive(store: SqlStore, *intakes: Intake) -> list[Received]:
    """Store intakes in one commit."""
    prepared = store.prepare(intakes)
    with store.turn("receive") as turn:
        return turn.receive(prepared)


def received(store: SqlStore, count: int) -> list[int]:
    """Store `count` messages; their ids."""
    return [one.message_id for one in receive(store, *(intake(number) for number in range(1, count + 1)))]


def waiting(store: SqlStore) -> list[StoredMessage]:
    with store.snapshot() as reader:
        return reader.waiting(1000)


def control_id(message: StoredMessage) -> str:
    """MSH-10 of a message made by `raw`."""
    return message.raw.split(b"|")[9].decode()


def run(message_id: int, state: MessageState = MessageState.PROCESSED, **more: Any) -> RunRecord:
    """The end of a run."""
    plain = RunRecord(message_id, RunReason.RECEIVED, 1, state, START, START + 1)
    return replace(plain, **more)


def held(message_id: int, *lanes: int, cause: str = "identity-reused") -> RunRecord:
    """A run that ends with a person's hold which blocks these lanes."""
    return run(message_id, MessageState.HELD, hold=HoldKind.PERSON, cause=cause, lanes=lanes)


def finish(store: SqlStore, *runs: RunRecord, parked: Sequence[Parked] = ()) -> None:
    with store.turn("process") as turn:
        turn.finish(runs)
        turn.park(parked)


def row(store: SqlStore, message_id: int) -> MessageRow:
    """A message as people see it."""
    with store.snapshot() as reader:
        story = reader.message(message_id)
    assert story is not None
    return story.row


def group(values: dict[str, Any], at: int = START) -> Group:
    return Group(at, 1, 1, 1, values)


def patient(number: int = 1, **more: Any) -> Entity:
    groups = {"name": group({"family": "Quillfeather", "given": "Orla"}), "birth": group({"birth_date": "1961-05-23"})}
    plain = Entity(Noun.PATIENT, number, f"pat_{number}", START, START, lane=number * 11, groups=groups)
    return replace(plain, **more)


def account(number: int = 1, patient_id: int | None = 1, **more: Any) -> Entity:
    plain = Entity(Noun.ACCOUNT, number, f"acc_{number}", START, START, patient_id=patient_id)
    plain.facility, plain.currency = "north", "USD"
    return replace(plain, **more)


def named(noun: Noun, identifier: Identifier, entity_id: int) -> KnownIdentifier:
    return KnownIdentifier(noun, identifier, entity_id, START)


def entry(number: int, message_id: int, amount: int = 2500, account_id: int = 1) -> Entry:
    lines = (
        Line(Book.RECEIVABLE, account_id, "patient", -amount, "USD"),
        Line(Book.COLLECTED, account_id, "patient", amount, "USD"),
    )
    return Entry(number, f"ent_{number}", EntryKind.PAYMENT, START, message_id, 1, 1, None, "visa", lines)


def payment(message_id: int, number: int = 1) -> Payment:
    return Payment(
        id=number,
        public_id=f"pay_{number}",
        transaction_id=f"tx_{number}",
        origin=Origin.HP24,
        tender="visa",
        token="tok_secret",
        last4="4242",
        authorization="AUTH99",
        facility="north",
        currency="USD",
        amount_minor=2500,
        taken_at=START,
        state=PaymentState.TAKEN,
        entry_id=number,
        message_id=message_id,
    )


def allocation(number: int = 1, payment_id: int = 1, **more: Any) -> Allocation:
    plain = Allocation(
        id=number,
        payment_id=payment_id,
        kind=AllocationKind.PAYMENT,
        reverses=None,
        transaction_id=f"tx_{payment_id}",
        account_id=1,
        visit_id=None,
        amount_minor=2500,
        currency="USD",
        made_at=START,
        wire_id=f"0LABC{number}",
        reference=f"R{number}",
        posting=PostingState.PENDING,
    )
    return replace(plain, **more)


def wanted(subject: str = "allocation:1", **more: Any) -> DeliveryWanted:
    return replace(DeliveryWanted("epic/dft", "payment", subject, 1, START, 1), **more)
