"""How many fields the standard's segments have, so that a path to a field that no version knows is found when files are read.

The highest field number of each segment over HL7 v2.3 to v2.8. Segments that are not listed, Z segments among them, may have any
number of fields; so may components, which sites extend freely.
"""

from collections.abc import Mapping
from typing import Final

FIELD_COUNTS: Final[Mapping[str, int]] = {
    "ACC": 13,
    "AL1": 6,
    "DB1": 8,
    "DG1": 26,
    "DRG": 33,
    "ERR": 12,
    "EVN": 7,
    "FT1": 43,
    "GT1": 57,
    "IN1": 55,
    "IN2": 72,
    "IN3": 27,
    "MRG": 7,
    "MSA": 8,
    "MSH": 25,
    "NK1": 41,
    "NTE": 8,
    "OBX": 28,
    "PD1": 22,
    "PID": 40,
    "PR1": 25,
    "PV1": 54,
    "PV2": 50,
    "ROL": 14,
    "SFT": 6,
    "UB1": 23,
    "UB2": 17,
}


def is_possible(segment: str, field: int) -> bool:
    """Whether some version of the standard has this field."""
    return 1 <= field <= FIELD_COUNTS.get(segment, field)


def what_there_is(segment: str) -> str:
    """Advice for a field that does not exist."""
    return f"{segment} has the fields {segment}-1 to {segment}-{FIELD_COUNTS[segment]}"
