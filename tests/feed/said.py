"""Messages of invented people, as the senders of these tests write them: each person's numbers are its own."""

from dataclasses import dataclass
from itertools import count
from typing import Final

_NUMBERS = count(1)
DAY: Final = "20250304"
NINE: Final = f"{DAY}090000-0600"


def at(hour: int, minute: int = 0) -> str:
    """A time of the day that all of these messages are about."""
    return f"{DAY}{hour:02d}{minute:02d}00-0600"


@dataclass(frozen=True, slots=True)
class Person:
    """The numbers of one patient with an account and a visit."""

    number: int
    facility: str = "NORTH"

    @property
    def mrn(self) -> str:
        return f"88{self.number:05d}"

    @property
    def account(self) -> str:
        return f"98{self.number:05d}"

    @property
    def visit(self) -> str:
        return f"58{self.number:05d}"


def person(facility: str = "NORTH") -> Person:
    """Somebody whom no other test speaks of."""
    return Person(next(_NUMBERS), facility)


def written(*segments: str) -> bytes:
    """Segments as they travel, in UTF-8."""
    return "".join(f"{segment}\r" for segment in segments).encode()


def msh(number: str, kind: str, facility: str = "NORTH", *, sent: str = NINE, version: str = "2.5.1") -> str:
    """A header; MSH-10 is `number`."""
    return rf"MSH|^~\&|EPICADT|{facility}|HP24ENG|HP24|{sent}||{kind}|{number}|P|{version}"


def pid(who: Person, *, family: str = "SPECIMEN", phone: str = "", account: str | None = None) -> str:
    """Who it is about."""
    number = who.account if account is None else account
    f = who.facility
    return f"PID|1||{who.mrn}^^^{f}^MR||{family}^ANN||19700101|F|||1 TEST ST^^EXAMPLE^IL^60601||{phone}|||||{number}^^^{f}^AN"


def adt(
    number: str,
    who: Person,
    *,
    event: str = "A08",
    happened: str = NINE,
    sent: str = NINE,
    family: str = "SPECIMEN",
    phone: str = "",
    balance: str = "",
    more: tuple[str, ...] = (),
) -> bytes:
    """An event of a visit; `happened` is EVN-2, `balance` PV1-46, `more` are segments behind PV1."""
    f = who.facility
    pv1 = f"PV1|1|O|CLINIC^^^{f}{'|' * 16}{who.visit}^^^{f}^VN" + (f"{'|' * 27}{balance}" if balance else "")
    return written(
        msh(number, f"ADT^{event}", f, sent=sent),
        f"EVN|{event}|{happened}",
        pid(who, family=family, phone=phone),
        pv1,
        *more,
    )


def dft(
    number: str,
    who: Person,
    amount: str,
    *,
    line: str = "",
    kind: str = "CG",
    sent: str = NINE,
    on: str = DAY,
    more: str = "",
) -> bytes:
    """A DFT^P03 with one transaction; `line` is FT1-2, `more` what follows FT1-11."""
    return written(
        msh(number, "DFT^P03", who.facility, sent=sent),
        f"EVN|P03|{NINE}",
        pid(who),
        f"FT1|1|{line}|B1|{on}|{DAY}|{kind}|HN1001^Visit|||1|{amount}{more}",
    )


def merge(number: str, survivor: Person, retired: Person) -> bytes:
    """An A40: `retired` is gone for ever."""
    f = survivor.facility
    return written(
        msh(number, "ADT^A40", f),
        f"EVN|A40|{NINE}",
        f"PID|1||{survivor.mrn}^^^{f}^MR||SPECIMEN^ANN",
        f"MRG|{retired.mrn}^^^{f}^MR",
    )
