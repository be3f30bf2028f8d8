"""A HealthPay24 that holds what it is told, and answers otherwise where a test says so."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from interface.errors import InterfaceError
from interface.healthpay24.embedded import EmbeddedHealthPay24
from interface.healthpay24.protocol import Answered, Put
from interface.healthpay24.push import PushPace, PushStage
from interface.ledger.due import BalancePolicy
from interface.ledger.reading import Meaning, PaymentAllocation, PaymentSaid, Reading, StatedBalance
from interface.pipeline.process import drain
from interface.row.mirror import Subject
from tests.pipeline.spoken import SECOND, Feed, number, update

RULES = {"NORTH": BalancePolicy()}
LOOKUP_SECS = 30.0


class FarSide(EmbeddedHealthPay24):
    """`told` lists every put in order; `script` maps a subject to what it answers or raises next, first come first."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed.store, feed.clock)
        self.told: list[tuple[Subject, Put[Any]]] = []
        self.script: dict[Subject, list[Answered | InterfaceError]] = {}
        self.lookups: list[Answered | InterfaceError] = []
        self.asked: list[str] = []
        self.meanwhile: list[Callable[[], None]] = []  # what happens while it is being told
        self.is_lossy = False  # takes what it is told, and its answer is lost

    def _put(self, subject: Subject, puts: Sequence[Put[Any]]) -> list[Answered]:
        self.told += [(subject, put) for put in puts]
        for happens in self.meanwhile:
            happens()
        self.meanwhile.clear()
        planned = self.script.get(subject, [])
        if planned and isinstance(planned[0], InterfaceError):
            failure = planned.pop(0)
            if self.is_lossy:
                super()._put(subject, puts)
            raise failure
        taken = [put for put in puts if not planned]
        held = iter(super()._put(subject, taken))
        return [planned.pop(0) if planned else next(held) for _put in puts]

    def lookup(self, key: str) -> Answered:
        """What the test planned, else what is held."""
        self.asked.append(key)
        if self.lookups:
            answer = self.lookups.pop(0)
            if isinstance(answer, InterfaceError):
                raise answer
            return answer
        return super().lookup(key)

    def names(self, subject: Subject) -> list[str]:
        """Public ids in the order in which they were told."""
        return [put.record.public_id for kind, put in self.told if kind is subject]


def stage(feed: Feed, far_side: FarSide, batch: int = 64) -> PushStage:
    pushing = PushStage(feed.store, far_side, feed.clock, PushPace(batch, LOOKUP_SECS))
    pushing.adopt(RULES)
    return pushing


def apply(feed: Feed, *readings: Reading) -> None:
    """Process these readings."""
    feed.receive(*readings)
    drain(feed.stage(), 100)


def stated(account: str, cents: int, at: int = SECOND) -> Reading:
    """The EHR says what is owed."""
    reading = update("1", account, at=at)
    return replace(reading, balances=(StatedBalance(number(account), cents, "USD", at),))


def payment(account_public_id: str, cents: int, name: str) -> Reading:
    """HealthPay24 took money."""
    part = PaymentAllocation(None, account_public_id, cents)
    said = PaymentSaid(name, cents, "USD", (part,), "visa", taken_at=5 * SECOND)
    return Reading(Meaning.PAYMENT, 5 * SECOND, payment=said)


def public_id(feed: Feed, account: str) -> str:
    with feed.store.snapshot() as reader:
        story = reader.account(account)
    assert story is not None
    return story.account.public_id


def to_tell(feed: Feed) -> int:
    with feed.store.snapshot() as reader:
        return reader.mirror_count().due


def pass_time(feed: Feed, secs: float) -> None:
    feed.clock.at += int(secs * SECOND)
