"""Removing what its time is over for, now; telling what would go; and giving the room back for good. One process at a time."""

from interface.errors import ActRefusedError
from interface.operate.act import By, need_reason
from interface.operate.status import ALIVE_MICROS
from interface.pipeline.purge import PurgeReport, PurgeStage, Rest
from interface.ports import Clock, Store
from interface.row.act import Act
from interface.row.purge import Keeping, PurgePace

ENGINE = By("engine")


def purge(store: Store, clock: Clock, by: By, keeping: Keeping, pace: PurgePace, rest: Rest) -> PurgeReport | None:
    """One run; None where another process purges. Each step is audited with what it removed."""
    with store.exclusive("purge") as is_ours:
        if not is_ours:
            return None
        return PurgeStage(store, clock, keeping, pace, by.actor, rest, reason=by.reason).run()


def compact(store: Store, clock: Clock, by: By) -> tuple[int, int]:
    """Write the database anew without the room that removed rows left; gives its size in bytes before and after.

    Tables cannot be used meanwhile. Errors: ActRefusedError `reason-missing`, `engine-alive`.
    """
    need_reason(by, "purge --compact")
    with store.snapshot() as reader:
        alive = [
            part.name
            for part in reader.parts()
            if part.state != "stopped" and clock.now() - part.beat_at <= ALIVE_MICROS
        ]
    if alive:
        raise ActRefusedError(
            "engine-alive",
            f"an engine runs on this database ({', '.join(sorted(set(alive)))}); nothing was done",
            place="database",
            advice="stop it: while everything is written anew, nothing can be received",
        )
    before = store.size_bytes()
    with store.turn("compact") as turn:
        turn.audit([Act(by.actor, "compact", "database", by.reason, {"bytes": before})])
    store.compact()
    return before, store.size_bytes()
