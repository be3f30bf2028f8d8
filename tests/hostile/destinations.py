"""What destinations do wrong, row by row, and what must come of the payments that were on their way there.

Every row has a channel, a facility and an EHR of its own, so that all go on at once. Of each delivery is written how many ended
so, `state cause`, what its last attempt or answer said, how many attempts it took, and where the posting stands.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interface.hl7.problem import ErrorCode
from interface.simulate.behaviour import Behaviour
from interface.simulate.receiver import Receiver
from interface.view.delivery import DeliveryFilter, DeliveryStory
from tests.engine.cashier import Till, paying
from tests.engine.harness import free_ports
from tests.engine.root import Edit
from tests.hostile.patient import FAMILY, MRN, SSN
from tests.hostile.ward import LogTail, Ward, hostile_ward
from tests.simulate.peer import answer, peer

LATE_SECS: Final = 1.6  # the engine waits one second
LATE_ONES: Final = 10
Ehr = Callable[[ExitStack], int]
"""Starts an EHR and gives its port."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way to go wrong. The log says at least this of it."""

    name: str
    ehr: Ehr
    deliveries: tuple[str, ...]
    items: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    payments: int = 1


def simulated(*behaviours: tuple[Behaviour, int | None, dict[str, object]]) -> Ehr:
    """The simulator's EHR; behaviours with a count, and a standing one first where there is none."""

    def start(opened: ExitStack) -> int:
        ehr = opened.enter_context(Receiver())
        for behaviour, count, terms in behaviours:
            ehr.behave(behaviour, count=count, **terms)  # type: ignore[arg-type]  # a table's terms are of any type
        return ehr.port

    return start


def replying(reply: Callable[[bytes, int], bytes | None]) -> Ehr:
    """A peer that answers as it is told, byte by byte."""
    return lambda opened: opened.enter_context(peer(reply)).port


def quoting(content: bytes, _number: int) -> bytes:
    """A refusal that quotes the message, as interface engines like to do."""
    quoted = f"cannot post for {FAMILY} MRN {MRN} SSN {SSN}"
    return answer(content, "AE").replace(
        b"\x1c", f"ERR||PID^1^3|204^{quoted}^HL70357|E||||{quoted}\r".encode() + b"\x1c"
    )


def refused_bare(content: bytes, number: int) -> bytes:
    """AR without a word for the first three, then AA."""
    return answer(content, "AR" if number <= 3 else "AA")


