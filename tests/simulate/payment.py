"""Payments as an interface engine would send them, worded by hand for the receiver's tests."""


def payment(
    control_id: str = "HP0000000001",
    *,
    transaction: str = "P00000000001",
    amount: str = "125.00&USD",
    account: str = "9001001",
    visit: str = "5550007",
    mrn: str = "7700123",
    kind: str = "PY",
    wishes: str = "|",
    reference: str = "TX8F2K1^^^HP24",
) -> bytes:
    """Return a DFT^P03 with one FT1; `wishes` are MSH-15 and MSH-16 with the separator between."""
    return (
        f"MSH|^~\\&|HP24ENG|HP24|EPICFIN|NORTH|20250304153012-0600||DFT^P03^DFT_P03|{control_id}|P|2.5.1|||{wishes}\r"
        f"EVN|P03|20250304153012-0600\r"
        f"PID|1||{mrn}^^^NORTH^MR||TESTER^MARIA|||||||||||||{account}{'^^^NORTH^AN' if account else ''}\r"
        f"PV1|1|O|||||||||||||||||{visit}^^^NORTH^VN\r"
        f"FT1|1|{transaction}|B250304A|20250304152950-0600|20250304|{kind}|VISA^Visa card^HP24|||1|{amount}|{amount}"
        f"|CARD|||||||||||||||||{reference}\r"
    ).encode()


def probe(control_id: str = "HP0000000099") -> bytes:
    """Return a message that no receiver can post."""
    return (
        f"MSH|^~\\&|HP24ENG|HP24|EPICFIN|NORTH|20250304153012-0600||NMQ^N01^NMQ_N01|{control_id}|P|2.5.1\r"
        "QRD|20250304153012-0600|R|I|PROBE\r"
    ).encode()
