"""Which segments the standard has and how many fields, so that a path to what no version knows is found when files are read.

The highest field number of each segment over HL7 v2.3 to v2.8. Segments that are not listed, Z segments among them, may have any
number of fields; so may components, which sites extend freely.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

# Every segment of HL7 v2.1 to v2.8.2.
_NAMES: Final = (
    "ABS ACC ADD ADJ AFF AIG AIL AIP AIS AL1 APR ARQ ARV AUT BHS BLC BLG BPO BPX BTS BTX BUI CDM CDO CER CM0 CM1 "
    "CM2 CNS CON CSP CSR CSS CTD CTI DB1 DG1 DMI DON DPS DRG DSC DSP ECD ECR EDU EQL EQP EQU ERQ ERR EVN FAC FHS "
    "FT1 FTS GOL GP1 GP2 GT1 IAM IAR IIM ILT IN1 IN2 IN3 INV IPC IPR ISD ITM IVC IVT LAN LCC LCH LDP LOC LRL MCP "
    "MFA MFE MFI MRG MSA MSH NCK NDS NK1 NPU NSC NST NTE OBR OBX ODS ODT OM1 OM2 OM3 OM4 OM5 OM6 OM7 OMC ORC ORG "
    "ORO OVR PAC PCE PCR PD1 PDA PDC PEO PES PID PKG PM1 PMT PR1 PRA PRB PRC PRD PRT PSG PSH PSL PSS PTH PV1 PV2 "
    "PYE QAK QID QPD QRD QRF QRI RCP RDF RDT REL RF1 RFI RGS RMI ROL RQ1 RQD RX1 RXA RXC RXD RXE RXG RXO RXR RXV "
    "SAC SCD SCH SCP SDD SFT SGH SGT SHP SID SLT SPM SPR STF STZ TCC TCD TQ1 TQ2 TXA UAC UB1 UB2 URD URS VAR VND VTQ"
)
SEGMENTS: Final = frozenset(_NAMES.split())

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


def is_known(segment: str) -> bool:
    """Whether the standard has this segment, or a site may: its own ones begin with Z (HL7 v2.5.1 section 2.11)."""
    return segment in SEGMENTS or segment.startswith("Z")


def what_was_meant(path: str) -> str:
    """Advice for a path (or a segment alone) whose segment nobody has: one with its letters in another order, else one alike."""
    segment = path[:3]
    turned = sorted(known for known in SEGMENTS if sorted(known) == sorted(segment))
    often = get_close_matches(segment, FIELD_COUNTS, n=1, cutoff=0.6)
    found = (*turned, *often, *get_close_matches(segment, SEGMENTS, n=1, cutoff=0.6))
    return f"did you mean `{found[0]}{path[3:]}`?" if found else "a site's own segments begin with Z"
