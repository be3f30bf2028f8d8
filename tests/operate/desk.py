"""An operator's desk for tests: a feed, what stands in the store, and what the audit trail says."""

from dataclasses import dataclass, replace
from typing import cast

from interface.errors import MappingError, MessageError
from interface.hl7.parser import parse
from interface.ledger.reading import Meaning, PaymentAllocation, PaymentSaid, Reading
from interface.mapping.posting import Posting
from interface.message import DeliveryState, MessageState
from interface.operate.act import By
from interface.operate.amend import SOURCE
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.plan import Plan
from interface.pipeline.process import drain
from interface.row.message import Intake
from interface.store.store import SqlStore
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.message import MessageFilter, MessageRow
from interface.view.money import AccountStory
from tests.pipeline.spoken import CHANNEL, DESTINATION, Content, Feed, destination, update

BY = By("nora", "seen in the EHR")
BROKEN = MappingError("target-unknown", "no such target", place="epic.yaml:7")
UNUSABLE = MessageError("event-unusable", "cannot be applied", place="EVN-1")


def er7(number: int, patient: str) -> bytes:
    """A short ADT message of an invented patient."""
    return (
        f"MSH|^~\\&|EPIC|NORTH|HP24|HP24|20260304120000||ADT^A08|C{number}|P|2.5.1\rPID|1||{patient}^^^NORTH^MR\r"
    ).encode()


def render(posting: Posting, control_id: str, _now: int) -> bytes:
    """A payment as bytes: enough of HL7 to carry a control id."""
    return f"MSH|^~\\&|HP24|HP24|EPIC|NORTH|20260304||DFT^P03|{control_id}|P|2.5.1\rFT1|1|{posting.wire_id}\r".encode()


@dataclass
class Desk(Feed):
    """`heard` decides what each message means when it runs; change it to mend a mapping."""

    store: SqlStore

    def plan(self, config_id: int = 1) -> Plan:
        plan = super().plan(config_id)
        return replace(plan, channels={**plan.channels, f"{SOURCE}/{CHANNEL}": plan.channels[CHANNEL]})

    def hear(self, *contents: tuple[str, Content]) -> list[int]:
        """Store and run HL7 messages: (patient, meaning); gives their ids."""
        intakes = []
        for patient, content in contents:
            number = next(self.numbers)
            raw = er7(number, patient)
            self.contents[raw] = content
            name, at = f"C{number}", self.clock.now()
            intakes.append(
                Intake(CHANNEL, at, "10.0.0.9:4000", raw, name, "ADT^A08", "EPIC|NORTH", MessageState.WAITING, "AA")
            )
        prepared = self.store.prepare(intakes)
        with self.store.turn("receive") as turn:
            ids = [one.message_id for one in turn.receive(prepared)]
        self.run()
        return ids

    def mend(self, message_id: int, content: Content) -> None:
        """From now on, the message means this."""
        with self.store.snapshot() as reader:
            self.contents[cast(bytes, reader.body(message_id))] = content

    def run(self) -> None:
        drain(self.stage(), 64)

    def rows(self, *ids: int) -> list[MessageRow]:
        with self.store.snapshot() as reader:
            return reader.messages(MessageFilter(ids=ids))

    def state(self, message_id: int) -> str:
        (row,) = self.rows(message_id)
        return "parked" if row.is_parked else str(row.state)

    def ended_at(self, message_id: int) -> int:
        """When a message's last run ended."""
        with self.store.snapshot() as reader:
            story = reader.message(message_id)
        assert story is not None
        return story.runs[-1].ended_at

    def trail(self, subject: str) -> list[str]:
        """Who did what to a subject, oldest first: `nora: skip`."""
        with self.store.snapshot() as reader:
            return [f"{one.actor}: {one.verb}" for one in reader.audited_on([subject])]

    def story(self, account: str) -> AccountStory:
        with self.store.snapshot() as reader:
            found = reader.account(account)
        assert found is not None
        return found

    def open_items(self) -> list[str]:
        with self.store.snapshot() as reader:
            return [f"{one.kind} {one.subject}" for one in reader.work_items(only_open=True, beyond_id=0, limit=100)]


@dataclass
class Till:
    """A desk with one account and a destination that answers as told."""

    desk: Desk
    stage: DeliverStage

    @staticmethod
    def open(desk: Desk, accounts: int = 1, posted_when: str = "accept") -> "Till":
        desk.destinations = {DESTINATION: destination(posted_when, max_unresolved=9)}
        desk.hear(*((f"{number}", update(f"{number}", f"A{number}")) for number in range(accounts)))
        return Till(desk, DeliverStage(desk.store, desk.destinations[DESTINATION], render, desk.clock, lambda: 0.5))

    def pay(self, name: str, account: str = "A0", cents: int = 500) -> None:
        """Take a payment and queue its posting."""
        share = PaymentAllocation(None, self.desk.story(account).account.public_id, cents)
        said = PaymentSaid(name, cents, "USD", (share,), "visa", last4="4242", taken_at=self.desk.clock.now())
        self.desk.receive(Reading(Meaning.PAYMENT, said.taken_at, payment=said))
        self.desk.run()

    def send(self, code: str = "AA", hl7_code: str = "") -> bytes:
        """Send what is first in line and take this answer; gives the payload."""
        delivery = self.stage.next_due()
        assert delivery is not None
        sending = self.stage.begin(delivery)
        assert sending is not None
        self.stage.answered(sending, code, hl7_code, b"")
        return sending.payload

    def lose(self) -> bytes:
        """Send what is first in line and get no answer."""
        from interface.errors import UnansweredError

        delivery = self.stage.next_due()
        assert delivery is not None
        sending = self.stage.begin(delivery)
        assert sending is not None
        self.stage.failed(sending, UnansweredError("reply-timeout", "no answer in time"))
        return sending.payload

    def deliveries(self) -> list[DeliveryStory]:
        with self.desk.store.snapshot() as reader:
            return reader.deliveries(DeliveryFilter())

    def states(self) -> list[DeliveryState]:
        return [one.state for one in self.deliveries()]

    def postings(self, account: str = "A0") -> list[str]:
        return [str(one.posting) for one in self.desk.story(account).allocations]


def control_id(payload: bytes) -> str:
    return parse(payload).text("MSH-10")


def wire_id(payload: bytes) -> str:
    return parse(payload).text("FT1-2")
