"""A hospital's people and accounts in a store, and a program that asks for them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette

from interface.app.compose import App, open_app
from interface.app.due import policies
from interface.app.pay import hosted
from interface.app.plan import plan_of
from interface.engine.custody import fate
from interface.engine.outcome import give_back
from interface.engine.requested import RequestSource
from interface.fhir.served import TYPES
from interface.fhir.text import read
from interface.fhir.valid import issues_of
from interface.healthpay24.protocol import Done, PaymentOrder, Settlement, Share
from interface.operate.act import By
from interface.operate.resource import Resources
from interface.operate.token import create_token, token_of
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import Listening, examine, store_batch
from interface.pipeline.request import Asked, Kept
from interface.web.fhir.door import Door, Identity
from interface.web.fhir.reading import Reading
from interface.web.fhir.response import ROOT
from interface.web.fhir.server import application
from interface.web.fhir.taking import Taking
from interface.web.fhir.writing import Writing
from tests.engine.root import make_root

BASE = f"http://engine{ROOT}"
BY = By("tester")
WEB = "web"  # the channel that takes FHIR
SOURCES = {
    WEB: RequestSource(
        WEB,
        facility="WEST",
        production=True,
        answer_within_micros=1_000_000,
        max_body_bytes=1_000_000,
        max_entries=100,
        max_in_flight=8,
    )
}
TAKES_FHIR = f"""channel: {WEB}
source: {{fhir: {{}}}}
timezone: America/Chicago
facility: FACILITY
mapping: fhirr4
"""


@dataclass
class Program:
    """A program with a token, as an HTTP client over the application itself."""

    app: App
    secret: str
    face: Starlette

    def with_token(self, *scopes: str) -> "Program":
        """Another program, with these scopes."""
        made = create_token(
            self.app.store, self.app.clock, BY, "a program", scopes, days=1, types=TYPES, channel=WEB, channels=(WEB,)
        )
        return replace(self, secret=made[1])

    def ask(self, path: str, method: str = "GET", **given: Any) -> httpx.Response:
        """`path` is below the server's base, or a link that it gave."""
        headers = {"authorization": f"Bearer {self.secret}"} | given.pop("headers", {})

        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.face)
            async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
                url = path if path.startswith("http") else f"{BASE}/{path}"
                return await client.request(method, url, headers=headers, **given)

        return asyncio.run(call())

    def get(self, path: str) -> dict[str, Any]:
        """The resource, with its decimals as they stand in the bytes."""
        answer = self.ask(path)
        assert answer.status_code == 200, answer.text
        return read(answer.content)

    def found(self, path: str) -> list[dict[str, Any]]:
        """The matches of one page."""
        entries = self.get(path).get("entry", [])
        return [one["resource"] for one in entries if one["search"]["mode"] == "match"]

    def pages(self, path: str) -> list[list[dict[str, Any]]]:
        """Every page, link by link."""
        pages = []
        following: str | None = path
        while following:
            bundle = self.get(following)
            pages.append([one["resource"] for one in bundle.get("entry", [])])
            following = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
        return pages


def feed(app: App, *contents: bytes) -> None:
    """Receive and process HL7 messages."""
    at = app.clock.now()
    store_batch(app.store, [examine(raw, Listening("epic"), peer="t:1", at=at) for raw in contents])
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)


def message(
    number: int,
    *,
    event: str = "A08",
    mrn: str = "771",
    name: str = "SPECIMEN^ANA",
    account: str = "991",
    visit: str = "551",
    balance: str = "",
    born: str = "19700101",
    more: tuple[str, ...] = (),
) -> bytes:
    """An ADT message of an invented patient at NORTH; later numbers are of later times."""
    at = f"202503{1 + number // 24:02d}{number % 24:02d}0000-0600"
    pv1 = f"PV1|1|O|CLINIC^^^NORTH||||||||||||||||{visit}^^^NORTH^VN|||||||||||||||||||||||||{at}"
    lines = (
        f"MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|{at}||ADT^{event}|M{number}|P|2.5.1",
        f"EVN|{event}|{at}",
        f"PID|1||{mrn}^^^NORTH^MR||{name}||{born}|F|||1 TEST ST^^EXAMPLE^IL^60601||^^^^^312^5550123|||||{account}^^^NORTH^AN",
        pv1 + (f"||{balance}" if balance else ""),
        *more,
    )
    return "".join(f"{line}\r" for line in lines).encode()


