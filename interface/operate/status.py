"""How everything stands: counts, what waits, what was brought to a stop, which parts are alive. Shows no content."""

from dataclasses import dataclass

from interface.ports import Clock, Store
from interface.row.mirror import MirrorCount
from interface.view.count import ChannelCount, DestinationCount, PartRow, PartState, PauseRow, Restored

ALIVE_MICROS = 10_000_000  # a part beats every two seconds


@dataclass(frozen=True, slots=True)
class Known:
    """Names that the active configuration declares: they are shown with zeros until something comes."""

    channels: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    over_fhir: tuple[str, ...] = ()  # of the channels those that have no listener of their own


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of one snapshot, taken `at`. `alive` and `standing_by` are the parts of engines that beat lately."""

    at: int
    channels: tuple[ChannelCount, ...]
    destinations: tuple[DestinationCount, ...]
    alive: tuple[PartRow, ...]
    standing_by: tuple[PartRow, ...]
    pauses: tuple[PauseRow, ...]
    open_work_items: int
    mirror: MirrorCount  # how far HealthPay24 follows the ledger
    restored: Restored | None  # that this store was made of a backup, and whether it sends again


_NOBODY = Known()


def status(store: Store, clock: Clock, known: Known = _NOBODY) -> Status:
    """One consistent picture."""
    with store.snapshot() as reader:
        now = clock.now()
        # A part that died before a clock was set back has beaten in the future.
        beating = [part for part in reader.parts() if abs(now - part.beat_at) <= ALIVE_MICROS]
        channels = {one.channel: one for one in reader.channel_counts()}
        destinations = {one.destination: one for one in reader.destination_counts()}
        return Status(
            at=now,
            channels=tuple(
                channels.get(name) or ChannelCount(name, 0, 0, {}) for name in sorted({*channels, *known.channels})
            ),
            destinations=tuple(
                destinations.get(name) or DestinationCount(name, {}, 0)
                for name in sorted({*destinations, *known.destinations})
            ),
            alive=tuple(part for part in beating if part.state is PartState.RUNNING),
            standing_by=tuple(part for part in beating if part.state is PartState.STANDING_BY),
            pauses=tuple(reader.pauses()),
            mirror=reader.mirror_count(),
            restored=reader.restored(),
            open_work_items=reader.open_items(),
        )
