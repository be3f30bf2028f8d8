"""A hospital played at one of the shipped channels: its traffic, its EHR for payments, and what the engine must be told of both."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from interface.app.launch import free_port
from interface.simulate.echo import Echo
from interface.simulate.hospital import Vendor
from interface.simulate.parallel import Progress, Sending, send_all
from interface.simulate.receiver import Receiver
from interface.simulate.traffic import Morning, morning
from interface.simulate.vendor import SITES


@dataclass(frozen=True, slots=True)
class Played:
    """One hospital. `port` is where the engine's channel is to listen; `ehr` takes payments and has them echoed."""

    vendor: Vendor
    day: Morning
    port: int
    echo: Echo
    ehr: Receiver

    @property
    def facility(self) -> str:
        """The facility of the channel."""
        return self.day.hospital.site.facility

    def environ(self) -> dict[str, str]:
        """The variables of the channel's file."""
        name = self.vendor.upper()
        return {
            f"{name}_MLLP_PORT": str(self.port),
            f"{name}_DFT_HOST": "127.0.0.1",
            f"{name}_DFT_PORT": str(self.ehr.port),
        }

    def send(self, connections: int, progress: Progress) -> Sending:
        """Send the whole morning."""
        return send_all(self.day, "127.0.0.1", self.port, connections=connections, progress=progress)


@contextmanager
def play(vendor: Vendor, seed: int, patients: int) -> Iterator[Played]:
    """A hospital whose EHR listens until the block ends."""
    day, port = morning(seed, patients, site=SITES[vendor]), free_port()
    with ExitStack() as stack:
        echo = stack.enter_context(Echo(day.hospital, "127.0.0.1", port))
        ehr = stack.enter_context(Receiver(day.hospital, echo=echo))
        yield Played(vendor, day, port, echo, ehr)
