"""A value read from a message, and whether it was sent: absent, empty, null and value are four statements."""

from enum import StrEnum
from typing import Final, NamedTuple


class Presence(StrEnum):
    """What the sender said about an element (HL7 v2.5.1 section 2.5.3)."""

    ABSENT = "absent"  # the segment ends before it, or there is no such segment: no statement
    EMPTY = "empty"  # sent with nothing in it: the receiver keeps what it has
    NULL = "null"  # sent as "": the receiver clears what it has
    VALUE = "value"


class Value(NamedTuple):
    """`text` is unescaped, and empty unless `presence` is VALUE. A tuple, which costs a third of a frozen dataclass."""

    presence: Presence
    text: str = ""


ABSENT: Final = Value(Presence.ABSENT)
EMPTY: Final = Value(Presence.EMPTY)
NULL: Final = Value(Presence.NULL)

NULL_ER7: Final = '""'
