"""An engine with a channel that takes FHIR, and programs that write to it over a socket."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from interface.fhir.served import TYPES
from interface.fhir.text import write
from interface.operate.act import By
from interface.operate.token import create_token
from tests.engine.harness import Engine, running_engine
from tests.engine.root import make_root
from tests.ports import free_ports

WEB, WEB_FACILITY = "web", "WEST"
CHANNEL = f"""channel: {WEB}
source: {{fhir: {{max_in_flight: 256}}}}
timezone: America/Chicago
facility: {WEB_FACILITY}
mapping: fhirr4
ack: {{answer_within_secs: SECS}}
"""
FHIR = "application/fhir+json"
TYPE_CODES = "http://terminology.hl7.org/CodeSystem/v2-0203"
Resource = dict[str, Any]


@dataclass
class Site:
    """A running engine and a program's way to it."""

    engine: Engine
    base: str
    secret: str

    def token(self, *scopes: str) -> str:
        """The secret of a program that has these scopes on the channel."""
        return token_for(self.engine, *scopes)

    def client(self) -> httpx.Client:
        """A program of its own connections."""
        headers = {"authorization": f"Bearer {self.secret}", "content-type": FHIR}
        return httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def ask(
        self, method: str, path: str, body: Resource | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One request."""
        with self.client() as client:
            content = write(body) if body is not None else None
            return client.request(method, path, content=content, headers=headers)


def add_channel(root: Path, answer_within_secs: float) -> None:
    """Add the channel `web` to a root's files."""
    text = CHANNEL.replace("SECS", str(answer_within_secs))
    (root / "channels" / f"{WEB}.yaml").write_text(text, encoding="utf-8")


def token_for(engine: Engine, *scopes: str) -> str:
    """The secret of a token of the channel `web`, which may do everything unless scopes say less."""
    app, wanted = engine.app, scopes or ("system/*.cruds",)
    made = create_token(
        app.store, app.clock, By("tester"), "tests", wanted, days=1, types=TYPES, channel=WEB, channels=(WEB,)
    )
    return made[1]


@contextmanager
def site_in(
    folder: Path, environ: Mapping[str, str] | None = None, *, answer_within_secs: float = 30.0
) -> Iterator[Site]:
    """An engine whose channel `web` takes FHIR, and a token that may do everything there."""
    (port,) = free_ports(1)
    root = make_root(folder / "root", takes_fhir=True)
    add_channel(root, answer_within_secs)
    with running_engine(folder / "home", root, {"HP24_FHIR_PORT": str(port), **(environ or {})}) as engine:
        engine.await_listening(port)
        yield Site(engine, f"http://127.0.0.1:{port}/fhir/r4", token_for(engine))


def number(value: str, type_: str = "", system: str = "urn:id:WEST") -> Resource:
    """An Identifier."""
    kind = {"type": {"coding": [{"system": TYPE_CODES, "code": type_}]}} if type_ else {}
    return {**kind, "system": system, "value": value}


def patient(mrn: str, family: str = "SPECIMEN", **more: Any) -> Resource:
    """An invented patient."""
    name = [{"use": "official", "family": family, "given": ["ANA"]}]
    return {
        "resourceType": "Patient",
        "identifier": [number(mrn, "MR")],
        "name": name,
        "birthDate": "1970-01-01",
    } | more


def account(value: str, mrn: str, **more: Any) -> Resource:
    """An account of a patient."""
    of = [{"identifier": number(mrn, "MR")}]
    return {"resourceType": "Account", "identifier": [number(value, "AN")], "status": "active", "subject": of} | more
