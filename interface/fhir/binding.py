"""Codes of R4's required bindings (section 4.1.5): those that fhir.resources lists, and here what it leaves out."""

from collections.abc import Iterable, Mapping
from typing import Final

from interface.currency import CURRENCIES

_MORE: Final = "+"  # of the library: there are more codes than it lists
# Of any code, though the library lists some.
_OPEN: Final = frozenset({"CapabilityStatement.format", "DetectedIssue.status", "Expression.language"})
_COMPARATORS: Final = "< <= >= >"
_ENCOUNTER: Final = "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
_OBSERVATION: Final = "registered preliminary final amended corrected cancelled entered-in-error unknown"
_TABLE: Final[Mapping[str, str]] = {
    "Age.comparator": _COMPARATORS,
    "Count.comparator": _COMPARATORS,
    "DeviceUdiCarrier.entryType": "barcode rfid manual card self-reported unknown",
    "DeviceUseStatement.status": "active completed entered-in-error intended stopped on-hold",
    "DiagnosticReport.status": (
        "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"
    ),
    "Distance.comparator": _COMPARATORS,
    "Duration.comparator": _COMPARATORS,
    "Encounter.status": _ENCOUNTER,
    "EncounterStatusHistory.status": _ENCOUNTER,
    "Observation.status": _OBSERVATION,
    "Quantity.comparator": _COMPARATORS,
    "RiskAssessment.status": _OBSERVATION,
    "SupplyRequest.status": "draft active suspended cancelled completed entered-in-error unknown",
    "Task.status": (
        "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error"
    ),
    "TimingRepeat.when": (
        "MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late NIGHT PHS HS WAKE C CM CD CV AC ACM"
        " ACD ACV PC PCM PCD PCV"
    ),
}


def codes_of(element: str, listed: Iterable[str]) -> frozenset[str]:
    """The codes that an element (`Account.status`) may have, given those that the library lists; empty where any may stand."""
    if element == "Money.currency":
        return CURRENCIES
    if element in _TABLE:
        return frozenset(_TABLE[element].split())
    codes = frozenset(listed)
    return frozenset() if _MORE in codes or element in _OPEN else codes
