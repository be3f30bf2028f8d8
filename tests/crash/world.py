"""What a run takes place in: one engine, three hospitals that send to it, the EHRs that it posts payments to, its database.

Two more have their payments posted over HTTP; of these only the accounts that are paid on are told of.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from interface.simulate.behaviour import Behaviour
from interface.simulate.echo import Echo
from interface.simulate.fhir_ehr import FhirEhr
from interface.simulate.hospital import Hospital, Site
from interface.simulate.receiver import Receiver
from tests.conftest import PROJECT
from tests.crash.powercut import PowerSwitch
from tests.engine.cashier import paying
from tests.engine.fhir_site import WEB, WEB_FACILITY, add_channel, token_for
from tests.engine.harness import HP24, Engine, running_engine
from tests.engine.http_till import over_http
from tests.engine.root import make_root
from tests.ports import free_ports
from tests.postgres import PostgresServer

# Channel, facility, whether its EHR recognises a message that is sent again (and so may be sent it again by itself).
_SITES = (("epic", "NORTH", False), ("harbor", "HARBOR", False), ("valley", "VALLEY", True))
# Channel, facility, shape, whether its EHR can be searched for a payment.
_HTTP_SITES = (("lakes", "LAKES", "payment-reconciliation", True), ("hills", "HILLS", "oracle-basic", False))
_ECHO_SECS = 0.2
_EHR_TAKES_SECS = 0.1  # to answer a payment: long enough for faults to fall in between
_GIVE_UP_SECS = 120.0
_WRITTEN_SECS = 1.0  # for which a request waits for its outcome: shorter than what many faults take


@dataclass(frozen=True, slots=True)
class Place:
    """One hospital: its channel with the listener's port, its books, the EHR that payments go to and that tells of them."""

    channel: str
    port: int
    hospital: Hospital
    ehr: Receiver
    echo: Echo

    @property
    def facility(self) -> str:
        """Its facility, as accounts carry it."""
        return self.hospital.site.facility


@dataclass(frozen=True, slots=True)
class HttpPlace:
    """One hospital whose payments go out over HTTP: its channel with the listener's port, and the EHR, whose books are its own.

    The EHR would book whatever reaches it: nobody but the engine keeps it from booking a payment twice.
    """

    channel: str
    port: int
    facility: str
    is_searched: bool
    ehr: FhirEhr


@dataclass(frozen=True, slots=True)
class FhirPlace:
    """The channel that programs write to over FHIR: the server's port, and the secret of a token that may do everything there."""

    channel: str
    port: int
    facility: str
    secret: str


@dataclass(frozen=True, slots=True)
class World:
    """Everything that faults may strike and traffic may use. `server` is None on SQLite, `power` where nobody can cut it.

    `fhir` is None where no program writes.
    """

    engine: Engine
    places: Sequence[Place]
    http_places: Sequence[HttpPlace]
    server: PostgresServer | None = None
    power: PowerSwitch | None = None
    fhir: FhirPlace | None = None


@contextmanager
def world(
    folder: Path,
    seed: int,
    *,
    server: PostgresServer | None = None,
    power: PowerSwitch | None = None,
    command: Sequence[str] = HP24,
    is_written: bool = False,
) -> Iterator[World]:
    """The hospitals with their EHRs and a running engine, in `folder`; with a server the database is a new one there.

    `is_written`: programs write to it over FHIR, too.
    """
    *ports, fhir_port = free_ports(len(_SITES) + len(_HTTP_SITES) + 1)
    with ExitStack() as stack:
        places = [
            stack.enter_context(_place(seed * len(_SITES) + number, site, port))
            for number, (site, port) in enumerate(zip(_SITES, ports, strict=False))
        ]
        http = [
            HttpPlace(channel, port, facility, is_searched, stack.enter_context(FhirEhr(recognises=False)))
            for (channel, facility, _shape, is_searched), port in zip(_HTTP_SITES, ports[len(_SITES) :], strict=True)
        ]
        url = stack.enter_context(server.database()) if server is not None else ""
        environ = {"EPIC_MLLP_PORT": str(ports[0]), "PYTHONPATH": str(PROJECT), **(power.environ if power else {})}
        root = _root(folder / "root", places, http)
        if is_written:
            environ |= {"HP24_FHIR_PORT": str(fhir_port)}
            add_channel(root, _WRITTEN_SECS)
        engine = stack.enter_context(running_engine(folder / "home", root, environ, url, command=command))
        for port in ports:
            engine.await_listening(port)
        fhir = None
        if is_written:
            engine.await_listening(fhir_port)
            fhir = FhirPlace(WEB, fhir_port, WEB_FACILITY, token_for(engine))
        yield World(engine, places, http, server, power, fhir)


@contextmanager
def _place(seed: int, site: tuple[str, str, bool], port: int) -> Iterator[Place]:
    channel, facility, deduplicates = site
    hospital = Hospital(seed, Site(facility=facility))
    with ExitStack() as stack:
        echo = stack.enter_context(Echo(hospital, "127.0.0.1", port, delay_secs=_ECHO_SECS, give_up_secs=_GIVE_UP_SECS))
        ehr = stack.enter_context(Receiver(hospital, deduplicates=deduplicates, echo=echo))
        ehr.behave(Behaviour.LATE, secs=_EHR_TAKES_SECS)
        yield Place(channel, port, hospital, ehr, echo)


def _root(folder: Path, places: Sequence[Place], http: Sequence[HttpPlace]) -> Path:
    edits = {
        place.channel: paying(place.facility, place.port, place.ehr.port, posted_when="echo", deduplicates=deduplicates)
        for place, (_channel, _facility, deduplicates) in zip(places, _SITES, strict=True)
    }
    edits |= {
        place.channel: over_http(place.facility, place.port, place.ehr.port, shape)
        for place, (_channel, _facility, shape, _is_searched) in zip(http, _HTTP_SITES, strict=True)
    }
    first = places[0].channel
    return make_root(
        folder, edits[first], more={name: edit for name, edit in edits.items() if name != first}, takes_fhir=True
    )
