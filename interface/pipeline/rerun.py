"""Running stored messages through the real pipeline somewhere else: in memory over a snapshot (a preview), or into an empty
ledger (a proof). The same `Batch` does the work; only where its rows come from and go to differs. Nothing is sent, and nothing
is written to the store of record.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from interface.ledger.change import LedgerChanges
from interface.ledger.noun import Identifier
from interface.pipeline.batch import Batch, Trip
from interface.pipeline.plan import Plan
from interface.pipeline.process import understand
from interface.ports import Clock, LedgerRows, Sealed
from interface.row.message import RunRecord, StoredMessage


@dataclass(slots=True)
class Bench:
    """Ids that mean nothing outside of a rerun; `ports.Workbench`.

    `wire_ids` are those that the same allocations got before, in order: an echo of the EHR names them. So are `public_ids` those
    of the rows, by prefix: whoever reads them over FHIR may name them. `seal` makes changes ready for where they go.
    """

    lane_of: Callable[[Identifier], int]
    seal: Callable[[LedgerChanges], Sealed]
    wire_ids: Iterator[str] = field(default_factory=lambda: iter(()))
    first_id: int = 1
    public_ids: Mapping[str, Iterator[str]] = field(default_factory=dict)
    _counters: dict[str, int] = field(default_factory=dict)

    def allocate(self, name: str) -> int:
        """The next id of a counter."""
        number = self._counters.get(name, self.first_id)
        self._counters[name] = number + 1
        return number

    def wire_id(self, name: str, width: int) -> str:
        """The next of the known wire ids, else one of its own."""
        return next(self.wire_ids, "") or f"?{self.allocate(f'wire {name}')}"[:width]

    def new_public_id(self, prefix: str) -> str:
        """The next of the known ones, else an id that only has to differ."""
        return next(self.public_ids.get(prefix, iter(())), "") or f"{prefix}_{self.allocate(f'public {prefix}')}"


@dataclass(frozen=True, slots=True)
class Rerun:
    """One batch of a rerun: how each message was understood (`trips`, of the same order) and ended, and what all of them changed
    (`sealed`: ready for where it goes)."""

    trips: Sequence[Trip]
    runs: Sequence[RunRecord]
    changes: LedgerChanges
    sealed: Sealed


def rerun(
    bench: Bench, rows: LedgerRows, plan: Plan, clock: Clock, messages: Sequence[StoredMessage]
) -> Iterator[Rerun]:
    """Run messages in the given order. Each result must be saved where `rows` will see it before the next one is taken."""
    # Understood once: a batch of requests ends early, again and again, and what a message says does not depend on the ledger.
    left = [understand(plan, message, clock) for message in messages]
    while left:
        batch = Batch(bench, plan, clock, rows, left)
        batch.run()
        yield Rerun(left[: len(batch.runs)], batch.runs, batch.changes, batch.sealed)
        left = left[len(batch.runs) :]
