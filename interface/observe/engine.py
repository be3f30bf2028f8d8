"""Events of the engine itself: its parts, its database, its defects."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import Event, Level, Stage


class Running(Event):
    """What the events of this stage share."""

    __slots__ = ()
    stage: ClassVar = Stage.ENGINE


@dataclass(frozen=True, slots=True)
class StorageFailed(Running):
    """The database did not take a batch; `place` names the stage's part that met it."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "storage_failures_total"
    split_by: ClassVar = ("code",)
    quiet_secs: ClassVar = 60.0
    code: str
    place: str


@dataclass(frozen=True, slots=True)
class PartStarted(Running):
    """A part of the engine (listen, process, deliver ...) runs in operating-system process `pid`."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "parts_started_total"
    split_by: ClassVar = ("part",)
    part: str
    pid: int


@dataclass(frozen=True, slots=True)
class PartNotStarted(Running):
    """The system gave no process for a part; it is tried again. `cause`: its own name for the reason (EAGAIN, EMFILE ...)."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "parts_not_started_total"
    split_by: ClassVar = ("part",)
    part: str
    cause: str


@dataclass(frozen=True, slots=True)
class PartStopped(Running):
    """A part of the engine ended. `cause`: drained, crashed or killed."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "parts_stopped_total"
    split_by: ClassVar = ("part", "cause")
    part: str
    pid: int
    cause: str


@dataclass(frozen=True, slots=True)
class PartStandsBy(Running):
    """Another engine runs on the same home. This part does nothing until the other one's has ended."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "parts_standing_by_total"
    split_by: ClassVar = ("part",)
    part: str
    place: str


@dataclass(frozen=True, slots=True)
class FaultFound(Running):
    """A failure nobody foresaw. `place`: the part that met it; `kind`: the exception's class; `trail`: the calls."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "faults_total"
    split_by: ClassVar = ("kind",)
    kind: str
    place: str
    trail: str


@dataclass(frozen=True, slots=True)
class LibraryComplained(Running):
    """A library wrote a log line. Its text may quote what it worked on, so only its origin is kept."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "library_complaints_total"
    split_by: ClassVar = ("library",)
    library: str
    place: str
    kind: str


@dataclass(frozen=True, slots=True)
class EngineStopped(Running):
    """The engine, or a part of it, cannot go on: `text` names the rule that was broken, `advice` what to do."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "engine_stops_total"
    split_by: ClassVar = ("code",)
    code: str
    place: str
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class HttpStarted(Running):
    """The HTTP face answers at `place`."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "http_starts_total"
    place: str


@dataclass(frozen=True, slots=True)
class HttpFailed(Running):
    """The HTTP face cannot answer for the reason `code`; it is tried again. Nothing else waits for it."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "http_failures_total"
    split_by: ClassVar = ("code",)
    code: str
    place: str
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class BaselineTaken(Running):
    """This engine reads or applies messages with other code than the one before: proofs begin with the ledger as it stands."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "baselines_taken_total"
    code: str


@dataclass(frozen=True, slots=True)
class VersionTaken(Running):
    """A part runs this configuration version from now on: it started, or the version became active."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "versions_taken_total"
    split_by: ClassVar = ("part",)
    part: str
    version: int


@dataclass(frozen=True, slots=True)
class VersionRefused(Running):
    """The version that became active cannot run here, for the reason `code` at `place`; the part goes on with the one before."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "versions_refused_total"
    split_by: ClassVar = ("part", "code")
    part: str
    code: str
    place: str
    version: int


@dataclass(frozen=True, slots=True)
class LogLost(Running):
    """So many events before this one could not be written: the disk was full, or nobody read them. Counted they were."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "log_breaks_total"
    lines: int
