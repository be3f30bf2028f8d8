"""Who may speak on a channel, and to whom: what MSH-3 to MSH-6 may say (HL7 v2.5.1 section 2.15.9).

A message that another system sent, or that was meant for another receiver, is test traffic or a slip of a cable: it must not be
mapped, however well formed it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from interface.hl7.delimiters import UNUSED
from interface.hl7.header import Header

_PLACES = ("MSH-3", "MSH-4", "MSH-5", "MSH-6")
_ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expected:
    """The names that each of MSH-3 to MSH-6 may hold, case-folded; an empty set takes any."""

    names: tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]] = (_ANY, _ANY, _ANY, _ANY)

    @classmethod
    def of(
        cls,
        *,
        sending_application: Iterable[str] = (),
        sending_facility: Iterable[str] = (),
        receiving_application: Iterable[str] = (),
        receiving_facility: Iterable[str] = (),
    ) -> Self:
        """From the names as people write them."""
        return cls(
            (
                _folded(sending_application),
                _folded(sending_facility),
                _folded(receiving_application),
                _folded(receiving_facility),
            )
        )

    def stranger(self, header: Header) -> str:
        """The first field, as `MSH-5`, that names somebody who is not expected; empty where all is well."""
        if self == ANYBODY:
            return ""
        written = (
            header.sending_application,
            header.sending_facility,
            header.receiving_application,
            header.receiving_facility,
        )
        for place, names, field in zip(_PLACES, self.names, written, strict=True):
            if names and names.isdisjoint(_folded(_parts(field, header))):
                return place
        return ""


ANYBODY = Expected()


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in names)


def _parts(field: str, header: Header) -> list[str]:
    """Namespace and universal id of an HD (v2.5.1 section 2.A.33)."""
    component = header.delimiters.component
    return field.split(component)[:2] if component != UNUSED else [field]
