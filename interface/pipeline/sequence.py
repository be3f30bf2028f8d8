"""Order per patient: which messages of a batch may run, and which wait behind an older one of their lane.

A lane is a patient across all channels. The fast path writes nothing: only what blocks, and what waits behind it, gets rows in the
store. Merges join lanes when they are sequenced, before they are applied, and lanes are never split again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from interface.ledger.change import LaneJoin
from interface.row.message import Parked


@dataclass(slots=True)
class Lanes:
    """The lanes of one batch.

    `heads`: by lane root, the order id of the oldest message that blocks or waits there. `roots`: the joins known so far.
    """

    heads: dict[int, int]
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

    def is_blocked(self, order_id: int, lanes: Iterable[int]) -> bool:
        """Whether a message must wait: something older stands in one of its lanes."""
        return any(lane in self.heads and self.heads[lane] < order_id for lane in lanes)

    def park(self, message: Parked, order_id: int) -> None:
        """Let a message wait; what follows in any of its lanes waits behind it."""
        self.parked.append(message)
        self.block(order_id, message.lanes)

    def block(self, order_id: int, lanes: tuple[int, ...]) -> None:
        """Mark the lanes of a message that failed, or is held for a person, or waits."""
        for lane in lanes:
            self.heads[lane] = min(order_id, self.heads.get(lane, order_id))

    def join(self, lanes: tuple[int, ...]) -> tuple[int, ...]:
        """Join the lanes of a merge under the smallest root; gives the root alone."""
        if len(lanes) < 2:
            return lanes
        root = min(lanes)
        for lane in lanes:
            if lane != root:
                self.roots[lane] = root
                self.joins.append(LaneJoin(lane, root))
        for lane in lanes:
            if lane in self.heads:
                self.block(self.heads[lane], (root,))
        return (root,)