def face_of(app: App) -> Starlette:
    """The application over a store, with the active configuration's rules."""
    rules = policies(app.active()[1])
    reading = Reading(Resources(app.store, lambda: rules), lambda _facility: ZoneInfo("America/Chicago"))
    door = Door(lambda secret: token_of(app.store, app.clock, secret), Identity("1.2.3", "2026-11-01T00:00:00Z"))
    numbers = count(1)
    taking = Taking(door, lambda: SOURCES, issues_of, app.clock.now, lambda: f"given-{next(numbers)}")
    writing = Writing(door, reading, Desk(app), taking, app.clock.now)
    return application(reading, door, writing)


class Desk:
    """Takes requests as the engine does: stored, then processed, then answered. Nothing else is under way meanwhile."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stage: ProcessStage | None = None

    def _run(self) -> None:
        if self._stage is None:  # the files are read once
            self._stage = ProcessStage(self._app.store, plan_of(*self._app.active()), self._app.clock)
        self._stage.forget()  # others have run messages, too
        drain(self._stage, 32)

    async def take(self, asked: Asked, within_micros: int) -> Kept:
        (answer,) = store_batch(self._app.store, [asked])
        self._run()
        number = answer.received.message_id
        with self._app.store.snapshot() as reader:
            settled = reader.settled_answers([number]).get(number)
        if settled is None:  # it stands behind another
            with self._app.store.turn("answer") as turn:
                settled = give_back(turn, [number])[number]
        return Kept(number, settled)

    def fate(self, number: int, actor: str) -> Kept | None:
        return fate(self._app.store, number, actor)


def pay(app: App, account: str, cents: int) -> str:
    """Take a payment on an account (its public id); gives HealthPay24's number of it."""
    order = PaymentOrder((Share(account, cents),), "USD", "visa", "tok_1", "4242", False)
    done = hosted(app).pay(order, key=f"key-{account}-{cents}", actor="tester")
    assert isinstance(done, Done)
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)
    return done.reference


def settle(app: App, reference: str) -> None:
    """Let the money of a payment reach the bank."""
    done = hosted(app).settle(Settlement(reference), key=f"key-{reference}", actor="tester")
    assert isinstance(done, Done)
    drain(ProcessStage(app.store, plan_of(*app.active()), app.clock), 32)


def amount(one: dict[str, Any]) -> Decimal:
    """What is owed, of an Account."""
    (balance,) = [each for each in one["extension"] if each["url"].endswith("Account.balance")]
    (money,) = [each["valueMoney"] for each in balance["extension"] if each["url"] == "amount"]
    assert money["currency"] == "USD"
    return Decimal(money["value"])


@contextmanager
def opened(folder: Path, database_url: str, *, facility: str = "WEST") -> Iterator[App]:
    """An engine's home with a channel of each kind, its files published, and no part running.

    `facility` is that of the one over FHIR; where that is the other's, the other gets one of its own.
    """
    environ = {"HP24_KEY_FILE": str(folder / "test.key"), "HP24_DATABASE_URL": database_url}
    root = make_root(
        folder / "root",
        lambda epic: epic.update(facility="ELSEWHERE") if facility == "NORTH" else None,
        takes_fhir=True,
    )
    text = TAKES_FHIR.replace("FACILITY", facility)
    (root / "channels" / f"{WEB}.yaml").write_text(text, encoding="utf-8")
    with open_app(folder / "home", root, environ) as app:
        app.publish(app.edited(), "tester")
        yield app


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    with opened(tmp_path, database_url) as app:
        yield app


@pytest.fixture
def program(app: App) -> Program:
    return Program(app, "", face_of(app)).with_token("system/*.rs")
