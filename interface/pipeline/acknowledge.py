"""Which acknowledgement a sender gets, and when: original and enhanced mode (HL7 v2.5.1 chapter 2.9.2, 2.9.3).

The bytes are made by `interface.hl7.ack`; this module only decides. A positive answer promises custody, so the caller gives it only
after the commit.
"""

from dataclasses import dataclass
from enum import StrEnum

from interface.hl7.header import Header


class Verdict(StrEnum):
    """What we say to a message, before it is put into the code that its mode asks for."""

    ACCEPT = "accept"
    ERROR = "error"  # the content is wrong: a resend fails again
    REJECT = "reject"  # not about content: kind, processing id, size, or our own trouble


_ORIGINAL = {Verdict.ACCEPT: "AA", Verdict.ERROR: "AE", Verdict.REJECT: "AR"}
_ACCEPT = {Verdict.ACCEPT: "CA", Verdict.ERROR: "CE", Verdict.REJECT: "CR"}
_POSITIVE = frozenset({"AA", "CA"})


@dataclass(frozen=True, slots=True)
class Manner:
    """How one message wants to be answered: on this connection, and later as a message of its own."""

    codes: dict[Verdict, str]
    immediate: str  # AL, NE, ER, SU
    later: str  # AL, NE, ER, SU; NE = no application acknowledgement of its own


def is_positive(code: str) -> bool:
    """Whether a code takes custody of the message."""
    return code in _POSITIVE


def verdict_of(code: str) -> Verdict:
    """The verdict behind a code of table 0008, in either mode."""
    return {"A": Verdict.ACCEPT, "E": Verdict.ERROR, "R": Verdict.REJECT}[code[1]]


def manner(header: Header) -> Manner:
    """Read MSH-15 and MSH-16.

    A sender that asks for nothing at all (NE and NE) is answered all the same: over MLLP it would run blind. A sender that asks
    for the application acknowledgement only gets it at once on its own connection.
    """
    accept, application = header.accept_ack.upper(), header.application_ack.upper()
    if not accept and not application:
        return Manner(_ORIGINAL, "AL", "NE")
    if accept in ("", "NE"):
        wanted = application if application not in ("", "NE") else "AL"
        codes = _ORIGINAL if application not in ("", "NE") else _ACCEPT
        return Manner(codes, wanted, "NE")
    return Manner(_ACCEPT, accept, application or "NE")


def is_wanted(condition: str, verdict: Verdict) -> bool:
    """Table 0155: AL always, NE never, ER on error or reject only, SU on success only; anything else counts as always."""
    match condition:
        case "NE":
            return False
        case "ER":
            return verdict is not Verdict.ACCEPT
        case "SU":
            return verdict is Verdict.ACCEPT
        case _:
            return True
