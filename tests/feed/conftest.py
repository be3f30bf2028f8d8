"""One engine for all of these problems, with channels of their own where a problem needs options, and a desk to look from."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from interface.hl7.framing import wrap
from interface.ledger.entity import Entity
from interface.message import MessageState
from interface.simulate.incoming import Incoming, read_incoming
from interface.simulate.receiver import Receiver
from interface.view.message import MessageFilter
from interface.view.money import AccountStory
from tests.cli.conftest import Called, Hp24, hp24  # noqa: F401 - the fixture
from tests.engine.cashier import EhrTill, Till, paying
from tests.engine.conftest import on_port
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Edit, Spec, make_root
from tests.engine.wire import Wire, control_id
from tests.ports import free_ports
from tests.simulate.peer import peer

HOLD_SECS = 0.5
UNCONFIRMED_SECS = 1.0
REPLY_SECS = 30.0  # of EHRs that are not late on purpose: on a busy machine a second is nothing
LIMIT_BYTES = 12_000_000


def _strict(spec: Spec) -> None:
    spec["expects"] = {"sending_application": ["EPICADT"], "receiving_facility": ["HP24"]}
    spec["filters"] = [{"when": "PID-5.1 = 'ZZTEST'", "reason": "test patients are not billed"}]


def _lax(spec: Spec) -> None:
    spec["control_id"] = "digest"
    spec["null_is_empty"] = True


def _hasty(spec: Spec) -> None:
    spec["missing_account"] = {"hold_hours": HOLD_SECS / 3600}


def _roomy(spec: Spec) -> None:
    spec["source"]["mllp"]["max_frame_bytes"] = LIMIT_BYTES


def _latin(spec: Spec) -> None:
    spec["destinations"]["dft"]["charset"] = "8859/1"


def _three_attempts(spec: Spec) -> None:
    spec["destinations"]["dft"]["retry"] = {"first_wait_secs": 0.1, "max_wait_secs": 0.1, "max_attempts": 3}


def _impatient(spec: Spec) -> None:
    spec["destinations"]["dft"]["mllp"]["reply_timeout_secs"] = 1.0


def _echo(spec: Spec) -> None:
    spec["posted_when"] = "echo"
    spec["unconfirmed_hours"] = UNCONFIRMED_SECS / 3600


LISTENING: dict[str, Edit] = {"strict": _strict, "lax": _lax, "hasty": _hasty, "roomy": _roomy}
# Channels with an EHR of their own that takes payments.
PAYING: dict[str, Edit | None] = {
    "late": _impatient,
    "poison": _three_attempts,
    "moving": None,
    "unsaid": _echo,
    "latin": _latin,
    "race": None,
    "again": None,
}


@dataclass(frozen=True, slots=True)
class Ward:
    """The engine; the port of each channel; a till for each channel that takes payments; `drifting` has an EHR of two versions."""

    engine: Engine
    ports: dict[str, int]
    tills: dict[str, EhrTill]
    drifting: Till


def _both(first: Edit, second: Edit | None) -> Edit:
    def edit(spec: Spec) -> None:
        first(spec)
        if second is not None:
            second(spec)

    return edit


def _drifting(content: bytes, _number: int) -> bytes:
    """A refusal that says 2.3 and is written as since 2.5."""
    number = read_incoming(content).control_id
    lines = (
        f"MSH|^~\\&|EPICFIN|DRIFT|HP24ENG|HP24|20250304||ACK|D{number}|P|2.3",
        f"MSA|AE|{number}",
        "ERR||PID^1^18|204^Unknown key identifier^HL70357|E||||no such account",
    )
    return wrap("".join(f"{line}\r" for line in lines).encode())


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("feed")
    names = (*LISTENING, *PAYING, "drift")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    with ExitStack() as opened:
        ehrs = {name: opened.enter_context(Receiver(deduplicates=False)) for name in PAYING}
        more = {name: _both(on_port(ports[name], name.upper()), own) for name, own in LISTENING.items()}
        for name, own in PAYING.items():
            more[name] = _both(paying(name.upper(), ports[name], ehrs[name].port, reply_timeout_secs=REPLY_SECS), own)
        more["drift"] = paying(
            "DRIFT", ports["drift"], opened.enter_context(peer(_drifting)).port, reply_timeout_secs=REPLY_SECS
        )
        engine = opened.enter_context(running_engine(folder / "home", make_root(folder / "root", more=more)))
        for port in ports.values():
            engine.await_listening(port)
        tills = {name: EhrTill(engine, name, name.upper(), ports[name], ehrs[name]) for name in PAYING}
        yield Ward(engine, {"epic": engine.port, **ports}, tills, Till(engine, "drift", "DRIFT", ports["drift"]))


@dataclass(frozen=True, slots=True)
class Desk:
    """What the EHR hears, and what a person who calls `hp24` sees."""

    ward: Ward
    hp24: Hp24

    @property
    def engine(self) -> Engine:
        return self.ward.engine

    def wire(self, channel: str = "epic") -> Wire:
        """A connection to the channel's listener."""
        return Wire(self.ward.ports[channel])

    def ask(self, content: bytes, channel: str = "epic") -> Incoming:
        """Send one message over a connection of its own."""
        with self.wire(channel) as wire:
            return wire.ask(content)

    def tell(self, content: bytes, channel: str = "epic") -> Incoming:
        """The same, and wait until everything that arrived was run."""
        reply = self.ask(content, channel)
        self.settle()
        return reply

    def settle(self) -> None:
        """Wait until every message has run, or waits behind one that a person must judge."""

        def is_idle() -> bool:
            return all(row.is_parked for row in self.engine.messages(MessageFilter(states=(MessageState.WAITING,))))

        wait_until(is_idle, "everything was run")

    def call(self, *arguments: str) -> Called:
        """`hp24 ARGUMENTS --json` on the engine's home."""
        return self.hp24(*arguments, "--json")

    def show(self, number: str, channel: str = "epic") -> dict[str, Any]:
        """`hp24 show` of the only message with this control id, once it stands somewhere."""
        self.settle()
        return self.show_id(self.engine.message(number, channel).id)

    def show_id(self, message_id: int) -> dict[str, Any]:
        """`hp24 show` of a message."""
        found: dict[str, Any] = self.call("show", str(message_id)).json
        return found

    def account(self, number: str) -> dict[str, Any]:
        """`hp24 show account:NUMBER`."""
        found: dict[str, Any] = self.call("show", f"account:{number}").json
        return found

    def worklist(self, **wanted: object) -> list[dict[str, Any]]:
        """Open items of `hp24 worklist` that say this."""
        return [one for one in self.call("worklist").lines if wanted.items() <= one.items()]

    def story(self, account: str) -> AccountStory:
        """An account as the operate functions see it; it must be there."""
        with self.engine.app.store.snapshot() as reader:
            found = reader.account(account)
        assert found is not None
        return found

    def visit(self, account: str) -> Entity:
        """The only visit of an account."""
        (visit,) = self.story(account).visits
        return visit

    def patient(self, account: str) -> Entity:
        """Whose account it is."""
        found = self.story(account).patient
        assert found is not None
        return found

    def await_state(self, number: str, state: MessageState, channel: str = "epic") -> dict[str, Any]:
        """Wait until the message stands so, and show it."""
        return self.show_id(self.engine.await_state(number, state, channel=channel).id)

    def await_item(self, **wanted: object) -> dict[str, Any]:
        """Wait until such an item is open."""
        wait_until(lambda: bool(self.worklist(**wanted)), f"an item {wanted} is open")
        return self.worklist(**wanted)[-1]


@pytest.fixture
def desk(ward: Ward, hp24: Hp24, monkeypatch: pytest.MonkeyPatch) -> Desk:  # noqa: F811 - the fixture
    for name in ("HP24_KEY_FILE", "EPIC_MLLP_PORT", "EPIC_DFT_PORT"):
        monkeypatch.setenv(name, ward.engine.environ[name])
    monkeypatch.setenv("HP24_HOME", str(ward.engine.home))
    monkeypatch.setenv("HP24_ROOT", str(ward.engine.root))
    return Desk(ward, hp24)


def last_state(shown: dict[str, Any]) -> tuple[str, str]:
    """State and reason."""
    return shown["state"], shown["reason"]


def warnings_of(shown: dict[str, Any]) -> list[str]:
    """What the last run found odd."""
    found: list[str] = shown["runs"][-1]["warnings"]
    return found


def numbers(amount: int) -> list[str]:
    """Control ids that nobody else uses."""
    return [control_id("F") for _ in range(amount)]
