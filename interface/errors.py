"""Every deliberate failure of the engine: a code, a place, what to do, and whether to try again.

Nothing here knows a patient's value, and no error may carry one: `place` names a file and line, a field path, a setting or a
peer; `text` names the rule that was broken; `advice` says what the reader can do about it.
"""

from enum import StrEnum


class Disposition(StrEnum):
    """What a failure means for the work that met it."""

    TRANSIENT = "transient"  # nothing happened; the same attempt may succeed later
    AMBIGUOUS = "ambiguous"  # the far side may have acted; never repeat blindly
    PERMANENT = "permanent"  # repeating the same attempt fails again


class InterfaceError(Exception):
    """Base of every failure that the engine raises on purpose.

    `code` is kebab-case, documented in `interface/README.md` and never renamed.
    """

    disposition = Disposition.PERMANENT

    def __init__(self, code: str, text: str, *, place: str = "", advice: str = "") -> None:
        self.code = code
        self.text = text
        self.place = place
        self.advice = advice
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """One line for people: place, rule, advice, code."""
        where = f"{self.place}: " if self.place else ""
        then = f"; {self.advice}" if self.advice else ""
        return f"{where}{self.text}{then} [{self.code}]"


class MessageError(InterfaceError):
    """The message itself breaks a rule: unreadable header, missing identifier, impossible value."""


class MappingError(InterfaceError):
    """A mapping cannot be applied to this message, or is wrong in itself."""


class ConfigurationError(InterfaceError):
    """A channel, mapping or engine file is wrong; nothing was changed."""


class StoreError(InterfaceError):
    """The database refuses or cannot be trusted: newer schema, missing key, durability off."""


class StoreUnavailableError(StoreError):
    """The database does not answer or has no room; nothing was stored."""

    disposition = Disposition.TRANSIENT


class LockLostError(StoreUnavailableError):
    """Another engine has taken over what this one did under a lock of the store."""


class StoreReplacedError(StoreUnavailableError):
    """What this process has open is no longer what others find as the database: it must end, and be started again."""


class WireError(InterfaceError):
    """A peer could not be reached or broke the protocol before anything was sent."""

    disposition = Disposition.TRANSIENT


class BusyError(WireError):
    """A peer took nothing and asked to be left alone for `wait_secs` (0: it did not say for how long)."""

    def __init__(self, code: str, text: str, *, place: str = "", advice: str = "", wait_secs: float = 0.0) -> None:
        super().__init__(code, text, place=place, advice=advice)
        self.wait_secs = wait_secs


class UnansweredError(InterfaceError):
    """Bytes went out and no valid answer came back: the peer may have acted."""

    disposition = Disposition.AMBIGUOUS


class UnclearError(UnansweredError):
    """The peer was asked whether it has what was sent before, and what it says decides nothing: never to be repeated by itself."""


class ActRefusedError(InterfaceError):
    """An operator's act is not legal in the present state of its subject."""
