"""A hospital's messages over MLLP on several connections, resent until answered, and what must have become of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from interface.simulate.parallel import send_all
from interface.simulate.quirk import apply
from interface.simulate.sent import Sent
from interface.simulate.traffic import Morning
from tests.crash.part import Check
from tests.crash.seen import Seen, Shown
from tests.crash.world import Place, World

_START = datetime(2025, 3, 4, 13, 0, tzinfo=UTC)  # long past: no event lies ahead of the engine's clock
_QUIRKS = ("duplicates-after-restart", "dft-before-adt", "joined-frames", "split-frames")
_DONE = ("processed", "filtered")
_REPLY_SECS = 5.0
_GIVE_UP_SECS = 120.0


class HospitalFeed:
    """One hospital's morning. Senders that restart repeat messages that were answered already.

    At most `looks` messages are looked at in full at the end: whole lanes, those with merges first.
    """

    def __init__(
        self,
        place: Place,
        patients: int,
        *,
        connections: int = 2,
        looks: int = 1000,
        give_up_secs: float = _GIVE_UP_SECS,
    ) -> None:
        self._place = place
        self._connections = connections
        self._looks = looks
        self._give_up_secs = give_up_secs
        self._refused: set[str] = set()
        hospital = place.hospital
        self.sent: tuple[Sent, ...] = tuple(
            apply(Morning(hospital, patients, _START), _QUIRKS, seed=hospital.seed, share=0.1)
        )

    @property
    def steps(self) -> int:
        return len(self.sent)

    def send(self, world: World, done: Callable[[int], None]) -> None:
        sending = send_all(
            self.sent,
            "127.0.0.1",
            self._place.port,
            connections=self._connections,
            reply_timeout_secs=_REPLY_SECS,
            give_up_secs=self._give_up_secs,
            progress=lambda _answer: done(1),
        )
        self._refused = {answer.control_id for answer in sending.answers if not answer.code.is_positive}

    def is_settled(self, seen: Seen) -> bool:
        if not self._place.echo.outbox.wait_empty(0):
            return False
        mine = (message for message in seen.messages if message["channel"] == self._place.channel)
        return all(message["state"] != "waiting" or message["parked"] for message in mine)

    def checks(self, world: World) -> Sequence[Check]:
        lanes = self._lanes()
        return (
            NothingLost(self._place, frozenset(self._refused)),
            BytesKept(self._place.channel, lanes),
            OrderKept(self._place.channel, lanes),
        )

    def _lanes(self) -> tuple[tuple[Sent, ...], ...]:
        """Whole lanes, each message once, in the order in which they were sent; no more than are to be looked at."""
        lanes: dict[str, dict[str, Sent]] = {}
        for one in self.sent:
            lanes.setdefault(one.lane, {}).setdefault(one.control_id, one)
        with_merge = {one.lane for one in self.sent if one.message_type == "ADT^A40"}
        chosen: list[tuple[Sent, ...]] = []
        left = self._looks
        for lane in sorted(lanes, key=lambda lane: (lane not in with_merge, lane)):
            left -= len(lanes[lane])
            if left < 0 and chosen:
                break
            chosen.append(tuple(lanes[lane].values()))
        return tuple(chosen)


@dataclass(frozen=True, slots=True)
class NothingLost:
    """Whatever the hospital was told yes to stands there once, and was run. Its own books number what it sent."""

    place: Place
    refused: frozenset[str]

    def differences(self, seen: Seen) -> Iterator[str]:
        hospital, channel = self.place.hospital, self.place.channel
        if self.refused:
            yield f"{channel}: not acknowledged: {sorted(self.refused)}"
        if failures := self.place.echo.outbox.failures:
            yield f"{channel}: echoes without an answer: {[failure.code for failure in failures]}"
        kept = seen.messages_of(channel)
        for number in range(1, sum(hospital.sent.values()) + 1):
            control_id = f"N{hospital.seed % 1000:03d}{number:07d}"
            found = kept.get(control_id, [])
            if not found and control_id not in self.refused:
                yield f"{channel}: acknowledged and lost: {control_id}"
            if len(found) > 1:
                yield f"{channel}: kept {len(found)} times: {control_id}"
            for message in found:
                if message["state"] not in _DONE:
                    yield f"{channel}: {control_id} is {message['state']} ({message['reason']})"


@dataclass(frozen=True, slots=True)
class BytesKept:
    """What is stored is what was sent."""

    channel: str
    lanes: Sequence[Sequence[Sent]]

    def differences(self, seen: Seen) -> Iterator[str]:
        kept = seen.messages_of(self.channel)
        for sent in (one for lane in self.lanes for one in lane):
            for message in kept.get(sent.control_id, []):
                if seen.story(message["id"])["body"] != sent.content.decode("utf-8", "backslashreplace"):
                    yield f"{self.channel}: other bytes than were sent: {sent.control_id}"


@dataclass(frozen=True, slots=True)
class OrderKept:
    """Messages of one patient, or of patients that were merged, were applied in the order in which they were sent."""

    channel: str
    lanes: Sequence[Sequence[Sent]]

    def differences(self, seen: Seen) -> Iterator[str]:
        kept = seen.messages_of(self.channel)
        for lane in self.lanes:
            applied = [
                (sent.control_id, at)
                for sent in lane
                for message in kept.get(sent.control_id, [])
                if (at := applied_at(seen.story(message["id"]))) is not None
            ]
            for (earlier, before), (later, after) in pairwise(applied):
                if before > after:
                    yield f"{self.channel}: {later} was applied before {earlier}"


def applied_at(story: Shown) -> str | None:
    """When a message was applied; None for one that had to wait for its account, and so lost its place rightly."""
    if any(run["hold"] == "missing-account" for run in story["runs"]):
        return None
    return next(
        (run["ended_at"] for run in story["runs"] if run["trigger"] == "received" and run["state"] == "processed"), None
    )
