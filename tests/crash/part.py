"""The parts that a run is made of, and that later work adds its own of: traffic, faults, checks.

A run is load on an engine while faults strike it, and then a look from outside. Traffic knows what it sent and what it was
answered, and brings the checks that follow from that; a check sees the engine only as `hp24 VERB --json` shows it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tests.crash.seen import Seen
from tests.crash.world import World


class Check(Protocol):
    """Something that must hold at the end."""

    def differences(self, seen: Seen) -> Iterator[str]:
        """One sentence for each thing that is not as it must be."""
        ...


class Traffic(Protocol):
    """One kind of load."""

    @property
    def steps(self) -> int:
        """How many steps `send` will count: faults are spread over the steps of all traffic."""
        ...

    def send(self, world: World, done: Callable[[int], None]) -> None:
        """Send everything, each as often as it takes until it is answered; `done(steps)` after each answer. May use threads."""
        ...

    def is_settled(self, seen: Seen) -> bool:
        """Whether the engine has nothing to do any more for this traffic."""
        ...

    def checks(self, world: World) -> Sequence[Check]:
        """What must hold after `send` has returned and everything has settled."""
        ...


class Fault(Protocol):
    """Something bad that happens. Frozen, so that one seed always gives the same; its text is shown when a check fails."""

    def strike(self, world: World) -> None:
        """Do it; returns when it is over, or goes on by itself."""
        ...
