"""How many files and sockets a part may have open: raised to what the configuration asks for, or told that it cannot be."""

import resource
from collections.abc import Callable

from interface.observe.emit import emit as emit_to_all
from interface.observe.event import Event
from interface.observe.files import FileLimitLow

OWN_FILES = (
    160  # of a part itself: connections of the database with their logs and locks, threads, reactor, log, sockets
)

Limits = tuple[int, int]  # what is allowed now, and how far that may be raised


def fit_file_limit(
    part: str,
    sockets: int,
    *,
    emit: Callable[[Event], None] = emit_to_all,
    limits: Callable[[], Limits] = lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
    allow: Callable[[Limits], None] = lambda wanted: resource.setrlimit(resource.RLIMIT_NOFILE, wanted),
) -> None:
    """Let this process open `sockets` beside its own files, if the system lets it."""
    wanted, (now, most) = sockets + OWN_FILES, limits()
    most = wanted if most == resource.RLIM_INFINITY else most
    if now == resource.RLIM_INFINITY or now >= wanted:
        return
    try:
        allow((min(wanted, most), limits()[1]))
        now = min(wanted, most)
    except (OSError, ValueError):  # a sandbox that forbids the call itself
        pass
    if now < wanted:
        emit(FileLimitLow(part, now, wanted))
