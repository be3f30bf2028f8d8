"""The allow-list: which fields of which segments a case may hold, and what becomes of each. What is not listed is dropped.

Segment and field numbers, data types and tables are those of HL7 v2.5.1 (chapters 2, 3 and 6, appendix A).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What becomes of a field's values. Only the first group keeps them."""

    SET_ID = "set id"  # a short number
    CODE = "code"  # kept where it stands in a table of HL7's or of the site; else replaced
    AMOUNT = "amount"  # number and currency
    QUANTITY = "quantity"
    MESSAGE_TYPE = "message type"
    VERSION = "version"
    CHARSET = "charset"
    NUMBER = "number"  # an identifier or reference: replaced, the same everywhere
    CX = "identifier"  # its number replaced, authority and type kept where they are known
    AUTHORITY = "authority"
    PERSON = "person"
    ORGANISATION = "organisation"
    ADDRESS = "address"
    PHONE = "phone"
    TIME = "time"  # shifted
    PLACE = "place"  # a location inside of a hospital
    READ = "read"  # not listed, but the site's mapping reads it: each part by its looks


_YES_NO: Final = frozenset({"Y", "N", "YES", "NO", "TRUE", "FALSE", "T", "F", "1", "0"})
_RELATIONS: Final = frozenset(
    [
        "ASC",
        "BRO",
        "CGV",
        "CHD",
        "DEP",
        "DOM",
        "EMC",
        "EME",
        "EMR",
        "EXF",
        "FCH",
        "FND",
        "FTH",
        "GCH",
        "GRD",
        "GRP",
        "MGR",
        "MTH",
        "NCH",
        "NON",
        "OAD",
        "OTH",
        "OWN",
        "PAR",
        "SCH",
        "SEL",
        "SIB",
        "SIS",
        "SPO",
        "TRA",
        "UNK",
        "WRD",
    ]
)
_ACKNOWLEDGE: Final = frozenset({"AL", "NE", "ER", "SU"})
_TWO_DIGITS: Final = frozenset(f"{number:02d}" for number in range(100))
# Codes of HL7's own tables, by the field that holds them.
TABLES: Final[Mapping[str, frozenset[str]]] = {
    "MSH-11": frozenset("PTD"),
    "MSH-15": _ACKNOWLEDGE,
    "MSH-16": _ACKNOWLEDGE,
    "MSA-1": frozenset({"AA", "AE", "AR", "CA", "CE", "CR"}),
    "EVN-4": frozenset({"01", "02", "03", "O", "U"}),
    "PID-8": frozenset("FMOUAN"),
    "PID-15": frozenset(
        [
            "EN",
            "ENG",
            "ES",
            "SPA",
            "FR",
            "FRE",
            "FRA",
            "DE",
            "GER",
            "DEU",
            "ZH",
            "CHI",
            "HMN",
            "VI",
            "VIE",
            "SO",
            "SOM",
            "AR",
            "ARA",
            "RU",
            "RUS",
            "KO",
            "KOR",
            "PL",
            "POL",
        ]
    ),
    "PID-30": _YES_NO,
    "PD1-12": _YES_NO,
    "PV1-2": frozenset("BCEINOPRU"),
    "PV1-36": _TWO_DIGITS,
    "PV1-51": frozenset("AV"),
    "GT1-9": frozenset("FMOUAN"),
    "GT1-11": _RELATIONS,
    "GT1-22": _YES_NO,
    "IN1-17": _RELATIONS,
    "FT1-6": frozenset({"AJ", "CD", "CG", "CO", "PY"}),
}
IDENTIFIER_TYPES: Final = frozenset(
    [
        "ACSN",
        "AM",
        "AMA",
        "AN",
        "ANON",
        "ANT",
        "BA",
        "BC",
        "BR",
        "BRN",
        "CC",
        "CY",
        "DI",
        "DL",
        "DN",
        "DR",
        "DS",
        "EI",
        "EN",
        "FI",
        "GI",
        "GN",
        "HC",
        "JHN",
        "LN",
        "LR",
        "MA",
        "MB",
        "MC",
        "MCD",
        "MCN",
        "MR",
        "MRT",
        "MS",
        "NE",
        "NH",
        "NI",
        "NNxxx",
        "NPI",
        "PC",
        "PEN",
        "PI",
        "PN",
        "PNT",
        "PPN",
        "PRC",
        "PRN",
        "PT",
        "QA",
        "RI",
        "RPH",
        "RR",
        "RRI",
        "SL",
        "SN",
        "SR",
        "SS",
        "TAX",
        "U",
        "UPIN",
        "VN",
        "VS",
        "WC",
        "WCN",
        "XX",
    ]
)  # table 0203
NAME_TYPES: Final = frozenset("ABCDILMNPRSTUV")  # table 0200
SUFFIXES: Final = frozenset(["JR", "SR", "II", "III", "IV"])
PREFIXES: Final = frozenset(["MR", "MRS", "MS", "MISS", "DR"])
ADDRESS_TYPES: Final = frozenset(
    ["B", "BA", "BDL", "BI", "BR", "C", "F", "H", "L", "M", "N", "O", "P", "RH"]
)  # table 0190
PHONE_USES: Final = frozenset(["ASN", "BPN", "EMR", "NET", "ORN", "PRN", "PRS", "VHN", "WPN"])  # table 0201
PHONE_KINDS: Final = frozenset(
    ["BP", "CP", "FX", "MD", "MODEM", "PH", "SAT", "TDD", "TTY", "INTERNET", "X.400"]
)  # table 0202
AUTHORITY_KINDS: Final = frozenset(
    ["DNS", "GUID", "HCD", "HL7", "ISO", "L", "M", "N", "RANDOM", "URI", "UUID", "X400", "X500"]
)  # table 0301
COUNTRIES: Final = frozenset(
    [
        "US",
        "USA",
        "CA",
        "CAN",
        "MX",
        "MEX",
        "GB",
        "GBR",
        "UK",
        "DE",
        "DEU",
        "FR",
        "FRA",
        "IN",
        "IND",
        "CN",
        "CHN",
        "PH",
        "PHL",
        "PR",
        "PRI",
    ]
)

