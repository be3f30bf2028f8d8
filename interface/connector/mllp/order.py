"""Answers in the order of the frames: an answer that is ready early waits for those before it. No sockets, no clock."""

from collections import deque

from interface.connector.mllp.arrival import ArrivalKind
from interface.hl7.framing import wrap


class Place:
    """One frame's place in the order, until its answer has been written."""

    __slots__ = ("block", "is_done", "is_withheld", "kind", "size_bytes")

    def __init__(self, kind: ArrivalKind, size_bytes: int) -> None:
        self.kind = kind
        self.size_bytes = size_bytes
        self.block = b""
        self.is_done = False
        self.is_withheld = False

    def answer(self, reply: bytes | None) -> None:
        """Fill the place; None, and any answer to a cut frame, writes nothing. MessageError if it cannot be framed."""
        if reply is not None and self.kind is not ArrivalKind.CUT:
            self.block = wrap(reply)
        self.is_done = True

    def withhold(self) -> None:
        """The frame was not taken into custody: the order ends here."""
        self.is_withheld = True
        self.is_done = True


class AnswerOrder:
    """The frames of one connection whose answers have not been written yet."""

    def __init__(self) -> None:
        self._places: deque[Place] = deque()
        self.is_broken = False  # a frame was not taken: an answer to a later one would say that it had been

    def __len__(self) -> int:
        return len(self._places)

    def open(self, kind: ArrivalKind, size_bytes: int) -> Place:
        """The next place."""
        place = Place(kind, size_bytes)
        self._places.append(place)
        return place

    def clear(self) -> None:
        """Nothing more will be written."""
        self._places.clear()

    def take_ready(self) -> bytes:
        """The blocks to write now, up to the first frame that still waits; empty when there is nothing to write."""
        places = self._places
        ready = []
        while places and places[0].is_done:
            place = places.popleft()
            if place.is_withheld:
                self.is_broken = True
                places.clear()
            else:
                ready.append(place.block)
        return b"".join(ready)
