"""Watches the files of certificates while the engine runs: changed ones are read again, and an end that nears is told."""

from collections.abc import Callable, Iterable

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import LoopingCall

from interface.certificate import DAY_MICROS, Validity
from interface.connector.tls import ClientTls, ServerTls
from interface.observe.certificate import CertificateExpiring
from interface.observe.emit import emit as emit_to_all
from interface.observe.event import Event
from interface.observe.fault import fault
from interface.ports import Clock
from interface.settings import Pace

Secured = ServerTls | ClientTls


class CertificateWatch:
    """Looks every `certificate_check_secs` from the reactor's thread pool: a slow disk never stops a wire."""

    def __init__(
        self,
        reactor: AsyncioSelectorReactor,
        clock: Clock,
        pace: Pace,
        secured: Callable[[], Iterable[Secured]],
        *,
        emit: Callable[[Event], None] = emit_to_all,
    ) -> None:
        """`secured` gives the ends that speak TLS at present."""
        self._reactor = reactor
        self._clock = clock
        self._pace = pace
        self._secured = secured
        self._emit = emit
        self._told_at: dict[tuple[str, Validity], int] = {}
        self._loop = LoopingCall(self._in_thread)
        self._loop.clock = reactor

    def start(self) -> None:
        """Look now and from then on."""
        if self._loop.running:
            return
        self._loop.start(self._pace.certificate_check_secs).addErrback(self._record_fault)

    def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def look(self) -> None:
        """Look once, on whatever thread this is."""
        for one in self._secured():
            one.refresh()
            for validity in one.validities():
                self._tell(one.owner, validity)

    def _in_thread(self) -> "defer.Deferred[None]":
        looked = threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self.look)
        return looked.addErrback(self._record_fault)

    def _tell(self, owner: str, validity: Validity) -> None:
        now = self._clock.now()
        days_left = validity.days_left(now)
        if days_left >= self._pace.certificate_warn_days:
            return
        if now - self._told_at.get((owner, validity), now - DAY_MICROS) >= DAY_MICROS:
            self._told_at[owner, validity] = now
            self._emit(CertificateExpiring(owner, str(validity.path), validity.fingerprint, days_left))

    def _record_fault(self, failure: BaseException) -> None:
        self._emit(fault(failure, "certificates"))
