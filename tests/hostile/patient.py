"""The invented patient of all bad messages: values that stand nowhere else, so that each can be looked for."""

from typing import Final

FAMILY, GIVEN = "QUIRRENBACHER", "THEODOLINDE"
MRN, ACCOUNT, VISIT = "77183502946", "99361840275", "55920473618"
STREET = "4711 WEATHERVANE CROOK"
PHONE = "608-555-0173"
BORN = "19470228"
SSN = "900-47-1138"

VALUES: Final = (FAMILY, GIVEN, MRN, ACCOUNT, VISIT, STREET, PHONE, BORN, SSN)

MSH: Final = b"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20250304090000-0600||ADT^A04|{id}|P|2.5.1\r"
PID: Final = (
    f"PID|1||{MRN}{{id}}^^^NORTH^MR||{FAMILY}^{GIVEN}||{BORN}|F|||{STREET}^^EXAMPLE^IL^60601||{PHONE}|||||"
    f"{ACCOUNT}{{id}}^^^NORTH^AN|{SSN}\r"
).encode()
REST: Final = (
    b"EVN|A04|20250304090000-0600\r" + PID + f"PV1|1|O|CLINIC^^^NORTH{'|' * 16}{VISIT}{{id}}^^^NORTH^VN\r".encode()
)
ADT: Final = MSH + REST
CHARGE: Final = (
    MSH.replace(b"ADT^A04", b"DFT^P03") + PID + b"FT1|1|{id}|B1|20250304|20250304|CG|HN1001^Visit|||1|12.50&USD\r"
)
