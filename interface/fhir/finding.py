"""What a validation tells, with its limits; and what is a warning here though R4 calls it an error, each with its reason."""

from typing import Final

from interface.fhir.outcome import Issue, IssueCode, Severity

MOST_ERRORS: Final = 50  # of one body; looking ends there
MOST_WARNINGS: Final = 50
# What many senders do and nobody misreads.
LENIENT: Final = frozenset(
    {
        "null",  # `"name": null` is read as if it were not there
        "decimal-text",  # Oracle Health writes balances as texts; the digits are the same
        "dom-3",  # a contained resource that nothing refers to is not looked at
        "dom-4",  # version and time of a contained resource: it has none of its own
        "dom-5",  # its security label: that of the resource around it counts
        "modifier",  # R4 leaves it to the receiver; the sender is told that it is not followed
        "undefined",  # types of R4 without a definition here: they are not mapped either
        "no-amount",  # R4 asks for none of a detail; whether it can be booked is seen where it is read
        "cpt-2",  # a telephone number that nobody calls one: it is not read as one
        "request",  # bdl-3 where nothing is asked for: a notification without requests, a collection with some
    }
)


class Findings:
    """The issues of one body, errors and warnings each up to a limit."""

    def __init__(self) -> None:
        self._errors: list[Issue] = []
        self._warnings: list[Issue] = []
        self._is_cut = False

    @property
    def is_full(self) -> bool:
        """Whether so many errors were found that looking further is no use."""
        return len(self._errors) >= MOST_ERRORS

    def tell(self, code: IssueCode, text: str, at: str, rule: str = "") -> None:
        """One finding at the FHIRPath `at`; `rule` is R4's name of an invariant, or one of `LENIENT`."""
        lenient = rule in LENIENT
        found, most = (self._warnings, MOST_WARNINGS) if lenient else (self._errors, MOST_ERRORS)
        if len(found) >= most:
            self._is_cut = True
            return
        said = f"{rule}: {text}" if rule[-1:].isdigit() else text
        found.append(Issue(code, said, at, Severity.WARNING if lenient else Severity.ERROR))

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Errors first."""
        cut = [Issue(IssueCode.INFORMATIONAL, "there is more to say; correct these first", "", Severity.INFORMATION)]
        return (*self._errors, *self._warnings, *(cut if self._is_cut or self.is_full else []))