GARBAGE: Final = b"\x0b" + bytes(range(32, 128)) * 3 + b"\x1c\r" + b"HTTP/1.1 502 Bad Gateway\r\n\r\n"
_TROUBLE: Final = {"error": ErrorCode.INTERNAL_ERROR}
_MAY_HAVE_IT: Final = "the destination may already have it"
_UNANSWERED: Final = f"ambiguous reply-timeout (reply-timeout: {_MAY_HAVE_IT}) after 1, posting ambiguous"
ROWS: Final = (
    Row(
        "AE to everything, about content",
        simulated((Behaviour.ERROR, None, {})),
        ("8 x rejected AE (AE: MSH: 204 Unknown key identifier) after 1, posting rejected",),
        ("8 x rejected-delivery AE",),
        payments=8,
    ),
    Row(
        "AR to everything, about content",
        simulated((Behaviour.REJECT, None, {})),
        ("8 x rejected AR (AR: MSH: 204 Unknown key identifier) after 1, posting rejected",),
        ("8 x rejected-delivery AR",),
        payments=8,
    ),
    Row(
        "AE 207 for a while, then AA",
        simulated((Behaviour.ERROR, 4, _TROUBLE)),
        ("4 x delivered (AA) after 2, posting posted",),
        payments=4,
    ),
    Row(
        "AR without a reason, then AA",
        replying(refused_bare),
        ("1 x delivered (AA) after 2, posting posted", "1 x delivered (AA) after 3, posting posted"),
        payments=2,
    ),
    Row(
        "AE that quotes the patient",
        replying(quoting),
        ("1 x rejected AE (AE: PID-3: 204 Unknown key identifier) after 1, posting rejected",),
        ("1 x rejected-delivery AE",),
    ),
    Row(
        "never answers",
        simulated((Behaviour.SILENT, None, {})),
        (f"1 x {_UNANSWERED}", "3 x queued after 0, posting pending"),
        ("1 x ambiguous-delivery reply-timeout",),
        ("destination-suspended",),
        payments=4,
    ),
    Row(
        "answers another's control id",
        simulated((Behaviour.WRONG_CONTROL_ID, None, {})),
        (f"1 x {_UNANSWERED}",),
        ("1 x ambiguous-delivery reply-timeout",),
        ("destination-suspended", "stray-reply unknown-id"),
    ),
    Row(
        "garbage instead of an answer",
        replying(lambda _content, _number: GARBAGE),
        (f"1 x {_UNANSWERED}",),
        ("1 x ambiguous-delivery reply-timeout",),
        ("destination-suspended", "stray-reply ack-unreadable", "stray-reply noise"),
    ),
    Row(
        "an answer of 200 kB",
        replying(
            lambda content, _number: answer(content, "AA").replace(b"\x1c", b"NTE|1||" + b"A" * 200_000 + b"\r\x1c")
        ),
        ("1 x delivered (AA) after 1, posting posted",),
    ),
    Row(
        "closes at once",
        replying(lambda _content, _number: None),
        (f"1 x ambiguous connection-lost (connection-lost: {_MAY_HAVE_IT}) after 1, posting ambiguous",),
        ("1 x ambiguous-delivery connection-lost",),
        ("destination-disconnected peer-closed", "destination-suspended"),
    ),
    *(
        Row(
            f"answers late ({number} of {LATE_ONES})",
            simulated((Behaviour.LATE, None, {"secs": LATE_SECS})),
            (f"1 x delivered (reply-timeout: {_MAY_HAVE_IT}; later AA) after 1, posting posted",),
            log=("destination-resumed answered", "destination-suspended", "late-ack AA"),
        )
        for number in range(1, LATE_ONES + 1)
    ),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one row's payments."""

    deliveries: tuple[str, ...]
    items: tuple[str, ...]
    log: tuple[str, ...]


class Hospital:
    """The engine, and a till and an EHR for each row."""

    def __init__(self, ward: Ward, tills: Sequence[Till]) -> None:
        self.ward = ward
        self.tills = tills
        self._references: list[list[str]] = []
        self._tail = LogTail(ward.engine.log)

    def pay_all(self) -> None:
        """Take every row's payments; returns before any of them has gone out."""
        accounts = [
            [till.open_account() for _ in range(row.payments)] for row, till in zip(ROWS, self.tills, strict=True)
        ]
        self._references = [[till.pay(one) for one in mine] for till, mine in zip(self.tills, accounts, strict=True)]

    def see(self, number: int) -> Seen:
        """How it stands with a row now."""
        till = self.tills[number]
        found = self.ward.engine.deliveries(DeliveryFilter(destination=f"{till.channel}/dft", limit=500))
        mine = [one for one in found if one.subject.startswith("allocation:")]
        postings = {
            f"allocation:{one.id}": one.posting for ref in self._references[number] if (one := till.allocation(ref))
        }
        told = Counter(f"{_end(one)}, posting {postings.get(one.subject, '?')}" for one in mine)
        events = [event for event in self._tail.events() if event.get("destination") == f"{till.channel}/dft"]
        return Seen(
            tuple(f"{count} x {what}" for what, count in sorted(told.items())),
            tuple(f"{count} x {kind} {cause}" for (kind, cause), count in sorted(Counter(till.items()).items())),
            tuple(sorted({_log_line(event) for event in events})),
        )


def _end(one: DeliveryStory) -> str:
    last = one.attempts[-1] if one.attempts else None
    said = ": ".join(part for part in (last.code, last.text) if part) if last else ""
    said += "".join(f"; later {reply.code}" for reply in one.replies if reply.is_late)
    return f"{one.state}{f' {one.cause}' if one.cause else ''}{f' ({said})' if said else ''} after {len(one.attempts)}"


def _log_line(event: dict[str, object]) -> str:
    return " ".join(str(part) for part in (event["event"], event.get("code") or event.get("cause")) if part)


@contextmanager
def hospital(folder: Path, database_url: str = "") -> Iterator[Hospital]:
    """One engine for all rows."""
    ports = free_ports(len(ROWS))
    with ExitStack() as opened:
        channels: dict[str, Edit] = {}
        for number, (row, port) in enumerate(zip(ROWS, ports, strict=True)):
            channels[f"d{number}"] = paying(f"D{number}", port, row.ehr(opened))
        ward = opened.enter_context(hostile_ward(folder, channels, database_url))
        tills = [Till(ward.engine, f"d{number}", f"D{number}", port) for number, port in enumerate(ports)]
        for till in tills:
            ward.engine.await_listening(till.port)
        yield Hospital(ward, tills)
