"""Names of segments, fields and components by version, out of hl7apy's tables. For people: never on the hot path.

The tables are loaded when the first name is asked for (about 30 ms a version), not when this module is imported.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from interface.hl7.version import version_of

# hl7apy's table modules. Section numbers of the standard follow these versions.
_VERSIONS: Final = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
_STRUCTURES_SINCE: Final = "2.3.1"
_ACRONYMS: Final = frozenset(["ABN", "DNA", "DRG", "HL7", "ID", "NDC", "SSN", "VIP"])
# Table 0354 for the messages that share a structure; the others have one of their own name.
_SHARED_STRUCTURES: Final = {
    **{f"ADT_{event}": "ADT_A01" for event in ("A04", "A08", "A13")},
    **{f"ADT_{event}": "ADT_A05" for event in ("A14", "A28", "A31")},
    "ADT_A07": "ADT_A06",
    **{f"ADT_{event}": "ADT_A09" for event in ("A10", "A11", "A12")},
    **{f"ADT_{event}": "ADT_A21" for event in ("A22", "A23", "A25", "A26", "A27", "A29", "A32", "A33")},
    **{f"ADT_{event}": "ADT_A30" for event in ("A34", "A35", "A36", "A46", "A47", "A48", "A49")},
    **{f"ADT_{event}": "ADT_A39" for event in ("A40", "A41", "A42")},
    "ADT_A44": "ADT_A43",
    "ADT_A51": "ADT_A50",
    "ADT_A53": "ADT_A52",
    "ADT_A55": "ADT_A54",
    "ADT_A62": "ADT_A61",
    **{f"SIU_S{number}": "SIU_S12" for number in (*range(13, 25), 26)},
    **{f"MDM_T{number:02d}": "MDM_T01" for number in (3, 5, 7, 9, 11)},
    **{f"MDM_T{number:02d}": "MDM_T02" for number in (4, 6, 8, 10)},
}
# hl7apy has no names of segments; these are those that a payment interface meets.
_SEGMENTS: Final = {
    "ACC": "Accident",
    "AL1": "Allergy Information",
    "BHS": "Batch Header",
    "BTS": "Batch Trailer",
    "CTD": "Contact Data",
    "DB1": "Disability",
    "DG1": "Diagnosis",
    "DRG": "Diagnosis Related Group",
    "DSC": "Continuation Pointer",
    "ERR": "Error",
    "EVN": "Event Type",
    "FHS": "File Header",
    "FT1": "Financial Transaction",
    "FTS": "File Trailer",
    "GT1": "Guarantor",
    "IN1": "Insurance",
    "IN2": "Insurance Additional Information",
    "IN3": "Insurance Certification",
    "MRG": "Merge Patient Information",
    "MSA": "Message Acknowledgment",
    "MSH": "Message Header",
    "NK1": "Next of Kin",
    "NTE": "Notes and Comments",
    "OBR": "Observation Request",
    "OBX": "Observation Result",
    "ORC": "Common Order",
    "PD1": "Patient Additional Demographic",
    "PID": "Patient Identification",
    "PR1": "Procedures",
    "PV1": "Patient Visit",
    "PV2": "Patient Visit Additional Information",
    "ROL": "Role",
    "SFT": "Software Segment",
    "UB1": "UB82",
    "UB2": "UB92 Data",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A field or component: number, name in words, data type (`CX`; empty when unknown), whether it may repeat."""

    number: int
    name: str
    data_type: str
    repeats: bool = False


def nearest(version: str) -> str:
    """The version whose tables serve for MSH-12 as sent: it, or the latest before it; 2.5.1 when it is blank."""
    wanted = version_of(version)
    if wanted is None:
        return "2.5.1"
    earlier = [known for known in _VERSIONS if (version_of(known) or ()) <= wanted]
    return earlier[-1] if earlier else _VERSIONS[0]


@lru_cache(maxsize=2048)
def segment_fields(segment: str, version: str) -> tuple[Named, ...]:
    """The fields of a segment in order of number; none for a segment that the version does not know (Z segments)."""
    known = tables(version).SEGMENTS.get(segment)
    if not known or len(known) < 2:
        return ()
    fields = (
        Named(_number(key), _words(reference[3]), reference[2] or "", repeats[1] != 1)
        for key, reference, repeats, _ in known[1]
    )
    return tuple(sorted(fields, key=lambda field: field.number))


def field(segment: str, number: int, version: str) -> Named | None:
    """One field; None when there is none. A field that the version has withdrawn is looked for in those before it."""
    if segment.startswith("Z"):
        return None
    for known in _at_or_before(version):
        for each in segment_fields(segment, known):
            if each.number == number:
                return each
    return None


@lru_cache(maxsize=2048)
def components(data_type: str, version: str) -> tuple[Named, ...]:
    """The components of a composite type (the subcomponents of one inside another); none for a simple one."""
    known = tables(version).DATATYPES_STRUCTS.get(data_type, ())
    return tuple(Named(_number(key), _words(reference[3]), reference[2] or "") for key, reference, *_ in known)


def describe(segment: str, version: str, number: int, component: int = 0, subcomponent: int = 0) -> str:
    """The name of a place in words, `Patient Identifier List / Assigning Authority`; empty when it has none."""
    at = field(segment, number, version)
    names = [at.name] if at else []
    for part in (component, subcomponent):
        if at is None or not part:
            break
        at = next((each for each in components(at.data_type, version) if each.number == part), None)
        names += [at.name] if at else []
    return " / ".join(names)


def segment_name(segment: str) -> str:
    """`Patient Identification` for PID; empty for a segment that we have no name for."""
    return _SEGMENTS.get(segment, "")


@lru_cache(maxsize=512)
def structure_of(message_type: str, trigger_event: str, version: str) -> str:
    """MSH-9.3 where the sender leaves it out: `ADT^A08` is ADT_A01 (tables 0003 and 0354); empty when none is known."""
    own = f"{message_type}_{trigger_event}" if trigger_event else message_type
    shared = _SHARED_STRUCTURES.get(own, own)
    return shared if shared in tables(max(nearest(version), _STRUCTURES_SINCE)).MESSAGES else ""


def _at_or_before(version: str) -> tuple[str, ...]:
    return _VERSIONS[_VERSIONS.index(nearest(version)) :: -1]


def tables(version: str) -> Any:
    """hl7apy's module of the version that serves for this one: SEGMENTS, MESSAGES, DATATYPES_STRUCTS, TABLES."""
    return import_module(f"hl7apy.v{nearest(version).replace('.', '_')}")


def _number(key: str) -> int:
    return int(key.rpartition("_")[2])


def _words(name: str) -> str:
    return " ".join(word if word in _ACRONYMS else word.capitalize() for word in name.split("_"))
