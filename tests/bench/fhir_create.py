"""Creating over FHIR: the whole engine under load by programs that wait for each answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interface.app.compose import open_app
from interface.fhir.served import TYPES
from interface.operate.act import By
from interface.operate.token import create_token
from tests.bench import load
from tests.bench.engine import COMMAND, prepare
from tests.bench.server import ServerFailedError, serving
from tests.ports import free_ports

CHANNEL = "web"
_FILE = f"""channel: {CHANNEL}
source: {{fhir: {{}}}}
timezone: America/Chicago
facility: WEST
mapping: fhirr4
"""
_CODES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_TARGET = "POST /fhir/r4/Patient"


@dataclass(frozen=True, slots=True)
class Desk:
    """An engine that takes requests, and a token that may create."""

    port: int
    token: str

    def create(self, file: Path, connections: int, first: int, total: int) -> load.Load:
        """Create new patients, `total` from the file's line `first` on; every one must be answered with yes."""
        met = load.ask(self.port, connections, total, file, self.token, first=first)
        if met.refused or met.errors or met.messages != total:
            raise ServerFailedError(f"of {total} requests {met.refused} were refused, {met.errors} connections failed")
        return met


def patient(number: int) -> dict[str, Any]:
    """An invented patient of ordinary size."""
    kind = {"coding": [{"system": _CODES, "code": "MR"}]}
    return {
        "resourceType": "Patient",
        "identifier": [{"type": kind, "system": "urn:id:WEST", "value": f"{100_000 + number}"}],
        "active": True,
        "name": [{"use": "official", "family": f"SPECIMEN{number % 997}", "given": ["ANA", "Q"]}],
        "telecom": [{"system": "phone", "value": f"312-555-{number % 10_000:04d}"}],
        "gender": "female",
        "birthDate": f"{1930 + number % 80}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "address": [{"line": [f"{number} ELM ST"], "city": "MADISON", "state": "WI", "postalCode": "53703"}],
    }


def requests(folder: Path, total: int) -> Path:
    """A file of so many creates, each of another patient, whose answers name the resource and do not repeat it."""
    file = folder / "creates.txt"
    lines = (f"{_TARGET}\t{json.dumps(patient(number))}\tPrefer: return=minimal\n" for number in range(total))
    file.write_text("".join(lines), encoding="utf-8")
    return file


@contextmanager
def running(folder: Path, url: str) -> Iterator[Desk]:
    """The whole engine, until the block ends."""
    place = prepare(folder, url)
    home, root = folder / "home", folder / "root"
    (root / "channels" / f"{CHANNEL}.yaml").write_text(_FILE, encoding="utf-8")
    (port,) = free_ports(1)
    environment = {**place.environment, "HP24_FHIR_PORT": str(port)}
    command = [str(COMMAND), "run", "--home", str(home), "--root", str(root)]
    with serving(command, (*place.ports.values(), port), folder / "engine.log", environment):
        with open_app(home, root, environment) as app:
            by = By("bench", "creates measured")
            scopes = ["system/Patient.c"]
            _, token = create_token(
                app.store, app.clock, by, "bench", scopes, days=1, types=TYPES, channel=CHANNEL, channels=(CHANNEL,)
            )
        yield Desk(port, token)
