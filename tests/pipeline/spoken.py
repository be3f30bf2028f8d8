"""A tiny language for pipeline tests: each message's bytes name a reading that the test made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from interface.errors import InterfaceError
from interface.ledger.noun import Identifier
from interface.ledger.reading import (
    Filtered,
    Meaning,
    Merge,
    MoneyKind,
    Reading,
    Said,
    Transaction,
)
from interface.message import MessageState
from interface.pipeline.plan import ApplicationAck, ChannelPlan, DestinationPlan, Plan, Sound, Understood, Unsound
from interface.pipeline.process import ProcessStage
from interface.pipeline.retry import RetryPolicy
from interface.ports import Store
from interface.row.message import Intake

CHANNEL = "spoken"
DESTINATION = "spoken/ehr"
SECOND = 1_000_000
HOLD_SECS = 3600  # how long money waits for its account before a person is told
Content = Reading | Filtered | ApplicationAck | Sound | Unsound | InterfaceError | Exception


def mrn(value: str) -> Identifier:
    return Identifier("north", "MR", value)


def number(value: str) -> Identifier:
    return Identifier("north", "AN", value)


@dataclass
class HandClock:
    """Time that only a test moves."""

    at: int = 1_700_000_000 * SECOND

    def now(self) -> int:
        self.at += 1
        return self.at


@dataclass
class Feed:
    """Messages whose meaning the test decides, and the stage that runs them."""

    store: Store
    clock: HandClock
    contents: dict[bytes, Content] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    owners: dict[bytes, str] = field(default_factory=dict)  # whose an unreadable message is, where that can be told
    destinations: Mapping[str, DestinationPlan] = field(default_factory=dict)

    def plan(self, config_id: int = 1) -> Plan:
        channels = {
            CHANNEL: ChannelPlan(CHANNEL, self._read, identify=self._identify, missing_account_hold_secs=HOLD_SECS)
        }
        return Plan(config_id, channels, self.destinations)

    def _read(self, raw: bytes, _arrived_at: int) -> Understood:
        content = self.contents[raw]
        if isinstance(content, Exception):
            raise content
        return Understood(content)

    def _identify(self, raw: bytes) -> Reading | None:
        owner = self.owners.get(raw, "")
        return Reading(Meaning.UPDATE, 0, patient=Said((mrn(owner),))) if owner else None

    def stage(self, config_id: int = 1, ahead_messages: int = 256) -> ProcessStage:
        return ProcessStage(self.store, self.plan(config_id), self.clock, ahead_messages=ahead_messages)

    def receive(self, *contents: Content, waits: bool = False, owner: str = "") -> list[int]:
        """Store messages; gives their ids. `owner`: whose they are, where they cannot be read."""
        raws = self.speak(*contents)
        self.owners |= dict.fromkeys(raws, owner)
        return self.receive_raw(*raws, waits=waits)

    def speak(self, *contents: Content) -> tuple[bytes, ...]:
        """Bytes that mean this, not received yet."""
        raws = tuple(f"spoken M{next(self.numbers)}".encode() for _ in contents)
        self.contents |= dict(zip(raws, contents, strict=True))
        self.owners |= dict.fromkeys(raws, "")
        return raws

    def receive_batch(self, *raws: bytes, difference: str = "") -> int:
        """Store an HL7 batch of these messages; its count is wrong where a `difference` is named."""
        raw = f"batch {next(self.numbers)}".encode()
        self.contents[raw] = Unsound(difference, "BTS-1", "it differs", raws) if difference else Sound(raws)
        (number,) = self.receive_raw(raw, message_type="BHS")
        return number

    def mend(self, batch_id: int, *raws: bytes) -> None:
        """From now on the batch is right, and holds these."""
        with self.store.snapshot() as reader:
            (message,) = reader.stored([batch_id])
        self.contents[message.raw] = Sound(raws)

    def receive_raw(self, *raws: bytes, waits: bool = False, message_type: str = "ADT^A08") -> list[int]:
        """Store these bytes; gives the messages' ids."""
        answer = "?" if waits else "AA"
        intakes = [
            Intake(CHANNEL, self.clock.now(), "test", raw, "", message_type, "T|T", MessageState.WAITING, answer)
            for raw in raws
        ]
        prepared = self.store.prepare(intakes)
        with self.store.turn("receive") as turn:
            return [one.message_id for one in turn.receive(prepared)]

    def states(self, ids: list[int]) -> list[str]:
        """Each message's state, `parked` where it waits behind another one."""
        with self.store.snapshot() as reader:
            rows = [story.row for story in map(reader.message, ids) if story is not None]
        return ["parked" if row.is_parked else str(row.state) for row in rows]


def destination(posted_when: str = "accept", *, max_unresolved: int = 1, deduplicates: bool = False) -> DestinationPlan:
    return DestinationPlan(
        name=DESTINATION,
        retry=RetryPolicy(jitter=0),
        probe=RetryPolicy(30, 300, jitter=0),
        deduplicates=deduplicates,
        max_unresolved_sends=max_unresolved,
        posted_when=posted_when,
        receives_payments=True,
        facility="NORTH",
    )


def update(patient: str, account: str = "", *, family: str = "Tester", at: int = SECOND) -> Reading:
    """An A08: a patient and, where named, an account."""
    said = Said((Identifier("north", "AN", account),), attributes={"facility": "NORTH", "currency": "USD"})
    return Reading(
        Meaning.UPDATE,
        at,
        facility="NORTH",
        patient=Said((mrn(patient),), {"name": {"family": family}}),
        account=said if account else None,
    )


def merge(survivor: str, retired: str, at: int = SECOND) -> Reading:
    return Reading(
        Meaning.MERGE_PATIENT,
        at,
        facility="NORTH",
        patient=Said((mrn(survivor),)),
        merges=(Merge(mrn(survivor), mrn(retired)),),
    )


def charge(account: str, cents: int, name: str, at: int = SECOND) -> Reading:
    line = Transaction(
        MoneyKind.CHARGE,
        cents,
        "USD",
        id=name,
        type_code="CG",
        occurred_on="2026-01-05",
        account=number(account),
        place="FT1[1]",
    )
    return Reading(Meaning.TRANSACTIONS, at, facility="NORTH", transactions=(line,))


def charge_of(patient: str, account: str, cents: int, name: str) -> Reading:
    return replace(charge(account, cents, name), patient=Said((mrn(patient),)))
