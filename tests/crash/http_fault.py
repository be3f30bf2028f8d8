"""Faults of EHRs that take payments over HTTP: answers dropped, delayed, refused; a server that dies and comes back."""

import time
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Self

from interface.simulate.fhir_ehr import Conduct, FhirEhr
from tests.crash.fault import Kill, Victim
from tests.crash.world import World
from tests.engine.processes import wait_until

_PAYMENT_SECS = 2.0
_STATUSES = (401, 409, 422, 429, 429, 500, 503, 503)


def _ehr(world: World, place: int) -> FhirEhr:
    return world.http_places[place % len(world.http_places)].ehr


@dataclass(frozen=True, slots=True)
class Misanswered:
    """One EHR books its next payments and drops the answer, delays it or says what nobody understands; or it loses them."""

    place: int
    conduct: Conduct
    count: int
    secs: float

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        conduct = rng.choice((Conduct.DROP, Conduct.DROP, Conduct.SLOW, Conduct.GARBAGE, Conduct.LOSE))
        return cls(rng.randrange(99), conduct, rng.randint(1, 2), rng.uniform(0.1, 2.5))

    def strike(self, world: World) -> None:
        _ehr(world, self.place).behave(self.conduct, count=self.count, secs=self.secs)


@dataclass(frozen=True, slots=True)
class Refused:
    """One EHR books none of its next payments, and answers each with a status, perhaps with when to come again."""

    place: int
    status: int
    retry_after: str
    count: int

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.randrange(99), rng.choice(_STATUSES), rng.choice(("", "1")), rng.randint(1, 2))

    def strike(self, world: World) -> None:
        _ehr(world, self.place).behave(
            Conduct.ANSWER, count=self.count, status=self.status, retry_after=self.retry_after
        )


@dataclass(frozen=True, slots=True)
class Dead:
    """One EHR dies, with whatever it was about to answer, and comes back with its books."""

    place: int
    secs: float

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.randrange(99), rng.uniform(0.2, 2.0))

    def strike(self, world: World) -> None:
        ehr = _ehr(world, self.place)
        ehr.leave()
        time.sleep(self.secs)
        ehr.come_back()


@dataclass(frozen=True, slots=True)
class KillWhilePosting:
    """The whole engine is killed once an EHR has booked a payment and before it answers; without one in time, all the same."""

    place: int

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.randrange(99))

    def strike(self, world: World) -> None:
        ehr = _ehr(world, self.place)
        before = len(ehr.record.booked)
        ehr.behave(Conduct.SLOW, count=1, secs=_PAYMENT_SECS)
        with suppress(AssertionError):
            wait_until(lambda: len(ehr.record.booked) > before, "a payment arrives", secs=_PAYMENT_SECS)
        Kill(Victim.ENGINE).strike(world)


OVER_HTTP = (Misanswered.drawn, Refused.drawn, Dead.drawn, KillWhilePosting.drawn)
