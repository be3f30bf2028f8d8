"""What of an address may stay: states, and the first three digits of a ZIP code where enough people share them.

45 CFR 164.514(b)(2)(i)(B): a ZIP code keeps its first three digits only where all codes with these digits hold more than 20,000
people; for the others they become 000.
"""

import re
from typing import Final

STATES: Final = frozenset(
    [
        "AL",
        "AK",
        "AZ",
        "AR",
        "CA",
        "CO",
        "CT",
        "DE",
        "DC",
        "FL",
        "GA",
        "HI",
        "ID",
        "IL",
        "IN",
        "IA",
        "KS",
        "KY",
        "LA",
        "ME",
        "MD",
        "MA",
        "MI",
        "MN",
        "MS",
        "MO",
        "MT",
        "NE",
        "NV",
        "NH",
        "NJ",
        "NM",
        "NY",
        "NC",
        "ND",
        "OH",
        "OK",
        "OR",
        "PA",
        "RI",
        "SC",
        "SD",
        "TN",
        "TX",
        "UT",
        "VT",
        "VA",
        "WA",
        "WV",
        "WI",
        "WY",
        "AS",
        "GU",
        "MP",
        "PR",
        "VI",
    ]
)
# Of 20,000 people or fewer in the census of 2000 (as the guidance on de-identification of November 26, 2012 lists them) or of 2010.
SPARSE_ZIP3: Final = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "205",
        "369",
        "556",
        "692",
        "753",
        "772",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)
_ZIP: Final = re.compile(r"([0-9]{3})[0-9]{2}(?:-?[0-9]{4})?")
_NO_DIGITS: Final = "000"


def postal(text: str) -> str:
    """The first three digits of a ZIP code, 000 where few people share them, nothing of what is no ZIP code."""
    shape = _ZIP.fullmatch(text.strip())
    if shape is None:
        return ""
    return _NO_DIGITS if shape[1] in SPARSE_ZIP3 else shape[1]
