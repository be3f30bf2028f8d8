"""What stands and what was told; a trial through every way."""

from collections.abc import Sequence
from dataclasses import dataclass

from interface.operate.act import By, note
from interface.pipeline.alerting import AlertStage
from interface.ports import Store
from interface.view.alert import KIND, Alert, ToldRow
from interface.view.delivery import DeliveryFilter, DeliveryStory

SHOWN = 50


@dataclass(frozen=True, slots=True)
class AlertList:
    """Alerts that stand, those that ended lately, and what was told, newest first, with the deliveries that carry it."""

    standing: tuple[Alert, ...]
    ended: tuple[Alert, ...]
    told: tuple[tuple[ToldRow, tuple[DeliveryStory, ...]], ...]


def alerts(store: Store, limit: int = SHOWN) -> AlertList:
    """One picture. Alerts name ids, counts and names of the configuration: looking at them is no look at content."""
    with store.snapshot() as reader:
        standing, latest, told = reader.standing_alerts(), reader.latest_alerts(limit), reader.last_told(limit)
        wanted = DeliveryFilter(subjects=tuple(f"{KIND}:{one.id}" for one in told), limit=limit * 20)
        found = reader.deliveries(wanted) if told else []
    by_subject: dict[str, list[DeliveryStory]] = {}
    for one in found:
        by_subject.setdefault(one.subject, []).append(one)
    return AlertList(
        tuple(one for one in standing if not one.ended_at),
        tuple(one for one in latest if one.ended_at),
        tuple((one, tuple(by_subject.get(f"{KIND}:{one.id}", ()))) for one in told),
    )


def try_out(store: Store, by: By, stage: AlertStage) -> list[tuple[str, int]]:
    """Queue a trial for every way; gives the ways and their deliveries."""
    note(store, by, "alerts-test", "alerts")
    return stage.try_out()


def outcomes(store: Store, ids: Sequence[int]) -> list[DeliveryStory]:
    """How these deliveries stand."""
    with store.snapshot() as reader:
        return reader.deliveries(DeliveryFilter(ids=tuple(ids), limit=len(ids)))
