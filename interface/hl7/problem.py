"""What can be wrong with a message, in the words of HL7 table 0357; never carries a value of the message."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """HL7 table 0357, message error condition codes."""

    ACCEPTED = "0"
    SEGMENT_SEQUENCE = "100"
    REQUIRED_FIELD_MISSING = "101"
    DATA_TYPE = "102"
    TABLE_VALUE = "103"
    VALUE_TOO_LONG = "104"
    UNSUPPORTED_MESSAGE_TYPE = "200"
    UNSUPPORTED_EVENT = "201"
    UNSUPPORTED_PROCESSING_ID = "202"
    UNSUPPORTED_VERSION = "203"
    UNKNOWN_KEY = "204"
    DUPLICATE_KEY = "205"
    RECORD_LOCKED = "206"
    INTERNAL_ERROR = "207"

    @property
    def is_retryable(self) -> bool:
        """Whether the same message may succeed later: a locked record and an internal error are not about content."""
        return self in (ErrorCode.RECORD_LOCKED, ErrorCode.INTERNAL_ERROR)

    @property
    def meaning(self) -> str:
        """The table's own wording, as written in ERR-3.2."""
        return _MEANING[self]


_MEANING = {
    ErrorCode.ACCEPTED: "Message accepted",
    ErrorCode.SEGMENT_SEQUENCE: "Segment sequence error",
    ErrorCode.REQUIRED_FIELD_MISSING: "Required field missing",
    ErrorCode.DATA_TYPE: "Data type error",
    ErrorCode.TABLE_VALUE: "Table value not found",
    ErrorCode.VALUE_TOO_LONG: "Value too long",
    ErrorCode.UNSUPPORTED_MESSAGE_TYPE: "Unsupported message type",
    ErrorCode.UNSUPPORTED_EVENT: "Unsupported event code",
    ErrorCode.UNSUPPORTED_PROCESSING_ID: "Unsupported processing id",
    ErrorCode.UNSUPPORTED_VERSION: "Unsupported version id",
    ErrorCode.UNKNOWN_KEY: "Unknown key identifier",
    ErrorCode.DUPLICATE_KEY: "Duplicate key identifier",
    ErrorCode.RECORD_LOCKED: "Application record locked",
    ErrorCode.INTERNAL_ERROR: "Application internal error",
}


class Severity(StrEnum):
    """HL7 table 0516; F (fatal) was added by 2.8 and is only read."""

    ERROR = "E"
    WARNING = "W"
    INFORMATION = "I"
    FATAL = "F"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `code` of table 0357 as text, `place` as a path (`PID-18`, `MSH`, or empty), `text` for people.

    `cause` is our own code for it, where the table's is too coarse. A problem that
    we find names the rule broken and no value. One read from a peer's ERR carries the peer's own
    words, which may name a patient: store them like a message body, do not log them.
    """

    code: str
    place: str
    text: str
    severity: Severity = Severity.ERROR
    cause: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity in (Severity.ERROR, Severity.FATAL)
