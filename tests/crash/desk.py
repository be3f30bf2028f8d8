"""Where HealthPay24 takes payments, whatever happens to the engine meanwhile: asked again under one key until it answers."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from interface.app.compose import App
from interface.app.pay import hosted
from interface.errors import ActRefusedError, StoreError
from interface.healthpay24.protocol import Done, PaymentOrder, Share
from interface.operate.account import find_account
from tests.engine.harness import Engine

_ASK_AGAIN_SECS = 0.05
_GIVE_UP_SECS = 60.0


class Desk(Protocol):
    """Takes one payment on an account, by its number at the hospital; gives HealthPay24's reference of it.

    Empty where it could not be taken in time: the account never became known, or the store was away too long.
    """

    def pay(self, account: str, amount_minor: int, key: str) -> str: ...


@dataclass(frozen=True, slots=True)
class HostedDesk:
    """HealthPay24 as a program that lives on while the engine dies."""

    app: App
    give_up_secs: float = _GIVE_UP_SECS

    def pay(self, account: str, amount_minor: int, key: str) -> str:
        return _until_taken(lambda: self._ask(account, amount_minor, key), self.give_up_secs)

    def _ask(self, account: str, amount_minor: int, key: str) -> str:
        app = self.app
        try:
            with app.store.snapshot() as reader:
                public_id = find_account(reader, account).account.public_id
            order = PaymentOrder((Share(public_id, amount_minor),), "USD", "visa", f"tok_{key}", "4242")
            answer = hosted(app).pay(order, key=key, actor="desk")
        except (ActRefusedError, StoreError):
            return ""  # no such account yet, or no store at the moment
        assert isinstance(answer, Done), f"a payment was not taken: {answer}"
        return answer.reference


@dataclass(frozen=True, slots=True)
class CommandDesk:
    """`hp24 pay`, each time a process of its own, which dies with the engine."""

    engine: Engine
    command: Sequence[str]
    give_up_secs: float = _GIVE_UP_SECS

    def pay(self, account: str, amount_minor: int, key: str) -> str:
        return _until_taken(lambda: self._ask(account, amount_minor, key), self.give_up_secs)

    def _ask(self, account: str, amount_minor: int, key: str) -> str:
        engine = self.engine
        amount = f"{amount_minor // 100}.{amount_minor % 100:02d}"
        words = ["--home", str(engine.home), "--root", str(engine.root), "--json", "pay", "--key", key]
        words += ["--account", account, "--amount", amount, "--method", f"visa:tok_{key}", "--last4", "4242"]
        done = subprocess.run([*self.command, *words], env=engine.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            return ""  # refused, killed, or no store at the moment
        reference: str = json.loads(done.stdout)["reference"]
        return reference


def _until_taken(ask: Callable[[], str], give_up_secs: float) -> str:
    deadline = time.monotonic() + give_up_secs
    while not (reference := ask()) and time.monotonic() < deadline:
        time.sleep(_ASK_AGAIN_SECS)
    return reference
