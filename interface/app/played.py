"""A hospital played at one of the shipped channels: its traffic, its EHR for payments, and what the engine must be told of both."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from interface.app.launch import free_port
from interface.simulate.echo import Echo
from interface.simulate.hospital import Hospital, Vendor
from interface.simulate.parallel import send_all
from interface.simulate.receiver import Receiver
from interface.simulate.record import take_record
from interface.simulate.traffic import Morning, morning
from interface.simulate.vendor import SITES


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a hospital has sent by its own count: `messages`, of them `unwanted` by a billing interface, and `acknowledged` ones."""

    messages: int
    unwanted: int
    acknowledged: int


class Played(Protocol):
    """One hospital. `channel` is the engine's for it, `wire` says how they speak; `hospital` keeps its books."""

    channel: str
    wire: str
    hospital: Hospital

    def environ(self) -> dict[str, str]:
        """The variables of the channel's file."""

    def send(self, connections: int, progress: Callable[[], None]) -> int:
        """Send the whole morning; gives the number of answers."""

    def echoes_open(self) -> int:
        """Whether (1, else 0) it has something to tell of payments that it has not told yet."""

    def traffic(self) -> Traffic:
        """What it has sent so far."""

    def booked(self) -> tuple[int, int]:
        """How many payments it has booked, and how many more than once."""


class PlayedOverMllp:
    """A hospital that sends HL7 v2 and takes DFT^P03. `port` is where the engine's channel is to listen."""

    wire: str = "HL7 v2, MLLP"

    def __init__(self, vendor: Vendor, day: Morning, port: int, echo: Echo, ehr: Receiver) -> None:
        self.vendor = vendor
        self.port = port
        self.channel: str = vendor.value
        self.hospital = day.hospital
        self.echo = echo
        self.ehr = ehr
        self.refused = 0
        self._day = day
        self._acknowledged = 0

    def environ(self) -> dict[str, str]:
        """The variables of the channel's file."""
        name = self.vendor.upper()
        return {
            f"{name}_MLLP_PORT": str(self.port),
            f"{name}_DFT_HOST": "127.0.0.1",
            f"{name}_DFT_PORT": str(self.ehr.port),
        }

    def send(self, connections: int, progress: Callable[[], None]) -> int:
        """Send the whole morning; gives the number of answers."""
        sending = send_all(
            self._day, "127.0.0.1", self.port, connections=connections, progress=lambda _answered: progress()
        )
        self._acknowledged, self.refused = len(sending.answers), sending.counts.refused
        return self._acknowledged

    def echoes_open(self) -> int:
        """Whether (1, else 0) it has something to tell of payments that it has not told yet."""
        return int(not self.echo.outbox.wait_empty(0))

    def traffic(self) -> Traffic:
        """What it has sent so far."""
        record = take_record(self.hospital)
        acknowledged = self._acknowledged + self.echo.outbox.counts.answered
        return Traffic(record.messages, record.of_no_interest, acknowledged)

    def booked(self) -> tuple[int, int]:
        """How many payments it has booked, and how many more than once."""
        journal = self.ehr.record.journal
        return len(journal.posted), len(journal.duplicates)


@contextmanager
def play(vendor: Vendor, seed: int, patients: int) -> Iterator[PlayedOverMllp]:
    """A hospital whose EHR listens until the block ends."""
    day, port = morning(seed, patients, site=SITES[vendor]), free_port()
    with ExitStack() as stack:
        echo = stack.enter_context(Echo(day.hospital, "127.0.0.1", port))
        ehr = stack.enter_context(Receiver(day.hospital, echo=echo))
        yield PlayedOverMllp(vendor, day, port, echo, ehr)
