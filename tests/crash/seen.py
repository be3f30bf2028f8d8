"""The engine as anybody sees it from outside: what `hp24 VERB --json` prints, and nothing else.

The verbs run in this process and on one opening of the store, for starting some hundred others would take most of a run's time.
"""

import io
import json
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext, redirect_stdout
from functools import cached_property
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from interface.app.compose import App, open_app
from interface.cli.asked import Asked
from interface.cli.exit import ExitCode
from interface.cli.main import run
from interface.errors import StoreError
from tests.engine.harness import Engine

Shown = Mapping[str, Any]
"""One object as the command printed it."""


class StoreAwayError(Exception):
    """The store cannot be reached at the moment: it may be starting again."""


class Seen:
    """A look at an engine: each verb is asked once, so that all checks judge the same answers. A context manager."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stories: dict[str, Shown] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        engine = self._engine
        try:
            app = self._opened.enter_context(open_app(engine.home, engine.root, engine.environ))
            active = app.active()
        except StoreError:
            raise StoreAwayError from None
        self._opened.enter_context(patch.object(Asked, "app", lambda _asked: nullcontext(app)))
        self._opened.enter_context(patch.object(App, "active", lambda _app: active))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def _ask(self, *words: str, codes: tuple[int, ...] = (ExitCode.OK,)) -> str:
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = run(["--json", *words])
        if code == ExitCode.UNAVAILABLE:
            raise StoreAwayError
        assert code in codes, f"hp24 {words[0]} ended with {code}"
        return printed.getvalue()

    def _lines(self, *words: str) -> tuple[Shown, ...]:
        return tuple(json.loads(line) for line in self._ask(*words).splitlines())

    @cached_property
    def status(self) -> Shown:
        """`hp24 status`."""
        found: Shown = json.loads(self._ask("status"))
        return found

    @cached_property
    def messages(self) -> tuple[Shown, ...]:
        """`hp24 messages`: every stored message in order of arrival."""
        return self._lines("messages")

    @cached_property
    def accounts(self) -> tuple[Shown, ...]:
        """`hp24 accounts`."""
        return self._lines("accounts")

    @cached_property
    def work_items(self) -> tuple[Shown, ...]:
        """`hp24 worklist`: what waits for a person."""
        return self._lines("worklist")

    @cached_property
    def proof(self) -> Shown:
        """`hp24 verify`."""
        found: Shown = json.loads(self._ask("verify", codes=(ExitCode.OK, ExitCode.PROBLEMS)))
        return found

    def story(self, name: str | int) -> Shown:
        """`hp24 show NAME`: one message, delivery, account or payment in full."""
        name = str(name)
        if name not in self._stories:
            self._stories[name] = json.loads(self._ask("show", name))
        return self._stories[name]

    def messages_of(self, channel: str) -> dict[str, list[Shown]]:
        """A channel's messages by control id; more than one where it was kept more than once."""
        found: dict[str, list[Shown]] = {}
        for message in self.messages:
            if message["channel"] == channel:
                found.setdefault(message["control_id"], []).append(message)
        return found

    def accounts_of(self, facility: str) -> dict[str, Shown]:
        """A facility's accounts by each of their numbers."""
        mine = [account for account in self.accounts if account["facility"] == facility]
        return {number: account for account in mine for number in account["numbers"]}
