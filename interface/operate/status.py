"""How everything stands: counts, what waits, what was brought to a stop, which parts are alive. Shows no content."""

from dataclasses import dataclass

from interface.ports import Clock, Store
from interface.row.mirror import MirrorCount
from interface.view.count import STOPPED, ChannelCount, DestinationCount, PartRow, PauseRow

ALIVE_MICROS = 10_000_000  # a part beats every two seconds
_OPEN_ITEMS = 10_000  # a list that is longer says "10000" and is wrong in the right direction


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of one snapshot, taken `at`; `alive` are the parts that beat lately."""

    at: int
    channels: tuple[ChannelCount, ...]
    destinations: tuple[DestinationCount, ...]
    alive: tuple[PartRow, ...]
    pauses: tuple[PauseRow, ...]
    open_work_items: int
    mirror: MirrorCount  # how far HealthPay24 follows the ledger


def status(store: Store, clock: Clock) -> Status:
    """One consistent picture."""
    with store.snapshot() as reader:
        now = clock.now()
        return Status(
            at=now,
            channels=tuple(reader.channel_counts()),
            destinations=tuple(reader.destination_counts()),
            alive=tuple(
                part for part in reader.parts() if part.state != STOPPED and now - part.beat_at <= ALIVE_MICROS
            ),
            pauses=tuple(reader.pauses()),
            mirror=reader.mirror_count(),
            open_work_items=len(reader.work_items(only_open=True, beyond_id=0, limit=_OPEN_ITEMS)),
        )
