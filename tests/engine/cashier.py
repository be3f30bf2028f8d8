"""Payments for tests: accounts that the engine knows, money taken on them, and how far each payment is."""

from dataclasses import dataclass
from itertools import count

from interface.app.pay import hosted
from interface.healthpay24.protocol import Done, PaymentOrder, Share
from interface.ledger.payment import Allocation
from interface.message import MessageState, PostingState
from interface.simulate.receiver import Receiver
from interface.view.delivery import DeliveryFilter, DeliveryStory
from tests.engine.harness import Engine
from tests.engine.processes import wait_until
from tests.engine.root import Edit, Spec
from tests.engine.wire import Wire, adt, code, control_id

_NUMBERS = count(1)
# Answers are waited for a second, so that a silent EHR costs a test no more; probes come as soon.
_REPLY_TIMEOUT_SECS = 1.0
_TIMES = {"connect_timeout_secs": 5.0, "late_ack_secs": 30.0}


def paying(
    facility: str,
    port: int | str,
    ehr_port: int,
    *,
    posted_when: str = "accept",
    deduplicates: bool = False,
    reply_timeout_secs: float = _REPLY_TIMEOUT_SECS,
) -> Edit:
    """A channel of its own: a listener on `port`, payments of its facility to the EHR on `ehr_port`."""

    def edit(spec: Spec) -> None:
        spec["source"]["mllp"]["port"] = port
        spec["facility"] = facility
        spec["posted_when"] = posted_when
        destination = spec["destinations"]["dft"]
        times = _TIMES | {"reply_timeout_secs": reply_timeout_secs}
        destination["mllp"] = {"host": "127.0.0.1", "port": ehr_port, **times}
        destination["deduplicates"] = deduplicates
        destination["retry"] = {"first_wait_secs": 0.2, "max_wait_secs": 1.0}
        destination |= {"probe_first_wait_secs": 0.5, "probe_max_wait_secs": 1.0}

    return edit


@dataclass(frozen=True, slots=True)
class Till:
    """One channel, through which accounts come in and payments go out."""

    engine: Engine
    channel: str
    facility: str
    port: int

    def open_account(self) -> str:
        """Let the EHR tell of a new account; gives the engine's public id of it."""
        number = next(_NUMBERS)
        message, account = control_id("ACC"), f"{self.facility}{number:06d}"
        with Wire(self.port) as wire:
            content = adt(
                message,
                event="A04",
                mrn=f"M{account}",
                account=account,
                visit=f"V{account}",
                facility=self.facility,
                balance="80.00",
            )
            assert code(wire.ask(content)) == "AA"
        self.engine.await_state(message, MessageState.PROCESSED, channel=self.channel)
        with self.engine.app.store.snapshot() as reader:
            story = reader.account(account)
        assert story is not None
        return story.account.public_id

    def pay(self, account: str, amount_minor: int = 2500) -> str:
        """Take a payment; gives its reference."""
        number = next(_NUMBERS)
        order = PaymentOrder((Share(account, amount_minor),), "USD", "visa", f"tok_test{number:04d}", "4242")
        answer = hosted(self.engine.app).pay(order, key=f"{self.facility}-{number}", actor="tester")
        assert isinstance(answer, Done)
        return answer.reference

    def allocation(self, reference: str) -> Allocation | None:
        """The payment's only allocation; None until the engine has processed it."""
        with self.engine.app.store.snapshot() as reader:
            story = reader.payment(reference)
        return story.allocations[0] if story is not None else None

    def delivery(self, reference: str) -> DeliveryStory | None:
        """The payment's only delivery; None until it is queued."""
        allocation = self.allocation(reference)
        if allocation is None:
            return None
        found = self.engine.deliveries(DeliveryFilter(subjects=(f"allocation:{allocation.id}",)))
        return found[0] if found else None

    def await_posting(self, reference: str, posting: PostingState) -> Allocation:
        """Wait until the payment's posting stands so."""

        def stands() -> bool:
            allocation = self.allocation(reference)
            return allocation is not None and allocation.posting is posting

        wait_until(stands, f"the payment's posting is {posting}; see {self.engine.log}")
        allocation = self.allocation(reference)
        assert allocation is not None
        return allocation

    def items(self) -> list[tuple[str, str]]:
        """Kind and cause of every open work item about this channel's deliveries."""
        mine = {
            f"delivery:{one.id}" for one in self.engine.deliveries(DeliveryFilter(destination=f"{self.channel}/dft"))
        }
        return [(item.kind, item.cause) for item in self.engine.work_items() if item.subject in mine]


@dataclass(frozen=True, slots=True)
class EhrTill(Till):
    """A till together with the simulated EHR that its payments go to."""

    ehr: Receiver

    def booked(self) -> int:
        """How many payment lines the EHR has booked, repeats included."""
        return len(self.ehr.record.journal.posted)

    def booked_twice(self) -> int:
        """How many of them were there before."""
        return len(self.ehr.record.journal.duplicates)
