"""hp24 with a planted bug, as a command: `python -m tests.crash.planted BUG VERB ...`. What proves safety must catch each of them.

The product has no switch that turns a promise off; here its own functions are replaced from outside.
"""

import itertools
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import psycopg

from interface.cli.main import run
from interface.connector.fhir import asking
from interface.engine import intake
from interface.errors import InterfaceError
from interface.ledger import apply, demand
from interface.ledger.reading import Target
from interface.ledger.telling import Telling
from interface.pipeline import batch, deliver, receive, sequence
from interface.ports import Store, Turn
from interface.row.delivery import Delivery, Outcome
from interface.row.message import Received
from interface.store import decide, durability, vault

LATE_SECS = 0.5
_SLOW_SECS, _SLOW_EVERY = 1.3, 20


def unflushed() -> None:
    """Commits are not flushed: the setting goes after the engine has looked at it."""
    prepare = durability.prepare_sqlite

    def prepare_carelessly(connection: sqlite3.Connection, busy_timeout_secs: float) -> None:
        prepare(connection, busy_timeout_secs)
        connection.execute("PRAGMA synchronous = OFF")

    check = durability.check_postgresql

    def check_carelessly(connection: psycopg.Connection) -> None:
        check(connection)
        connection.execute("SET synchronous_commit = off")
        connection.commit()

    patch.object(durability, "prepare_sqlite", prepare_carelessly).start()
    patch.object(durability, "check_postgresql", check_carelessly).start()


def answered_early() -> None:
    """Senders are told yes, and their messages are stored half a second later."""
    store_batch = receive.store_batch

    def store_later(store: Store, examined: Sequence[receive.Examined]) -> list[receive.Answer[receive.Examined]]:
        if any(one.intake.answer == receive.WAITS for one in examined):
            return store_batch(store, examined)  # nobody is answered before its outcome
        threading.Timer(LATE_SECS, store_batch, (store, examined)).start()
        return [
            receive.Answer(one, Received(0, False, one.intake.state, one.intake.answer), one.intake.answer)
            for one in examined
        ]

    patch.object(intake, "store_batch", store_later).start()


def intent_forgotten() -> None:
    """A payment goes out before its attempt is written down; that comes with the outcome."""
    begin = deliver.DeliverStage.begin

    def begin_carelessly(stage: deliver.DeliverStage, delivery: Delivery) -> deliver.Sending | None:
        try:
            payload, control_id = stage._payload(delivery)
        except InterfaceError:
            return begin(stage, delivery)
        return deliver.Sending(delivery, payload, control_id)

    end = deliver.DeliverStage._end

    def end_carelessly(stage: deliver.DeliverStage, turn: Turn, sending: deliver.Sending, outcome: Outcome) -> None:
        if turn.begin_attempt(sending.delivery.id, sending.payload, sending.control_id, outcome.at):
            end(stage, turn, sending, outcome)

    patch.object(deliver.DeliverStage, "begin", begin_carelessly).start()
    patch.object(deliver.DeliverStage, "_end", end_carelessly).start()
    patch.object(deliver, "_is_open", lambda _turn, _sending: True).start()


def unordered() -> None:
    """Messages run in any order, and nobody waits behind a stuck one."""
    init = batch.Batch.__init__

    def init_carelessly(self: batch.Batch, *known: Any) -> None:
        *others, trips = known
        init(self, *others, trips[::-1])

    patch.object(batch.Batch, "__init__", init_carelessly).start()
    patch.object(sequence.Lanes, "is_blocked", lambda *_asked: False).start()


def repeats_forgotten() -> None:
    """The same bytes again are another message."""
    digest = vault.Vault.digest

    def digest_carelessly(self: vault.Vault, source: str, raw: bytes) -> bytes:
        return digest(self, f"{source}{time.time_ns()}", raw)

    patch.object(vault.Vault, "digest", digest_carelessly).start()


def unsearched() -> None:
    """A payment whose answer was lost is sent again without a look whether it has arrived."""
    patch.object(asking.Asking, "send_again", asking.Asking.send).start()


def given_back_carelessly() -> None:
    """A request that is given back to its sender is applied all the same by whoever had begun with it, slowly."""
    slow_steps()
    give_up = decide.give_up

    def give_up_carelessly(*asked: Any) -> list[int]:
        with patch.object(decide, "raise_epoch", lambda _tx: None):
            return give_up(*asked)

    patch.object(decide, "give_up", give_up_carelessly).start()


def conditions_forgotten() -> None:
    """A conditional create changes what is there."""
    patch.object(demand, "_is_own", lambda _telling, _row: True).start()


def versions_forgotten() -> None:
    """Whatever version a write is for, it is applied."""
    is_done = demand.is_done

    def is_done_carelessly(telling: Telling, target: Target) -> bool:
        return is_done(telling, replace(target, version=0))

    patch.object(apply, "is_done", is_done_carelessly).start()


def slow_steps() -> None:
    """No bug: some steps of processing take longer than requests wait."""
    run_step, steps = batch.Batch.run, itertools.count(1)

    def run_slowly(self: batch.Batch) -> None:
        run_step(self)
        if next(steps) % _SLOW_EVERY == 0:
            time.sleep(_SLOW_SECS)

    patch.object(batch.Batch, "run", run_slowly).start()


BUGS: dict[str, Callable[[], None]] = {
    "unflushed": unflushed,
    "answered-early": answered_early,
    "intent-forgotten": intent_forgotten,
    "unordered": unordered,
    "repeats-forgotten": repeats_forgotten,
    "unsearched": unsearched,
    "given-back-carelessly": given_back_carelessly,
    "conditions-forgotten": conditions_forgotten,
    "slow-steps": slow_steps,
    "versions-forgotten": versions_forgotten,
}


def planted(bug: str) -> tuple[str, ...]:
    """The command that stands for `hp24`. Its environment must find the project's tests (PYTHONPATH)."""
    return (sys.executable, "-m", "tests.crash.planted", bug)


def main(bug: str, words: Sequence[str]) -> int:
    """The command line. Its parts are forked, and have the bug, too."""
    BUGS[bug]()
    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
