"""What every simulated EHR's wording shares: escapes, amounts, how long a message is under way.

The wording is written out in this room rather than with the engine's own writer on purpose: a mistake shared by both sides would
cancel out.
"""

from datetime import datetime, timedelta

from interface.simulate.hospital import SILENT_ON_BALANCE, EntryKind, Event

RECORDED_AFTER = timedelta(seconds=4)
"""From what happened (EVN-6) to its entry in the EHR (EVN-2)."""
SENT_AFTER = timedelta(seconds=9)
"""From what happened to the message of it (MSH-7)."""
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})


def escape(text: str) -> str:
    """Return text with HL7's delimiters as escape sequences (HL7 2.5.1, section 2.7.1)."""
    return text.translate(_ESCAPES)


def money(amount: int) -> str:
    """Return minor units as HL7 writes an amount: `125.00`, `-0.05`."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def amounts(event: Event, at: datetime) -> str:
    """PV1-46 to 49: what the patient owes, all charges, no adjustments, all payments; nothing before billing."""
    if event.visit is None or event.trigger in SILENT_ON_BALANCE:
        return ""
    account = event.visit.account
    balance = account.balance(at)
    if balance is None:
        return ""
    return f"|{money(balance)}|{money(account.total(EntryKind.CHARGE))}||{money(account.paid(at))}"
