"""Events of the limits that the system sets: files and sockets."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.engine import Running
from interface.observe.event import Level


@dataclass(frozen=True, slots=True)
class FileLimitLow(Running):
    """The part may open `limit` files and sockets; with every connection that its channels allow it would need `wanted`."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "file_limits_low_total"
    split_by: ClassVar = ("part",)
    part: str
    limit: int
    wanted: int


@dataclass(frozen=True, slots=True)
class FilesExhausted(Running):
    """A connection could not be taken, for the system gives no more files. Open ones go on; raise the limit, or allow fewer."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "files_exhausted_total"
    split_by: ClassVar = ("part",)
    quiet_secs: ClassVar = 60.0
    part: str
