"""Judging what is an alert, and telling it, while this engine holds the store's lock for that: of several engines one does."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from typing import Any

from interface.app.compose import App
from interface.app.outbox import Outbox, alert_stage
from interface.errors import StoreError
from interface.operate.conditions import Watched, conditions
from interface.operate.health import SECOND, Health
from interface.pipeline.alerting import LOCK
from interface.pipeline.recover import requeue_alerts
from interface.view.alert import Condition, Rule

Settle = Callable[[Coroutine[Any, Any, None]], Awaitable[None]]


class Alerting:
    """Called by the watching thread; its loops live on the asyncio loop. `settle` awaits there what a delivery loop gives."""

    def __init__(self, app: App, outbox: Outbox, loop: asyncio.AbstractEventLoop, settle: Settle) -> None:
        self._app = app
        self._outbox = outbox
        self._loop = loop
        self._settle = settle
        self._stage = alert_stage(app)
        self._lock = ExitStack()
        self._is_ours = False

    def run(self, picture: Health, watched: Watched, away_since: int) -> None:
        """Follow what holds now. `away_since`: the database took nothing from then until this look; 0 where it did.

        Where another engine has taken the lock, everything stops here. Raises StoreError while the database is away.
        """
        if not self._is_ours and not self._take_over():
            return
        rules = self._app.settings.alerts.rules
        holding = conditions(picture, rules, watched)
        if away_since and rules.database_away:
            secs = (picture.at - away_since) // SECOND
            holding.append(
                Condition(Rule.DATABASE_AWAY, "database", f"it took nothing for {secs} s", "hp24 health", away_since)
            )
        try:
            if self._stage.run(holding):
                self._loop.call_soon_threadsafe(self._outbox.wake)
        except StoreError as failure:
            if failure.code != "lock-lost":
                raise
            self._let_go()

    def _take_over(self) -> bool:
        with ExitStack() as stack:
            if not stack.enter_context(self._app.store.exclusive(LOCK)):
                return False
            requeue_alerts(self._app.store, self._app.clock)
            self._lock = stack.pop_all()
        self._is_ours = True
        self._loop.call_soon_threadsafe(self._outbox.start)
        return True

    def _let_go(self) -> None:
        self._is_ours = False
        self._lock.close()
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self.stop()))

    async def stop(self) -> None:
        """End the delivery loops after their present attempts."""
        for ending in self._outbox.stop():
            await self._settle(ending)

    def close(self) -> None:
        """Give the lock back, after `stop`."""
        self._lock.close()
