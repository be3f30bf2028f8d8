"""A hospital's messages over MLLP on several connections, resent until answered, and an independent check of what became of them.

The check knows what was sent and what was answered, and the hospital's own books. It asks the engine only for what any operator
may see: stored messages with their bytes and runs, accounts and their balances.
"""

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

from interface.message import HoldKind, MessageState, RunReason
from interface.simulate.parallel import Sending, send_all
from interface.simulate.quirk import apply
from interface.simulate.record import take_record
from interface.simulate.sent import Sent
from interface.simulate.traffic import Morning
from interface.view.message import MessageFilter, MessageStory
from tests.engine.harness import Engine
from tests.engine.morning import account_differences

_DONE = (MessageState.PROCESSED, MessageState.FILTERED)
_QUIRKS = ("duplicates-after-restart", "dft-before-adt", "joined-frames", "split-frames")


class MorningFeed:
    """One hospital's traffic. Senders that restart repeat messages that were answered already."""

    def __init__(self, day: Morning, *, connections: int = 4, channel: str = "epic") -> None:
        self._hospital = day.hospital
        self._sent: list[Sent] = list(apply(day, _QUIRKS, seed=day.hospital.seed))
        self._connections = connections
        self._channel = channel
        self._sending: Sending | None = None
        self._acknowledged: set[str] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sent)

    def send(self, engine: Engine, answered: Callable[[], None]) -> None:
        self._sending = send_all(
            self._sent,
            "127.0.0.1",
            engine.port,
            connections=self._connections,
            reply_timeout_secs=5.0,
            give_up_secs=60.0,
            progress=lambda _answer: answered(),
        )
        self._acknowledged = {answer.control_id for answer in self._sending.answers if answer.code.is_positive}

    def is_settled(self, engine: Engine) -> bool:
        return engine.counts(self._channel)[MessageState.WAITING] == 0

    def differences(self, engine: Engine) -> Iterator[str]:
        stories = list(self._stories(engine))
        yield from self._lost_or_changed(engine, stories)
        yield from self._out_of_order(stories)
        yield from account_differences(engine, take_record(self._hospital))

    def _stories(self, engine: Engine) -> Iterator[MessageStory]:
        rows = engine.messages(MessageFilter(channel=self._channel))
        with engine.app.store.snapshot() as reader:
            for row in rows:
                story = reader.message(row.id)
                assert story is not None
                yield story

    def _lost_or_changed(self, engine: Engine, stories: list[MessageStory]) -> Iterator[str]:
        contents = {one.control_id: one.content for one in self._sent}
        if refused := contents.keys() - self._acknowledged:
            yield f"not acknowledged: {sorted(refused)}"
        stored: dict[str, int] = {}
        with engine.app.store.snapshot() as reader:
            for story in stories:
                number = story.row.control_id
                if number in stored:
                    yield f"stored twice: {number}"
                stored[number] = story.row.id
                if reader.body(story.row.id) != contents.get(number):
                    yield f"other bytes than were sent: {number}"
                if story.row.state not in _DONE:
                    yield f"{number} is {story.row.state} ({story.row.reason})"
        if lost := self._acknowledged - stored.keys():
            yield f"acknowledged and lost: {sorted(lost)}"

    def _out_of_order(self, stories: list[MessageStory]) -> Iterator[str]:
        """Messages of one patient, or of patients that were merged, that were applied in another order than they were sent in."""
        ended = {story.row.control_id: run for story in stories if (run := _applied_by(story))}
        lanes: dict[str, list[str]] = {}
        for sent in dict.fromkeys((one.lane, one.control_id) for one in self._sent):
            lanes.setdefault(sent[0], []).append(sent[1])
        for numbers in lanes.values():
            for earlier, later in pairwise(number for number in numbers if number in ended):
                if ended[earlier] > ended[later]:
                    yield f"{later} was applied before {earlier}"


def _applied_by(story: MessageStory) -> int | None:
    """The run that applied a message; None for one that had to wait for its account, and so lost its place rightly."""
    if any(run.hold is HoldKind.MISSING_ACCOUNT for run in story.runs):
        return None
    return next(
        (run.id for run in story.runs if run.reason is RunReason.RECEIVED and run.state is MessageState.PROCESSED), None
    )
