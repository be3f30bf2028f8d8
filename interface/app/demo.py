"""The main job, shown: a simulated Epic sends a hospital morning, patients pay, every payment is posted back and proven.

The engine runs as its own processes on an empty home, with the shipped channels. Everything is then compared with the
simulator's own books, which know nothing of the engine.
"""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from interface.app.compose import App, open_app
from interface.app.due import policies
from interface.app.launch import engine, free_port
from interface.app.pay import hosted
from interface.app.verify import verify
from interface.errors import ConfigurationError
from interface.healthpay24.protocol import Done, PaymentOrder, Seen, Share
from interface.healthpay24.record import BalanceRecord
from interface.ledger.journal import Book
from interface.message import MessageState, PostingState
from interface.operate.act import By
from interface.operate.trace import Trail, trace
from interface.simulate.echo import Echo
from interface.simulate.parallel import Sending, send_all
from interface.simulate.receiver import Receiver
from interface.simulate.record import Record, take_record
from interface.simulate.sender import Answered
from interface.simulate.traffic import Morning, morning
from interface.store.files import files_translated
from interface.view.money import AccountStory, PaymentStory

Tell = Callable[[str, int, int], None]  # what is going on, done, of how many
_POLL_SECS = 0.1
_COUNTS = (
    "received",
    "acknowledged",
    "processed",
    "filtered",
    "held",
    "failed",
    "accounts",
    "payments",
    "accepted",
    "posted",
)
_TENDERS = (("visa", "4242"), ("mastercard", "5100"), ("ach", "6789"), ("discover", "0014"))


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`patients` come in the morning, at most `payments` of their accounts are paid on. `wait_secs` bounds each step."""

    seed: int = 24
    patients: int = 60
    payments: int = 25
    connections: int = 4
    wait_secs: float = 60.0


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account at the end, in minor units."""

    number: str
    patient: str
    currency: str
    charges_minor: int
    owed_minor: int  # before anybody paid here
    paid_minor: int
    due_minor: int
    shown_minor: int | None  # what HealthPay24 shows as due; None where it was not told of the account


@dataclass(slots=True)
class DemoResult:
    """What the engine holds at the end, and every number in which it disagrees with the simulator (empty: none)."""

    received: int = 0
    acknowledged: int = 0
    processed: int = 0
    filtered: int = 0
    held: int = 0
    failed: int = 0
    accounts: int = 0
    payments: int = 0
    accepted: int = 0
    posted: int = 0
    proven: int = 0  # messages that were run again into an empty ledger and gave the same one
    seconds: float = 0.0
    messages_per_sec: float = 0.0
    states: dict[str, dict[str, int]] = field(default_factory=dict)  # channel -> state -> count
    lines: list[AccountLine] = field(default_factory=list)
    payment_stories: list[PaymentStory] = field(default_factory=list)
    trail: Trail | None = None  # one payment's
    disagreements: list[str] = field(default_factory=list)

    def numbers(self) -> dict[str, int]:
        """The ten counts by name."""
        return {name: getattr(self, name) for name in _COUNTS}


def key_file(home: Path) -> Path:
    """Where the master key of a demo's home lies."""
    return home / "demo.key"


