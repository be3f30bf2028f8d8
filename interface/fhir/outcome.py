"""What a FHIR client is told where something went wrong, or is worth a word: OperationOutcome (R4 section 2.27)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from interface.errors import InterfaceError


class IssueCode(StrEnum):
    """Kinds of issues that we give, of http://hl7.org/fhir/issue-type."""

    STRUCTURE = "structure"
    REQUIRED = "required"
    VALUE = "value"
    INVARIANT = "invariant"
    CODE_INVALID = "code-invalid"
    LOGIN = "login"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    NOT_SUPPORTED = "not-supported"
    NOT_FOUND = "not-found"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    TOO_COSTLY = "too-costly"
    TOO_LONG = "too-long"
    BUSINESS_RULE = "business-rule"
    TRANSIENT = "transient"
    TIMEOUT = "timeout"
    THROTTLED = "throttled"
    EXCEPTION = "exception"
    INFORMATIONAL = "informational"


class Severity(StrEnum):
    """How bad it is, of http://hl7.org/fhir/issue-severity."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to say. `text` says what to do, and holds no patient's value; `expression` is the FHIRPath of the element."""

    code: IssueCode
    text: str
    expression: str = ""
    severity: Severity = Severity.ERROR


class RefusedError(InterfaceError):
    """A request that is answered with an HTTP status and an OperationOutcome."""

    def __init__(self, status: int, *issues: Issue) -> None:
        super().__init__("fhir-refused", issues[0].text, place=issues[0].expression)
        self.status = status
        self.issues = issues


def outcome(issues: Sequence[Issue]) -> dict[str, Any]:
    """The resource."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(one) for one in issues]}


def _issue(one: Issue) -> dict[str, Any]:
    said: dict[str, Any] = {"severity": one.severity.value, "code": one.code.value, "diagnostics": one.text}
    return said | ({"expression": [one.expression]} if one.expression else {})
