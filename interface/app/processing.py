"""What the processing part runs: the process thread, what HealthPay24 is told, the purge, and the delivery loops."""

import time

from twisted.internet import defer
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.app.baseline import BaselineOnDemand, keep_baseline
from interface.app.compose import App
from interface.app.deliveries import Deliveries
from interface.app.pay import hosted
from interface.app.reactor import in_thread, on_reactor
from interface.app.version import Versions
from interface.app.wires import Runnable
from interface.engine.certificates import CertificateWatch
from interface.engine.chance import chance
from interface.engine.clock import ClockWatch
from interface.engine.heartbeat import SignOfLife
from interface.engine.keep import KeepThread
from interface.engine.process import ProcessThread
from interface.engine.push import PushThread
from interface.engine.wake import Bell, Ringer
from interface.healthpay24.push import PushPace, PushStage, longest_wait_secs
from interface.operate.purge import ENGINE, purge
from interface.pipeline.forward import bring_forward
from interface.pipeline.plan import Plan
from interface.pipeline.process import ProcessStage
from interface.pipeline.purge import PurgeReport, Rest
from interface.pipeline.recover import recover_sends
from interface.pipeline.retry import RetryPolicy, wait_secs
from interface.view.count import PartState, Vitals


class Processing:
    """The process thread and the delivery loops of all destinations of the active configuration."""

    def __init__(self, app: App, reactor: AsyncioSelectorReactor, sign: SignOfLife) -> None:
        self.state = PartState.STANDING_BY  # until the store's lock for processing is had
        self._app = app
        self._sign = sign
        self._reactor = reactor
        self._pace = app.settings.pace()
        self._versions = Versions(app, "process")
        self._deliveries = Deliveries(app, reactor, self._pace)
        self._watch = CertificateWatch(reactor, app.clock, self._pace, self._deliveries.secured)
        self._push: PushThread | None = None
        self._keep: KeepThread | None = None
        self._baseline = BaselineOnDemand(app.store)
        self._ringer = Ringer(app.home)
        self._bell = Bell(app.home, "process")
        self._checked_at = 0.0
        self._clock_watch = ClockWatch(app.clock.now, tolerance_secs=app.settings.clock_tolerance_secs)
        self._thread = ProcessThread(
            app.store,
            ProcessStage(
                app.store,
                self._running.plan,
                app.clock,
                ahead_messages=app.settings.receive_batch_messages,
                batch_bytes=self._pace.process_batch_bytes,
            ),
            self._pace,
            self._bell,
            self._ringer,
            take_over=self._take_over,
            hand_over=self._hand_over,
            plan_changed=self._plan_changed,
            deliver=lambda: reactor.callFromThread(self._deliveries.wake),
            between=self._baseline.take_if_asked,
        )

    def vitals(self) -> Vitals:
        """When the process thread last came round; nothing while another engine works."""
        if self.state is not PartState.RUNNING:
            return Vitals()
        idle_micros = int((time.monotonic() - self._thread.came_round) * 1_000_000)
        return Vitals(worked_at=self._app.clock.now() - idle_micros)

    @property
    def _running(self) -> Runnable:
        return self._versions.running

    def start(self) -> None:
        """Process and deliver, once no other engine does."""
        self._thread.start()
        self._watch.start()

    def _take_over(self) -> None:
        # Only now: what another engine is still sending has no outcome yet either, and is not ours to judge.
        keep_baseline(self._app.store)
        self._app.store.renew_wire_ids()
        recover_sends(self._app.store, self._running.plan.destinations, self._app.clock)
        self._bring_forward()
        self._push = self._push_thread()
        self._push.start()
        self._keep = KeepThread(self._app.store, self._pace, purge=self._purge, take_baseline=self._baseline.ask)
        self._keep.start()
        self.state = PartState.RUNNING
        self._sign.write(self.state)
        on_reactor(self._reactor, lambda: self._deliveries.adopt(self._running))

    def _bring_forward(self) -> None:
        longest_secs = longest_wait_secs(PushPace(self._pace.push_batch_records, self._pace.push_lookup_secs))
        bring_forward(self._app.store, self._running.plan.destinations, self._app.clock, longest_secs)

    def _hand_over(self) -> None:
        self.state = PartState.STANDING_BY
        if self._push is not None:
            self._push.stop()
        self._baseline.give_up()
        if self._keep is not None:
            self._keep.stop()
        on_reactor(self._reactor, self._deliveries.stop)

    def _push_thread(self) -> PushThread:
        pace = self._pace
        stage = PushStage(
            self._app.store,
            hosted(self._app),
            self._app.clock,
            PushPace(pace.push_batch_records, pace.push_lookup_secs),
        )
        policy = RetryPolicy(pace.push_first_wait_secs, pace.push_max_wait_secs)
        return PushThread(stage, pace, self._running.rules, lambda failures: wait_secs(failures, policy, chance()))

    def _purge(self, rest: Rest) -> PurgeReport | None:
        settings = self._app.settings
        return purge(self._app.store, self._app.clock, ENGINE, settings.keeping(), settings.purge_pace(), rest)

    def _plan_changed(self) -> Plan | None:
        now = time.monotonic()
        if now - self._checked_at >= self._pace.config_check_secs:
            self._checked_at = now
            if self._clock_watch.step() < 0:
                self._bring_forward()
        # Before every batch: what a person releases after a version was applied must not run under the one before.
        newer = self._versions.newer()
        if newer is None:
            return None
        if self._push is not None:
            self._push.adopt(newer.rules)
        # Not waited for: a destination whose present attempt takes its time stops no batch.
        self._reactor.callFromThread(self._adopt, newer)
        return newer.plan

    def _adopt(self, newer: Runnable) -> None:
        self._deliveries.adopt(newer).addCallback(lambda _done: self._versions.taken())

    def stop(self) -> "defer.Deferred[None]":
        """End after the present batch and the present attempts."""
        self._watch.stop()
        return in_thread(self._reactor, self._thread.stop)