class Demo:
    """One run in a home of its own. A context manager: everything it started has ended afterwards."""

    def __init__(self, root: Path, options: DemoOptions, tell: Tell, home: Path | None = None) -> None:
        """`home` is empty or not there yet, and kept; None: a temporary one. ConfigurationError `folder-taken`."""
        if home is not None and home.exists() and any(home.iterdir()):
            text = "there is something in it already; nothing was done"
            raise ConfigurationError("folder-taken", text, place=str(home), advice="give an empty or new directory")
        self._home = home
        self._root = root
        self._options = options
        self._tell = tell
        self._day: Morning = morning(options.seed, options.patients)
        self._adt_port = free_port()
        self._owed: dict[str, int] = {}  # what each account that was paid on owed before, by its public id

    def __enter__(self) -> "Demo":
        with ExitStack() as stack:  # what was started ends here if the rest cannot be
            home = self._home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hp24-demo-")))
            with files_translated():
                home.mkdir(parents=True, exist_ok=True)
            self._echo = stack.enter_context(Echo(self._day.hospital, "127.0.0.1", self._adt_port))
            self._ehr = stack.enter_context(Receiver(self._day.hospital, echo=self._echo))
            environ = self._environ(home)
            stack.enter_context(engine(home, self._root, environ, self._options.wait_secs, self._adt_port))
            self._app: App = stack.enter_context(open_app(home, self._root, environ))
            self._policies = policies(self._app.active()[1])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def _environ(self, home: Path) -> dict[str, str]:
        # Whatever database the environment names is somebody's: the demo keeps to its own home.
        mine = {name: value for name, value in os.environ.items() if name not in ("HP24_DATABASE_URL", "HP24_HOME")}
        return {
            **mine,
            "HP24_KEY_FILE": str(key_file(home)),
            "HP24_HTTP_PORT": "0",  # an engine that runs on this machine keeps its own
            "EPIC_MLLP_PORT": str(self._adt_port),
            "EPIC_DFT_HOST": "127.0.0.1",
            "EPIC_DFT_PORT": str(self._ehr.port),
        }

    def run(self) -> DemoResult:
        """The whole morning; TimeoutError-free: what did not happen in time shows as a disagreement."""
        began = time.monotonic()
        result = DemoResult()
        sending = self._send()
        result.messages_per_sec = sending.per_sec
        self._wait("processed", self._open_messages)
        self._pay(result)
        self._wait("payments posted", lambda: result.payments - self._posted())
        self._wait("echoes processed", self._open_messages)
        self._wait("told to HealthPay24", self._untold)
        self._count(result, sending)
        self._compare(result, sending)
        result.seconds = time.monotonic() - began
        return result

    def _send(self) -> Sending:
        done = count(1)

        def progress(_answered: Answered) -> None:
            self._tell("messages sent and acknowledged", next(done), 0)

        return send_all(
            self._day, "127.0.0.1", self._adt_port, connections=self._options.connections, progress=progress
        )

    def _pay(self, result: DemoResult) -> None:
        healthpay24 = hosted(self._app)
        stories = [story for story in self._stories() if self._due(story) > 0]
        chosen = stories[: self._options.payments]
        for number, story in enumerate(chosen):
            tender, last4 = _TENDERS[number % len(_TENDERS)]
            due = self._owed[story.account.public_id] = self._due(story)
            amount = due if number % 3 else max(1, due // 2)  # two in three pay all, the others half
            order = PaymentOrder(
                (Share(story.account.public_id, amount),),
                story.account.currency,
                tender,
                f"tok_demo{number:04d}",
                last4,
            )
            answer = healthpay24.pay(order, key=f"demo-{number}", actor="demo")
            result.payments += isinstance(answer, Done)
            self._tell("payments taken", number + 1, len(chosen))

    def _due(self, story: AccountStory) -> int:
        return story.due(self._policies[story.account.facility]).amount_minor

    def _stories(self) -> list[AccountStory]:
        found: list[AccountStory] = []
        with self._app.store.snapshot() as reader:
            while page := reader.accounts(found[-1].account.id if found else 0, 200):
                found.extend(page)
        return found

    # ------------------------------------------------------------ waiting

    def _wait(self, what: str, open_count: Callable[[], int]) -> None:
        deadline = time.monotonic() + self._options.wait_secs
        most = left = open_count()
        while left and time.monotonic() < deadline:
            time.sleep(_POLL_SECS)
            left = open_count()
            most = max(most, left)
            self._tell(what, most - left, most)

    def _open_messages(self) -> int:
        with self._app.store.snapshot() as reader:
            return sum(count.states.get(MessageState.WAITING, 0) for count in reader.channel_counts())

    def _untold(self) -> int:
        with self._app.store.snapshot() as reader:
            return reader.mirror_count().due

    def _posted(self) -> int:
        return sum(
            allocation.posting is PostingState.POSTED
            for story in self._payment_stories()
            for allocation in story.allocations
        )

    def _payment_stories(self) -> list[PaymentStory]:
        ids = [one.id for story in self._stories() for one in story.allocations]
        with self._app.store.snapshot() as reader:
            return reader.payments_of_allocations(ids)

    # ------------------------------------------------------------ counting and comparing

    def _count(self, result: DemoResult, sending: Sending) -> None:
        with self._app.store.snapshot() as reader:
            counts = reader.channel_counts()
        result.states = {one.channel: {str(state): n for state, n in one.states.items()} for one in counts}
        feed = [one for one in counts if one.channel != "healthpay24"]
        result.received = sum(one.received for one in feed)
        result.acknowledged = len(sending.answers) + self._echo.outbox.counts.answered
        for name in ("processed", "filtered", "held", "failed"):
            setattr(result, name, sum(one.states.get(MessageState(name), 0) for one in feed))
        stories = self._stories()
        shown = hosted(self._app).balances([story.account.public_id for story in stories])
        result.lines = [self._line(story, shown.get(story.account.public_id)) for story in stories]
        result.payment_stories = self._payment_stories()
        result.accounts = len(result.lines)
        if result.payment_stories:
            name = result.payment_stories[0].payment.public_id
            result.trail = trace(self._app.store, By("demo", "shown at the end"), name)
        parts = [part for story in result.payment_stories for part in story.allocations]
        result.accepted = sum(part.accepted_at is not None for part in parts)
        result.posted = sum(part.posting is PostingState.POSTED for part in parts)

    def _compare(self, result: DemoResult, sending: Sending) -> None:
        truths = take_record(self._day.hospital)
        check = _Check(result.disagreements)
        echoes = self._echo.outbox.counts.answered
        check("messages received", result.received, truths.messages)
        check("messages acknowledged", result.acknowledged, truths.messages)
        check("sent in the morning and echoed", len(sending.answers) + echoes, truths.messages)
        check("messages filtered", result.filtered, truths.of_no_interest)
        check("messages processed", result.processed, truths.messages - truths.of_no_interest)
        check("accounts", result.accounts, len(truths.accounts))
        journal = self._ehr.record.journal
        check("payments booked by the EHR", len(journal.posted), result.payments)
        check("payments booked twice", len(journal.duplicates), 0)
        check("payments accepted", result.accepted, result.payments)
        check("payments posted", result.posted, result.payments)
        check("work items", self._work_items(), 0)
        proof = verify(self._app, lambda done, total: self._tell("messages proven", done, total))
        result.proven = proof.messages if proof.holds else 0
        check("messages that prove the ledger", result.proven, result.processed + result.payments)
        self._compare_accounts(result, truths, check)

    def _compare_accounts(self, result: DemoResult, truths: Record, check: "_Check") -> None:
        lines = {line.number: line for line in result.lines}
        for number, truth in truths.accounts.items():
            line = lines.get(number)
            if line is None:
                result.disagreements.append(f"account {number} is missing")
                continue
            check(f"account {number}, charges", line.charges_minor, truth.charges)
            check(f"account {number}, due", line.due_minor, max(truth.stated or 0, 0))
            check(f"account {number}, shown by HealthPay24", line.shown_minor, max(truth.stated or 0, 0))
            check(f"account {number}, owed less paid", line.owed_minor - line.paid_minor, line.due_minor)
            check(f"account {number}, paid", line.paid_minor, truth.our_payments)
            check(f"account {number}, patient", line.patient == truth.patient, True)

    def _line(self, story: AccountStory, shown: Seen[BalanceRecord] | None) -> AccountLine:
        sums = {book: -sum(one.amount_minor for one in story.balances if one.book is book) for book in Book}
        return AccountLine(
            number=story.names[0].value,
            patient=story.patient_names[0].value if story.patient_names else "",
            currency=story.account.currency,
            charges_minor=sums[Book.CHARGES],
            owed_minor=self._owed.get(story.account.public_id, self._due(story)),
            paid_minor=-sums[Book.COLLECTED],
            due_minor=self._due(story),
            shown_minor=shown.record.amount_minor if shown else None,
        )

    def _work_items(self) -> int:
        with self._app.store.snapshot() as reader:
            return len(reader.work_items(only_open=True, beyond_id=0, limit=1000))


class _Check:
    """Notes what differs; numbers only."""

    def __init__(self, disagreements: list[str]) -> None:
        self._disagreements = disagreements

    def __call__(self, what: str, ours: int | None, theirs: int) -> None:
        if ours != theirs:
            self._disagreements.append(f"{what}: the engine has {ours}, the simulator {theirs}")
