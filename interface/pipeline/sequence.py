"""Order per patient: which messages of a batch may run, and which wait behind another one of their lane.

A lane is a patient across all channels. The fast path writes nothing: only what blocks, and what waits behind it, gets rows in the
store. Merges join lanes when they are sequenced, before they are applied, and lanes are never split again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from interface.ledger.change import LaneJoin
from interface.row.message import Parked


@dataclass(slots=True)
class Lanes:
    """The lanes of one batch. `occupied` are lane roots with a blocking or waiting message, `roots` the joins known so far."""

    occupied: set[int]
    roots: dict[int, int]
    parked: list[Parked] = field(default_factory=list)
    joins: list[LaneJoin] = field(default_factory=list)

    def rooted(self, lanes: Iterable[int]) -> tuple[int, ...]:
        """Each lane's root, once, in order."""
        return tuple(sorted({self._root(lane) for lane in lanes}))

    def _root(self, lane: int) -> int:
        while lane in self.roots:
            lane = self.roots[lane]
        return lane

    def is_blocked(self, lanes: Iterable[int]) -> bool:
        """Whether a message with these lanes must wait."""
        return not self.occupied.isdisjoint(lanes)

    def park(self, message_id: int, lanes: tuple[int, ...]) -> None:
        """Let a message wait; what follows in any of its lanes waits behind it."""
        self.parked.append(Parked(message_id, lanes))
        self.occupied.update(lanes)

    def block(self, lanes: tuple[int, ...]) -> None:
        """Mark the lanes of a message that failed or is held for a person."""
        self.occupied.update(lanes)

    def join(self, lanes: tuple[int, ...]) -> tuple[int, ...]:
        """Join the lanes of a merge under the smallest root; gives the root alone."""
        if len(lanes) < 2:
            return lanes
        root = min(lanes)
        for lane in lanes:
            if lane != root:
                self.roots[lane] = root
                self.joins.append(LaneJoin(lane, root))
        if self.is_blocked(lanes):
            self.occupied.add(root)
        return (root,)
