"""Where a payment card number stands in a FHIR resource: anywhere but in what is declared to be another number.

Identifiers, ids and references are other numbers, which may look like a card's by chance; those of a card's type are not (HL7 table
0203: AM, DI, DS, MS, VS).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from interface.card.screen import contains_card, screen
from interface.fhir.text import Resource

_CARD_TYPES: Final = frozenset({"AM", "BC", "DI", "DS", "MS", "VS"})
_OTHER_NUMBERS: Final = frozenset({"id", "reference", "fullUrl", "url", "system", "versionId", "profile"})
_WRITTEN_OTHERWISE: Final = b"\\u003"  # a digit, as JSON may write it
MOST_PLACES: Final = 10


def card_places(raw: bytes, resource: Resource | None) -> tuple[str, ...]:
    """The FHIRPath of every element of a request that holds a card number; of its head, `http`. At most MOST_PLACES."""
    if not screen(raw).findings and _WRITTEN_OTHERWISE not in raw:
        return ()
    head = raw.partition(b"\r\n\r\n")[0].decode("latin-1")
    found = ["http"] if contains_card(_without_numbers(head)) else []
    if resource is not None:
        found += _below(resource, str(resource.get("resourceType", "")), is_number=False)
    return tuple(dict.fromkeys(found))[:MOST_PLACES]


def _without_numbers(head: str) -> str:
    """The head without what conditional requests look for, and without the sender's number of the request."""
    lines = [line for line in head.splitlines() if not line.lower().startswith(("if-none-exist:", "x-request-id:"))]
    return "\n".join(line.partition("?")[0] if "HTTP/" in line else line for line in lines)


def _below(node: Any, at: str, *, is_number: bool) -> Iterator[str]:
    if isinstance(node, dict):
        is_identifier = "value" in node and ("system" in node or at.endswith("dentifier") or "dentifier[" in at)
        for name, inner in node.items():
            is_other = name in _OTHER_NUMBERS or (is_identifier and name == "value" and not _is_card(node))
            yield from _below(inner, f"{at}.{name}", is_number=is_other)
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from _below(inner, f"{at}[{number}]", is_number=is_number)
    elif not is_number and isinstance(node, str | int | Decimal) and contains_card(str(node)):
        yield at


def _is_card(identifier: Resource) -> bool:
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    listed = codings if isinstance(codings, list) else []
    return any(isinstance(one, dict) and one.get("code") in _CARD_TYPES for one in listed)
