"""A slow sender: every message comes in two halves with a rest between them, so that faults fall into the middle of frames."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from interface.hl7.framing import wrap
from tests.crash.part import Check
from tests.crash.seen import Seen
from tests.crash.world import Place, World
from tests.engine.wire import Wire, adt, code

_REST_SECS = 0.25
_REPLY_SECS = 5.0
_GIVE_UP_SECS = 120.0
_AGAIN_SECS = 0.1


@dataclass(frozen=True, slots=True)
class HalfFrames:
    """One patient's messages, one after the other over one connection, each sent again until it is answered."""

    place: Place
    messages: int

    @property
    def steps(self) -> int:
        return self.messages

    def send(self, world: World, done: Callable[[int], None]) -> None:
        left = list(self._contents())
        give_up_at = time.monotonic() + _GIVE_UP_SECS
        while left:
            try:
                with Wire(self.place.port) as wire:
                    while left:
                        _send_slowly(wire, left[0])
                        left.pop(0)
                        done(1)
                        give_up_at = time.monotonic() + _GIVE_UP_SECS
            except (OSError, AssertionError):  # gone or not answered; what was begun is sent anew
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(_AGAIN_SECS)

    def _contents(self) -> Iterator[bytes]:
        person = {"mrn": "HALF", "account": "AHALF", "visit": "VHALF", "facility": self.place.facility}
        for number in range(self.messages):
            yield adt(f"HALF{number}", event="A08" if number else "A04", **person)

    def is_settled(self, seen: Seen) -> bool:
        mine = (message for message in seen.messages if message["control_id"].startswith("HALF"))
        return all(message["state"] != "waiting" for message in mine)

    def checks(self, world: World) -> Sequence[Check]:
        return (NothingCut(self.place.channel, self.messages),)


def _send_slowly(wire: Wire, content: bytes) -> None:
    block = wrap(content)
    wire.write(block[: len(block) // 2])
    time.sleep(_REST_SECS)  # part of the traffic, not a wait for something
    wire.write(block[len(block) // 2 :])
    assert code(wire.read(secs=_REPLY_SECS)) == "AA", "what is stored is answered with yes"


@dataclass(frozen=True, slots=True)
class NothingCut:
    """Whoever goes on sending is read to the end of the frame: each message is there once and was run, and no half of one."""

    channel: str
    messages: int

    def differences(self, seen: Seen) -> Iterator[str]:
        kept = seen.messages_of(self.channel)
        for number in range(self.messages):
            states = [message["state"] for message in kept.get(f"HALF{number}", [])]
            if states != ["processed"]:
                yield f"{self.channel}: sent in halves, and kept as {states}: HALF{number}"
