"""The main job, shown: simulated EHRs send a hospital morning, patients pay, every payment is posted back and proven.

One hospital speaks FHIR, the others HL7 v2. The engine runs as its own processes on an empty home, with the shipped channels.
Everything is then compared with the simulator's own books, which know nothing of the engine.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, count, zip_longest
from pathlib import Path

from interface.app.compose import App, open_app
from interface.app.demo_check import compare
from interface.app.demo_result import AccountLine, DemoOptions, DemoResult
from interface.app.due import policies
from interface.app.launch import engine, free_port
from interface.app.pay import hosted
from interface.app.played import Played, play
from interface.app.played_fhir import PlayedOverFhir, play_fhir
from interface.app.verify import verify
from interface.errors import ConfigurationError
from interface.fhir.served import TYPES
from interface.healthpay24.protocol import Done, PaymentOrder, Seen, Share
from interface.healthpay24.record import BalanceRecord
from interface.ledger.journal import Book
from interface.message import MessageState, PostingState
from interface.operate.act import By
from interface.operate.token import create_token
from interface.operate.trace import trace
from interface.simulate.hospital import Vendor
from interface.store.files import files_translated
from interface.view.money import AccountStory, PaymentStory

Tell = Callable[[str, int, int], None]  # what is going on, done, of how many
_POLL_SECS = 0.1
_TENDERS = (("visa", "4242"), ("mastercard", "5100"), ("ach", "6789"), ("discover", "0014"))


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
        self._played: list[Played] = []
        self._owed: dict[str, int] = {}  # what each account that was paid on owed before, by its public id

    def __enter__(self) -> "Demo":
        with ExitStack() as stack:  # what was started ends here if the rest cannot be
            home = self._home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hp24-demo-")))
            with files_translated():
                home.mkdir(parents=True, exist_ok=True)
            seed, shares = self._options.seed, self._spread()
            over_mllp = [stack.enter_context(play(vendor, seed, next(shares))) for vendor in self._options.vendors]
            over_fhir = stack.enter_context(play_fhir(seed + 1, next(shares)))
            self._played = [*over_mllp, over_fhir]
            environ = self._environ(home)
            ports = [*(one.port for one in over_mllp), over_fhir.port]
            stack.enter_context(engine(home, self._root, environ, self._options.wait_secs, ports))
            self._app: App = stack.enter_context(open_app(home, self._root, environ))
            self._policies = policies(self._app.active()[1])
            self._let_in(over_fhir)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def _spread(self) -> Iterator[int]:
        """How many patients come to each hospital: one at least; to the one over FHIR, the last, a quarter of all."""
        vendors, over_fhir = len(self._options.vendors), self._options.patients // 4
        for number in range(vendors):
            yield max(1, (self._options.patients - over_fhir + number) // vendors)
        yield max(1, over_fhir)

    def _let_in(self, hospital: PlayedOverFhir) -> None:
        """Give the hospital what a real one is given before it may write: a token of its channel."""
        app, channel = self._app, hospital.channel
        by = By("demo", "the simulated EHR writes")
        _, hospital.token = create_token(
            app.store, app.clock, by, "EHR", ["system/*.cu"], days=1, types=TYPES, channel=channel, channels=(channel,)
        )

    def _environ(self, home: Path) -> dict[str, str]:
        # Whatever database the environment names is somebody's: the demo keeps to its own home.
        foreign = ("HP24_DATABASE_URL", "HP24_HOME", "HP24_ENVIRONMENT")
        mine = {name: value for name, value in os.environ.items() if name not in foreign}
        played = {name: value for one in self._played for name, value in one.environ().items()}
        others = {
            f"{vendor.upper()}_MLLP_PORT": str(free_port()) for vendor in Vendor if vendor not in self._options.vendors
        }
        return {
            **mine,
            "HP24_KEY_FILE": str(key_file(home)),
            "HP24_HTTP_PORT": "0",  # an engine that runs on this machine keeps its own
            **played,
            **others,
        }

    def run(self) -> DemoResult:
        """The whole morning; TimeoutError-free: what did not happen in time shows as a disagreement."""
        began = time.monotonic()
        result = DemoResult()
        result.messages_per_sec = self._send() / (time.monotonic() - began)
        self._wait("processed", self._open_messages)
        self._pay(result)
        self._wait("payments posted", lambda: result.payments - self._posted())
        self._wait("echoes told", lambda: sum(one.echoes_open() for one in self._played))
        self._wait("echoes processed", self._open_messages)
        self._wait("told to HealthPay24", self._untold)
        self._count(result)
        self._prove(result)
        compare(result, self._played)
        result.seconds = time.monotonic() - began
        return result

    def _send(self) -> int:
        """All mornings at once; gives the answers."""
        done = count(1)

        def progress() -> None:
            self._tell("messages sent and acknowledged", next(done), 0)

        def send(one: Played) -> int:
            return one.send(self._options.connections, progress)

        with ThreadPoolExecutor(len(self._played)) as threads:
            return sum(threads.map(send, self._played))

    def _pay(self, result: DemoResult) -> None:
        healthpay24 = hosted(self._app)
        owing = [story for story in self._stories() if self._due(story) > 0]
        facilities = [one.hospital.site.facility for one in self._played]
        by_facility = [[story for story in owing if story.account.facility == one] for one in facilities]
        stories = [story for story in chain.from_iterable(zip_longest(*by_facility)) if story is not None]
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

    def _count(self, result: DemoResult) -> None:
        with self._app.store.snapshot() as reader:
            counts = reader.channel_counts()
            result.work_items = len(reader.work_items(only_open=True, beyond_id=0, limit=1000))
        result.states = {one.channel: {str(state): n for state, n in one.states.items()} for one in counts}
        feed = [one for one in counts if one.channel != "healthpay24"]
        result.received = sum(one.received for one in feed)
        for name in ("processed", "filtered", "held", "failed"):
            setattr(result, name, sum(one.states.get(MessageState(name), 0) for one in feed))
        stories = self._stories()
        shown = hosted(self._app).balances([story.account.public_id for story in stories])
        result.lines = [self._line(story, shown.get(story.account.public_id)) for story in stories]
        result.payment_stories = self._payment_stories()
        result.accounts = len(result.lines)
        result.trails = [
            trace(self._app.store, By("demo", "shown at the end"), one) for one in self._first_of_each(result)
        ]
        parts = [part for story in result.payment_stories for part in story.allocations]
        result.accepted = sum(part.accepted_at is not None for part in parts)
        result.posted = sum(part.posting is PostingState.POSTED for part in parts)

    def _first_of_each(self, result: DemoResult) -> list[str]:
        """The public id of the first payment on an account of each hospital, of which anybody paid."""
        facility_of = {line.public_id: line.facility for line in result.lines}
        first: dict[str, str] = {}
        for story in result.payment_stories:
            for account in story.account_public_ids.values():
                first.setdefault(facility_of.get(account, ""), story.payment.public_id)
        return list(first.values())

    def _prove(self, result: DemoResult) -> None:
        proof = verify(self._app, lambda done, total: self._tell("messages proven", done, total))
        result.proven = proof.messages if proof.holds else 0

    def _line(self, story: AccountStory, shown: Seen[BalanceRecord] | None) -> AccountLine:
        sums = {book: -sum(one.amount_minor for one in story.balances if one.book is book) for book in Book}
        return AccountLine(
            public_id=story.account.public_id,
            facility=story.account.facility,
            number=story.names[0].value,
            patient=story.patient_names[0].value if story.patient_names else "",
            currency=story.account.currency,
            charges_minor=sums[Book.CHARGES],
            owed_minor=self._owed.get(story.account.public_id, self._due(story)),
            paid_minor=-sums[Book.COLLECTED],
            due_minor=self._due(story),
            shown_minor=shown.record.amount_minor if shown else None,
        )
