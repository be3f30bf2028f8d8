"""What a replay would change, without changing it: the real pipeline on a snapshot, its writes kept in memory, no lock taken."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from interface.app.collect import few_collections
from interface.app.compose import App
from interface.app.plan import plan_of
from interface.ledger.entity import Entity
from interface.ledger.outcome import Unrestated, summed
from interface.ledger.workset import FAR_IDS
from interface.pipeline.overlay import Overlay
from interface.pipeline.rerun import Bench, Rerun, rerun
from interface.view.work import FAILURES_SHOWN, NO_FAILURE, NotReplayed

_PAGE = 256
Tell = Callable[[int, int], None]


@dataclass(slots=True)
class Preview:
    """What would happen.

    `groups` counts rows by `noun.group` that would hold other values, `endings` messages by state and cause. `failures` are the
    first of the `failed` messages that could not be run. `unrestated_messages` would book other money than is booked.
    """

    config_id: int
    messages: int = 0
    changed_messages: int = 0
    groups: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    entries: Counter[str] = field(default_factory=Counter)  # journal entries by kind: money that would be booked
    failed: int = 0
    failures: list[NotReplayed] = field(default_factory=list)
    unrestated_messages: int = 0
    unrestated: tuple[Unrestated, ...] = ()


def preview(app: App, ids: Sequence[int], tell: Tell, *, force_money: bool = False) -> Preview:
    """Replay these messages under the active version, in their order, in memory."""
    config_id, configuration = app.active()
    plan = plan_of(config_id, configuration)
    found = Preview(config_id)
    with few_collections(), app.store.snapshot() as reader:
        overlay = Overlay(reader)
        ids = reader.in_order(ids)
        bench = Bench(app.store.lane_of, seal=lambda changes: changes, first_id=FAR_IDS)
        for start in range(0, len(ids), _PAGE):
            messages = [message.forced(force_money) for message in reader.stored(ids[start : start + _PAGE])]
            for result in rerun(bench, overlay, plan, app.clock, messages):
                overlay.save(result.changes)
                _count(found, result)
            tell(found.messages, len(ids))
        for key, before in overlay.before.items():
            found.groups.update(_differing(before, overlay.now(key)))
    return found


def _count(found: Preview, result: Rerun) -> None:
    for run in result.runs:
        found.messages += 1
        found.unrestated_messages += bool(run.unrestated)
        found.unrestated = summed((*found.unrestated, *run.unrestated))
        if run.cause and run.cause not in NO_FAILURE:
            found.failed += 1
            if len(found.failures) < FAILURES_SHOWN:
                found.failures.append(NotReplayed(run.message_id, run.cause, run.place, run.text))
        found.changed_messages += run.changed
        found.endings[f"{run.state} [{run.cause}]" if run.cause else str(run.state)] += 1
    found.entries.update(str(entry.kind) for entry in result.changes.entries)


def _differing(before: Entity | None, now: Entity) -> list[str]:
    if before is None:
        return [f"{now.noun}.new"]
    groups = before.groups.keys() | now.groups.keys()
    return [f"{now.noun}.{name}" for name in groups if _values(before, name) != _values(now, name)]


def _values(row: Entity, group: str) -> object:
    held = row.groups.get(group)
    return None if held is None else held.values
