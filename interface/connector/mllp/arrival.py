"""What a source hands over for each frame, and what it wants back."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from twisted.internet.defer import Deferred


class ArrivalKind(StrEnum):
    """How a frame came in."""

    FRAME = "frame"  # whole
    CUT = "cut"  # begun and never ended; it gets no answer
    OVERSIZE = "oversize"  # beyond the limit; only its beginning is here


@dataclass(frozen=True, slots=True)
class Arrival:
    """One frame without its block bytes.

    `size_bytes` is what came over the wire: of an oversize frame more than `content`. `connection` numbers the
    connections of a channel; `arrived_at` is in microseconds since 1970 UTC.
    """

    kind: ArrivalKind
    content: bytes
    size_bytes: int
    channel: str
    connection: int
    peer: str
    arrived_at: int


Receive = Callable[[Arrival], Deferred[bytes | None] | Coroutine[Deferred[Any], Any, bytes | None]]
"""Takes a frame into custody and gives the content of the answer (unframed), or None where the frame gets none.

Called on the reactor's thread, in the order of arrival, also while earlier answers are outstanding. A failure, such as
StoreUnavailableError, closes the connection without an answer. What a `cut` frame is answered with is never sent.
"""
