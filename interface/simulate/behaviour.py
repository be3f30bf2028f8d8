"""How a receiving EHR can be told to treat what arrives: well, badly, late or not at all."""

import threading
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from interface.hl7.problem import ErrorCode


class Behaviour(StrEnum):
    """What the EHR does with a message that arrives."""

    ACCEPT = "accept"  # books it and says AA; what it cannot book gets AE
    ERROR = "error"  # books nothing and says AE, whatever came
    REJECT = "reject"  # books nothing and says AR, whatever came
    WRONG_CONTROL_ID = "wrong-control-id"  # answers with an MSA-2 that nobody asked about
    LATE = "late"  # answers well, but only after some seconds
    SILENT = "silent"  # reads on and never answers
    CLOSE = "close"  # ends the connection instead of answering


@dataclass(frozen=True, slots=True)
class Manner:
    """A behaviour with its terms.

    `secs` is how late a late answer comes; `books` whether a payment whose answer is wrong, late or missing is
    booked all the same; `error` what ERR-3 says when the behaviour refuses (HL7 table 0357).
    """

    behaviour: Behaviour = Behaviour.ACCEPT
    secs: float = 1.0
    books: bool = True
    error: ErrorCode = ErrorCode.UNKNOWN_KEY


class Script:
    """Which manner is next. Safe to change from one thread while others ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing = Manner()
        self._counted: deque[Manner] = deque()

    def stand(self, manner: Manner) -> None:
        """Use this manner from now on; what was left of counted ones is forgotten."""
        with self._lock:
            self._standing = manner
            self._counted.clear()

    def add(self, manner: Manner, count: int) -> None:
        """Use this manner for so many messages, after those added before, and the standing one again then."""
        with self._lock:
            self._counted.extend([manner] * count)

    def next(self) -> Manner:
        """Return the manner for one message."""
        with self._lock:
            return self._counted.popleft() if self._counted else self._standing
