"""An HTTP request as it is kept before it is sent: method, path, fields of its head, body. What authorises it never stands in it.

Written like HTTP/1.1 (RFC 9112 section 2.1), so that a person who looks at a payment reads what goes out.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from interface.errors import MessageError

FHIR_JSON: Final = "application/fhir+json"
IF_NONE_EXIST: Final = "If-None-Exist"
_START = re.compile(r"(GET|POST) ([!-~]+)")
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `path` is relative to the receiver's base address."""

    method: str
    path: str
    head: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def to_bytes(self) -> bytes:
        """Start line, head, an empty line, body."""
        lines = [f"{self.method} {self.path}", *(f"{name}: {value}" for name, value in self.head)]
        return "\r\n".join(lines).encode("ascii") + _END + self.body

    @property
    def search(self) -> str:
        """The search that finds what this call creates (R4 section 3.1.0.8.1); empty where nothing could find it."""
        query = next((value for name, value in self.head if name == IF_NONE_EXIST), "")
        return f"{self.path}?{query}" if query else ""


def is_call(payload: bytes) -> bool:
    """Whether a payload is a request over HTTP: no HL7 message begins so."""
    return payload.startswith((b"POST ", b"GET "))


def read_call(payload: bytes) -> Call:
    """The request of a kept payload. MessageError `call-unreadable` where it is none."""
    head, found, body = payload.partition(_END)
    try:
        first, *rest = head.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        found, first, rest = b"", "", []
    start = _START.fullmatch(first)
    if not found or start is None:
        raise MessageError(
            "call-unreadable",
            "the payload is no request over HTTP: it was written while this destination had another wire",
            advice="`hp24 resend` has it written anew",
        )
    fields = tuple((name, value) for name, _, value in (line.partition(": ") for line in rest))
    return Call(start[1], start[2], fields, body)


def identified(system: str, value: str) -> str:
    """The search for an identifier: `identifier=SYSTEM|VALUE` (R4 section 3.1.1.4.12, escaped as a query wants it)."""
    token = "|".join(re.sub(r"([\\$,|])", r"\\\1", part) for part in (system, value))
    return f"identifier={quote(token, safe='')}"