_N, _C, _T, _X = Kind.NUMBER, Kind.CODE, Kind.TIME, Kind.CX
FIELDS: Final[Mapping[str, Mapping[int, Kind]]] = {
    "MSH": {
        **dict.fromkeys((3, 4, 5, 6), Kind.AUTHORITY),
        7: _T,
        9: Kind.MESSAGE_TYPE,
        10: _N,
        11: _C,
        12: Kind.VERSION,
        15: _C,
        16: _C,
        18: Kind.CHARSET,
    },
    "EVN": {1: Kind.MESSAGE_TYPE, 2: _T, 3: _T, 4: _C, 6: _T, 7: Kind.AUTHORITY},
    "PID": {
        1: Kind.SET_ID,
        3: _X,
        5: Kind.PERSON,
        7: _T,
        8: _C,
        11: Kind.ADDRESS,
        13: Kind.PHONE,
        14: Kind.PHONE,
        15: _C,
        18: _X,
        29: _T,
        30: _C,
    },
    "PD1": {12: Kind.CODE},
    "PV1": {
        1: Kind.SET_ID,
        2: _C,
        3: Kind.PLACE,
        10: _C,
        18: _C,
        19: _X,
        20: _C,
        36: _C,
        39: Kind.AUTHORITY,
        41: _C,
        44: _T,
        45: _T,
        46: Kind.AMOUNT,
        50: _X,
        51: _C,
    },
    "MRG": {**dict.fromkeys((1, 2, 3, 4, 5, 6), _X), 7: Kind.PERSON},
    "GT1": {
        1: Kind.SET_ID,
        2: _X,
        3: Kind.PERSON,
        5: Kind.ADDRESS,
        6: Kind.PHONE,
        7: Kind.PHONE,
        8: _T,
        9: _C,
        10: _C,
        11: _C,
        21: Kind.ORGANISATION,
        22: _C,
    },
    "IN1": {
        1: Kind.SET_ID,
        2: _C,
        3: _X,
        4: Kind.ORGANISATION,
        8: _N,
        12: _T,
        13: _T,
        15: _C,
        17: _C,
        22: Kind.SET_ID,
        36: _N,
        49: _X,
    },
    "FT1": {
        1: Kind.SET_ID,
        2: _N,
        3: _N,
        4: _T,
        5: _T,
        6: _C,
        7: _C,
        10: Kind.QUANTITY,
        11: Kind.AMOUNT,
        12: Kind.AMOUNT,
        14: _C,
        30: _X,
        31: _X,
    },
    "MSA": {1: _C, 2: _N},
}
FREE_TEXT: Final = frozenset({"NTE", "OBX"})  # never kept, whoever reads them
