"""Batches made for tests, as senders write them."""

from dataclasses import dataclass
from itertools import count

from hypothesis import strategies as st

END = b"\r"


def dft(number: str, *amounts: str, kind: str = "CG", account: str = "9001", separator: str = "|") -> bytes:
    """DFT^P03 with a transaction for each amount; its own field separator."""
    lines = [
        f"MSH|^~\\&|EPICDFT|NORTH|HP24ENG|HP24|20260304091500||DFT^P03^DFT_P03|{number}|P|2.5.1",
        "EVN|P03|20260304091500",
        f"PID|1||7001^^^NORTH^MR||BRANDT^OLIVIA||19840519|F|||||||||||{account}^^^NORTH^AN",
        *(
            f"FT1|{place}|{number}.{place}||20260304||{kind}|99213||||{amount}||"
            for place, amount in enumerate(amounts, start=1)
        ),
    ]
    return "".join(f"{line}\r" for line in lines).replace("|", separator).encode()


def bhs(control_id: str = "B1", separator: str = "|") -> bytes:
    return f"BHS|^~\\&|EPICDFT|NORTH|HP24ENG|HP24|20260304091500||||{control_id}\r".replace("|", separator).encode()


def fhs(control_id: str = "F1") -> bytes:
    return f"FHS|^~\\&|EPICDFT|NORTH|HP24ENG|HP24|20260304091500||||{control_id}\r".encode()


def bts(count: int | str = "", totals: str = "", separator: str = "|") -> bytes:
    return f"BTS|{count}||{totals}".rstrip("|").replace("|", separator).encode() + END


def fts(count: int | str = "") -> bytes:
    return f"FTS|{count}".rstrip("|").encode() + END


@dataclass(frozen=True, slots=True)
class Made:
    """A file of batches whose counts and totals are right, and what it is made of."""

    raw: bytes
    groups: list[list[bytes]]
    amounts: list[list[int]]  # cents, by group and message


@st.composite
def files(draw: st.DrawFn, end: bytes = b"\r") -> Made:
    """Files with one to three batches of up to four messages, with every count and total."""
    amounts = draw(st.lists(st.lists(st.integers(-99_999, 99_999), max_size=4), min_size=1, max_size=3))
    numbers = count(1)
    groups = [[dft(f"M{next(numbers)}", _written(cents)) for cents in group] for group in amounts]
    parts = [fhs()]
    for place, (group, cents) in enumerate(zip(groups, amounts, strict=True), start=1):
        parts += [bhs(f"B{place}"), *group, bts(len(group), _written(sum(cents)))]
    parts.append(fts(len(groups)))
    raw = b"".join(parts).replace(b"\r", end)
    return Made(raw, [[one.replace(b"\r", end) for one in group] for group in groups], amounts)


def _written(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
