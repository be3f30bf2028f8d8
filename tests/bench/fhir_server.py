"""The FHIR part under load: a filled store, the engine's own part that serves it, and what it is asked."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from interface.app.compose import App, open_app
from interface.fhir.element import instant
from interface.fhir.served import TYPES
from interface.ledger.noun import Noun
from interface.operate.act import By
from interface.operate.token import create_token
from interface.view.resource import ResourceFilter, Token
from tests.bench import fhir_store, load
from tests.bench.engine import COMMAND, prepare
from tests.bench.fhir_store import Household
from tests.bench.server import ServerFailedError, serving
from tests.ports import free_ports

ROOT = "/fhir/r4"
PAGE = 50
READ, SEARCH = "read Account", "Account by identifier"
DRAWS = 500  # different requests of each way
_SEED = 1
_BY = By("bench", "reads measured")


@dataclass(frozen=True, slots=True)
class Server:
    """The FHIR part under load: where it answers, a token, and its store, opened beside it for what is drawn."""

    app: App
    port: int
    token: str
    accounts: int

    def ids(self, noun: Noun, homes: Sequence[Household]) -> list[str]:
        """FHIR ids of the households' patients, or first accounts."""
        found = []
        with self.app.store.snapshot() as reader:
            for home in homes:
                number = Token(home.mrn if noun is Noun.PATIENT else home.account(0), "north")
                (row,) = reader.resources(ResourceFilter(noun, 1, identifiers=((number,),)))
                found.append(row.public_id.partition("_")[2])
        return found

    def requests(self, way: str, folder: Path) -> Path:
        """The file of the requests of one way."""
        file = folder / "requests.txt"
        paths = next(paths for name, paths in ways(self) if name == way)
        file.write_text("".join(f"GET {ROOT}/{path}\n" for path in paths), encoding="utf-8")
        return file

    def ask(self, file: Path, connections: int, total: int) -> load.Load:
        """Make requests of the file; every one must be answered well."""
        met = load.ask(self.port, connections, total, file, self.token, first=connections)
        if met.refused or met.errors or met.messages != total:
            raise ServerFailedError(f"of {total} requests {met.refused} were refused, {met.errors} connections failed")
        return met

    def times(self) -> tuple[int, int]:
        """When the first and the last account changed."""
        with self.app.store.snapshot() as reader:
            (first,) = reader.resources(ResourceFilter(Noun.ACCOUNT, 1))
            *_, last = reader.resources(
                ResourceFilter(Noun.ACCOUNT, PAGE, beyond=max(0, first.id + self.accounts - PAGE))
            )
        return first.updated_at, last.updated_at


def ways(server: Server) -> Iterator[tuple[str, list[str]]]:
    """What is asked, each with different requests of its kind."""
    chance = random.Random(_SEED)
    homes = list(fhir_store.sample(server.accounts, DRAWS, chance))
    accounts, patients = server.ids(Noun.ACCOUNT, homes), server.ids(Noun.PATIENT, homes)
    first, last = server.times()

    def moments() -> Iterator[str]:
        return (quote(instant(chance.randint(first, last))) for _ in homes)

    yield READ, [f"Account/{one}" for one in accounts]
    yield "read Patient", [f"Patient/{one}" for one in patients]
    yield SEARCH, [f"Account?identifier=urn:id:north%7C{one.account(1)}" for one in homes]
    yield "Account by patient", [f"Account?patient={one}" for one in patients]
    yield (
        "Account by patient, with the patient",
        [f"Account?patient={one}&_include=Account:patient" for one in patients],
    )
    yield "Patient by whole name", [f"Patient?name={one.family}%20{one.given}" for one in homes]
    yield "Patient by family and birth date", [f"Patient?name={one.family}&birthdate={born(one)}" for one in homes]
    yield f"{PAGE} Accounts since a time", [f"Account?_lastUpdated=ge{at}&_count={PAGE}" for at in moments()]
    yield f"{PAGE} Patients until a time", [f"Patient?_lastUpdated=lt{at}&_count={PAGE}" for at in moments()]
    yield (
        f"{PAGE} Accounts, any page",
        [f"Account?_count={PAGE}&_cursor={chance.randrange(server.accounts)}" for _ in homes],
    )


def born(home: Household) -> str:
    return f"{1930 + home.number % 80}-{1 + home.number % 12:02d}-{1 + home.number % 28:02d}"


@contextmanager
def running(folder: Path, url: str, accounts: int, tell: fhir_store.Tell) -> Iterator[Server]:
    """A filled store and the part that serves it, until the block ends."""
    place = prepare(folder, url)
    home, root = folder / "home", folder / "root"
    (port,) = free_ports(1)
    environment = {**place.environment, "HP24_FHIR_PORT": str(port)}
    with open_app(home, root, environment) as app:
        app.publish(app.edited(), "bench")
        fhir_store.fill(app, accounts, tell)
        app.store.settle_space()
        _, token = create_token(app.store, app.clock, _BY, "bench", ["system/*.rs"], days=1, types=TYPES)
        command = [str(COMMAND), "run", "--home", str(home), "--root", str(root), "--part", "serve"]
        with serving(command, (port,), folder / "engine.log", environment):
            yield Server(app, port, token, accounts)
