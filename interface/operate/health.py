"""Whether the engine is well: what keeps it from taking and processing messages, and the facts that a person wants at one glance.

Shows ids, names of the configuration and counts, never content, so that a look at it is not audited.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from interface.errors import StoreError
from interface.operate.status import ALIVE_MICROS, Known, Status, status
from interface.ports import Clock, Store
from interface.view.count import Ear, HeldCount, PartRow, PartState

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class CertificateStanding:
    """One file of certificates. `code` is why it cannot be used; `ends_at` 0 then."""

    owner: str  # channel, channel/destination, or http
    role: str  # certificate (what we show) or authorities (whom we trust)
    path: str
    fingerprint: str = ""
    ends_at: int = 0
    days_left: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine stands on, found out by who asks for its health. None and 0: not known."""

    version: str
    config_id: int = 0
    disk_free_bytes: int | None = None
    certificates: tuple[CertificateStanding, ...] = ()
    has_key: bool = True
    database_skew_micros: int | None = None  # the database's clock less ours


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that is not as it should be, and what to do."""

    code: str
    place: str
    text: str
    advice: str = ""

    def sentence(self) -> str:
        """As errors are told."""
        return f"{self.place}: {self.text}" + (f"; {self.advice}" if self.advice else "") + f" [{self.code}]"


@dataclass(frozen=True, slots=True)
class Health:
    """One picture, taken `at`. It is ready where there are no `reasons`; `concerns` do not stop it. No `status`: no database."""

    at: int
    reasons: tuple[Reason, ...]
    concerns: tuple[Reason, ...]
    surroundings: Surroundings
    status: Status | None = None
    parts: tuple[PartRow, ...] = ()  # those that beat, of every engine on this database
    lost: tuple[PartRow, ...] = ()  # of this machine, not beating and not stopped on purpose
    ears: tuple[Ear, ...] = ()
    held: tuple[HeldCount, ...] = ()
    last_backup_at: int = 0
    oldest_unanswered_at: int = 0
    rows: tuple[PartRow, ...] = ()  # every part that beat within the last hour, dead ones too
    open_alerts: Mapping[str, int] = field(default_factory=dict)  # by rule

    @property
    def is_ready(self) -> bool:
        """Whether messages can be taken and are processed."""
        return not self.reasons


def health(
    store: Store, clock: Clock, known: Known, surroundings: Surroundings, *, stuck_secs: float, host: str = ""
) -> Health:
    """How the engine on this machine (`host`) stands; a database that is away is a reason, not an error."""
    here = host or socket.gethostname()
    try:
        store.check_writable()
        counts = status(store, clock, known)
        with store.snapshot() as reader:
            rows, held, backup_at = reader.parts(), reader.held_counts(), reader.last_backup_at()
            open_alerts = reader.open_alerts()
    except StoreError as failure:
        return without_database(clock.now(), surroundings, failure)
    now = clock.now()
    alive = tuple(part for part in rows if now - part.beat_at <= ALIVE_MICROS and part.state is not PartState.STOPPED)
    ours = [part for part in alive if part.host == here and part.state is PartState.RUNNING]
    ears = tuple(ear for part in ours for ear in part.vitals.ears)
    unanswered = [part.vitals.oldest_unanswered_at for part in ours if part.vitals.oldest_unanswered_at]
    reasons = [*_listening(ours, ears), *_processing(alive), *_stuck(ours, alive, stuck_secs), *_key(surroundings)]
    return Health(
        at=now,
        reasons=tuple(reasons),
        concerns=tuple(_concerns(ears, known)),
        surroundings=surroundings,
        status=counts,
        parts=alive,
        lost=_lost(rows, alive, here),
        ears=ears,
        held=tuple(held),
        last_backup_at=backup_at,
        oldest_unanswered_at=min(unanswered, default=0),
        rows=tuple(rows),
        open_alerts=open_alerts,
    )


def without_database(now: int, surroundings: Surroundings, failure: StoreError) -> Health:
    """What can be said while the database takes nothing."""
    reason = Reason(failure.code, failure.place or "database", failure.text, failure.advice)
    return Health(now, (reason,), (), surroundings)


def _listening(ours: list[PartRow], ears: tuple[Ear, ...]) -> Iterator[Reason]:
    if not any(part.name == "listen" for part in ours):
        yield Reason("listen-down", "listen", "nothing listens on this machine", "hp24 run; the log says why it ended")
    elif ears and not any(ear.is_open for ear in ears):
        yield Reason("all-closed", "listen", "no channel takes connections", "the log says why (listener-failed)")


def _processing(alive: tuple[PartRow, ...]) -> Iterator[Reason]:
    running = [part for part in alive if part.name == "process" and part.state is PartState.RUNNING]
    if not running:
        yield Reason(
            "process-down", "process", "no engine processes on this database", "hp24 run; the log says why it ended"
        )


def _stuck(ours: Iterable[PartRow], alive: Iterable[PartRow], stuck_secs: float) -> Iterator[Reason]:
    running = [part for part in alive if part.name == "process" and part.state is PartState.RUNNING]
    for part in (*(one for one in ours if one.name == "listen"), *running):
        idle_secs = (part.beat_at - part.vitals.worked_at) / SECOND if part.vitals.worked_at else 0
        if idle_secs > stuck_secs:
            yield Reason(
                f"{part.name}-stuck",
                f"{part.name} {part.pid}",
                f"it is alive and has not come round for {idle_secs:.0f} s",
                "look at the database and the log; ending that process starts it anew",
            )


def _key(surroundings: Surroundings) -> Iterator[Reason]:
    if not surroundings.has_key:
        yield Reason(
            "key-missing",
            "master key",
            "it is not where this engine read it: the next start fails",
            "put the key file back, or name it in HP24_KEY_FILE",
        )


def _concerns(ears: tuple[Ear, ...], known: Known) -> Iterator[Reason]:
    for ear in ears:
        if ear.sender_off_by:
            advice = (
                "compare the clock of the sender, and `timezone` of the channel; event times ahead of arrival are cut"
            )
            yield Reason("sender-clock", ear.channel, off_by(ear.sender_off_by), advice)
    is_open = {ear.channel: ear.is_open for ear in ears}
    for channel in known.channels:
        if ears and channel not in known.over_fhir and not is_open.get(channel, False):
            yield Reason("channel-closed", channel, "the channel takes no connections", "the log says why")


def off_by(micros: int) -> str:
    """How a sender's clock differs from ours, in words."""
    secs = abs(micros) // SECOND
    return f"its messages (MSH-7) are stamped {secs // 60} min {secs % 60} s {'ahead of' if micros > 0 else 'behind'} our clock"


def _lost(rows: list[PartRow], alive: tuple[PartRow, ...], here: str) -> tuple[PartRow, ...]:
    # The newest row of each kind counts: an older process was followed by another one.
    newest = {part.name: part for part in sorted(rows, key=lambda one: one.started_at) if part.host == here}
    return tuple(part for part in newest.values() if part not in alive and part.state is not PartState.STOPPED)
