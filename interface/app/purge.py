"""`hp24 purge`: a run now. Where no engine processes, the baseline that it needs is taken first; else the engine takes it."""

import time

from interface.app.baseline import renew_baseline
from interface.app.compose import App
from interface.operate.act import By
from interface.operate.purge import purge
from interface.pipeline.purge import PurgeReport, preview


def _rest(secs: float) -> bool:
    time.sleep(secs)
    return False


def look_ahead(app: App) -> PurgeReport:
    """What a run would remove, and what stays and why."""
    return preview(app.store, app.clock, app.settings.keeping())


def purge_now(app: App, by: By) -> PurgeReport | None:
    """One run, or two where a baseline had to be taken in between; None where another process purges."""
    report = _purge(app, by)
    if report is None or not report.wants_baseline:
        return report
    with app.store.exclusive("process") as is_free:
        if not is_free:
            return report
        renew_baseline(app.store)
    again = _purge(app, by)
    return report if again is None else report.joined(again)


def _purge(app: App, by: By) -> PurgeReport | None:
    settings = app.settings
    return purge(app.store, app.clock, by, settings.keeping(), settings.purge_pace(), _rest)
