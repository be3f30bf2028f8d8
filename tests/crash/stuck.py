"""Patients with a message that nobody can apply: their later ones wait, a merge's other patient included, and nobody else's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from interface.simulate.sender import Sender
from tests.crash.part import Check
from tests.crash.seen import Seen
from tests.crash.world import Place, World
from tests.engine.wire import adt, charge

_REPLY_SECS = 5.0
_GIVE_UP_SECS = 120.0
_UNKNOWN_KIND = b"|ZZ|"  # FT1-6 that no site's table knows: money is never guessed


def _merge(number: str, survivor: str, retired: str, facility: str) -> bytes:
    """ADT^A40: `retired` becomes `survivor`."""
    lines = adt(number, event="A40", mrn=survivor, facility=facility).split(b"\r")[:3]
    person = b"|".join(lines[2].split(b"|")[:18])  # no account on a merge
    return b"\r".join([*lines[:2], person, f"MRG|{retired}^^^{facility}^MR".encode(), b""])


@dataclass(frozen=True, slots=True)
class StuckPatients:
    """Pairs of patients: the first gets stuck, goes on being told of, and then the second is merged into the first."""

    place: Place
    pairs: int

    @property
    def steps(self) -> int:
        return len(list(self._story()))

    def send(self, world: World, done: Callable[[int], None]) -> None:
        with Sender("127.0.0.1", self.place.port, reply_timeout_secs=_REPLY_SECS, give_up_secs=_GIVE_UP_SECS) as sender:
            for content, _state in self._story():
                assert sender.send(content).code.is_positive, "what is stored is answered with yes"
                done(1)

    def _story(self) -> Iterator[tuple[bytes, tuple[str, ...]]]:
        """The messages in order, with the states that each must end in."""
        facility, free, stuck, parked = self.place.facility, ("processed",), ("held", "failed"), ("waiting",)
        for pair in range(self.pairs):
            one, two = f"S{pair}1", f"S{pair}2"
            person = {"mrn": one, "account": f"A{one}", "visit": f"V{one}", "facility": facility}
            other = {"mrn": two, "account": f"A{two}", "visit": f"V{two}", "facility": facility}
            name = f"STUCK{pair}"
            yield adt(f"{name}1", event="A04", **person), free
            yield adt(f"{name}2", event="A04", **other), free
            dft = charge(f"{name}3", "10.00", mrn=one, account=f"A{one}", facility=facility)
            yield dft.replace(b"|CG|", _UNKNOWN_KIND), stuck
            yield adt(f"{name}4", **person), parked
            yield adt(f"{name}5", **other), free
            yield _merge(f"{name}6", one, two, facility), parked
            yield adt(f"{name}7", **other), parked
            yield adt(f"{name}8", **person), parked

    def is_settled(self, seen: Seen) -> bool:
        mine = (message for message in seen.messages if message["control_id"].startswith("STUCK"))
        return all(message["state"] != "waiting" or message["parked"] for message in mine)

    def checks(self, world: World) -> Sequence[Check]:
        expected = {content.split(b"|", 10)[9].decode(): states for content, states in self._story()}
        return (HeldBack(self.place.channel, expected),)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What must have run has run, what must wait waits."""

    channel: str
    expected: dict[str, tuple[str, ...]]

    def differences(self, seen: Seen) -> Iterator[str]:
        kept = seen.messages_of(self.channel)
        for control_id, states in self.expected.items():
            found = [message["state"] for message in kept.get(control_id, [])]
            if len(found) != 1:
                yield f"{self.channel}: acknowledged, and kept {len(found)} times: {control_id}"
            elif found[0] not in states:
                yield f"{self.channel}: {control_id} is {found[0]}, not {' or '.join(states)}"
