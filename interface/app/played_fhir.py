"""A hospital that speaks FHIR alone, played at the shipped channel `fhir`: it writes its morning to the engine's FHIR server.

Its EHR takes payments as PaymentReconciliation, and writes each that it has booked to the engine again.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import BAD_REQUEST
from itertools import chain

from interface.app.launch import free_port
from interface.app.played import Traffic
from interface.simulate.fhir_books import RECONCILIATION
from interface.simulate.fhir_day import FhirDay, FhirRequest
from interface.simulate.fhir_echo import FhirEcho
from interface.simulate.fhir_ehr import FhirEhr
from interface.simulate.fhir_sender import FhirSending, send_all, send_day
from interface.simulate.hospital import Hospital, Site

SITE = Site(facility="BAY", enterprise="BAYENT")
"""The site of the shipped channel."""


class PlayedOverFhir:
    """One hospital. `port` is where the engine's FHIR server is to listen; `token` is set once the engine has made one."""

    channel: str = "fhir"
    wire: str = "FHIR R4, HTTP"

    def __init__(self, day: FhirDay, port: int) -> None:
        self.port = port
        self.token = ""
        self.hospital = day.hospital
        self._day = day
        self._secret = secrets.token_urlsafe()  # the engine's way into the EHR
        self._sent = FhirSending()
        self.echo = FhirEcho(self.hospital, self._tell)
        self.ehr = FhirEhr(token=self._secret, takes=(RECONCILIATION,), booked=self.echo.book)

    @property
    def _base(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir/r4"

    def _tell(self, told: tuple[FhirRequest, ...]) -> FhirSending:
        return send_day(told, self._base, self.token)

    def environ(self) -> dict[str, str]:
        """The variables of the channel's file, and the port of the engine's server."""
        return {
            "HP24_FHIR_PORT": str(self.port),
            "FHIR_EHR_URL": f"http://127.0.0.1:{self.ehr.port}/r4",
            "FHIR_EHR_TOKEN": self._secret,
        }

    def send(self, connections: int, progress: Callable[[], None]) -> int:
        """Send the whole morning; gives the number of answers."""
        requests = chain.from_iterable(self._day)
        self._sent = send_all(requests, self._base, self.token, connections=connections, progress=progress)
        return sum(self._sent.statuses.values())

    def echoes_open(self) -> int:
        """Whether (1, else 0) it has something to tell of payments that it has not told yet."""
        return int(not self.echo.wait_empty(0))

    def traffic(self) -> Traffic:
        """What it has sent so far; what was refused was not acknowledged."""
        both = FhirSending()
        both.add(self._sent)
        both.add(self.echo.answered)
        good = sum(count for status, count in both.statuses.items() if status < BAD_REQUEST)
        return Traffic(sum(both.sent.values()), 0, good)

    def booked(self) -> tuple[int, int]:
        """How many payments it has booked, and how many more than once."""
        record = self.ehr.record
        return len(record.booked), len(record.twice)


@contextmanager
def play_fhir(seed: int, patients: int) -> Iterator[PlayedOverFhir]:
    """A hospital whose EHR listens until the block ends."""
    with ExitStack() as stack:
        played = PlayedOverFhir(FhirDay(Hospital(seed, SITE), patients), free_port())
        stack.enter_context(played.echo)
        stack.enter_context(played.ehr)
        yield played
