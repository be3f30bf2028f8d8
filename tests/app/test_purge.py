"""A purge and the proof of the ledger: what is gone is contained in the baseline, and what was changed is found out as before."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from interface.app.compose import App
from interface.app.purge import look_ahead, purge_now
from interface.engine.clock import SystemClock
from interface.errors import ActRefusedError
from interface.operate import look
from interface.operate.act import By
from interface.operate.hold import release
from interface.operate.replay import choose, request
from interface.operate.status import status
from interface.row.purge import DAY_MICROS
from interface.store.schema import METADATA
from interface.view.message import MessageFilter
from tests.app.test_baseline import feed, pay, prove
from tests.app.test_preview import app as plain_app
from tests.app.test_preview import call_charges_credits, everything, replay

__all__ = ["plain_app"]  # the fixture
BY = By("nora", "it is time")
SETTINGS = "keep_processed_bodies_days: 30\nkeep_filtered_bodies_days: 30\nkeep_arrivals_days: 30\nkeep_runs_days: 30\n"


class LaterClock(SystemClock):
    """The machine's clock, so many days ahead."""

    days = 0

    def now(self) -> int:
        return super().now() + self.days * DAY_MICROS


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, and PostgreSQL where a test asks for both."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def app(plain_app: App) -> Iterator[App]:
    """A morning in a store that keeps bodies for thirty days."""
    clock = LaterClock()
    plain_app.store._clock = clock
    settings = plain_app.settings.model_copy(
        update={line.split(":")[0]: int(line.split()[1]) for line in SETTINGS.splitlines()} | {"purge_share": 1.0}
    )
    yield replace(plain_app, clock=clock, settings=settings)


def later(app: App, days: int) -> None:
    app.clock.days += days  # type: ignore[attr-defined]  # the clock of these tests


def bodies(app: App) -> int:
    with app.store.snapshot() as reader:
        body = METADATA.tables["body"]
        return int(reader.transaction.connection.execute(sa.select(sa.func.count()).select_from(body)).scalar_one())


def purge(app: App) -> int:
    report = purge_now(app, BY)
    assert report is not None
    return report.rows


@on_both
def test_the_ledger_is_proven_before_and_after_a_purge_and_what_came_since(app: App) -> None:
    pay(app, "before")
    later(app, 31)
    before = bodies(app)
    assert purge(app) > 0
    assert 0 < bodies(app) < before, "the payment is not posted yet"
    assert prove(app).holds
    feed(app, 8)
    pay(app, "after")
    proof = prove(app)
    assert (proof.holds, proof.messages > 0) == (True, True)
    later(app, 31)
    purge(app)
    assert prove(app).holds


def test_a_replay_after_a_purge_is_proven_and_leaves_out_what_is_gone(app: App) -> None:
    later(app, 31)
    purge(app)
    feed(app, 8)
    chosen = choose(app.store, MessageFilter())
    assert (chosen.purged, len(chosen.ids)) == (chosen.left_out, bodies(app))
    call_charges_credits(app)
    assert replay(app, force_money=True) > 0
    assert prove(app).holds


def test_a_difference_that_is_planted_after_a_purge_is_found(app: App) -> None:
    later(app, 31)
    purge(app)
    feed(app, 8)
    with app.store.snapshot() as reader:
        (story,) = reader.accounts(0, 1)
        changes = next(one for one in reader.baseline_changes() if one.created)
    changes.created, changes.changed = [], [replace(story.account, facility="ELSEWHERE")]
    sealed = app.store.seal(changes)
    with app.store.turn("test") as turn:
        turn.save(sealed, 1)
    assert {one.noun for one in prove(app).differences} == {"account"}


def test_a_body_that_vanished_otherwise_is_found(app: App) -> None:
    later(app, 31)
    purge(app)
    feed(app, 8)
    with app.store.snapshot() as reader:
        newest = reader.messages(MessageFilter(newest_first=True, limit=1))[0].id
    with app.store.turn("test") as turn:
        connection = turn.transaction.connection
        gate = "body_kept"
        off = f"DROP TRIGGER {gate}" if turn.transaction.dialect == "sqlite" else f"DROP TRIGGER {gate} ON body"
        connection.execute(sa.text(off))
        connection.execute(sa.text(f"DELETE FROM body WHERE message_id = {newest}"))
    assert f"message {newest} has no body, and the baseline does not contain its run" in prove(app).endings


def test_what_is_gone_is_told_to_who_asks_and_never_runs(app: App) -> None:
    (first, *_others) = everything(app)
    later(app, 31)
    purge(app)
    found = look.message(app.store, BY, first)
    gone = found.story.purged_body()
    assert (found.raw, gone is not None and gone.rule) == (None, "processed-bodies")
    assert {one.what for one in found.story.purged} == {"body", "arrivals", "runs"}
    with pytest.raises(ActRefusedError, match="the bytes of 1 were purged"):
        request(app.store, BY, choose(app.store, MessageFilter(ids=(first,))))
    filtered = choose_filtered(app)
    with pytest.raises(ActRefusedError, match="body-purged"):
        release(app.store, BY, [filtered])


def choose_filtered(app: App) -> int:
    with app.store.snapshot() as reader:
        return next(row.id for row in reader.messages(MessageFilter()) if row.state == "filtered")


def test_status_adds_up_after_a_purge(app: App) -> None:
    later(app, 31)
    purge(app)
    for count in status(app.store, app.clock).channels:
        assert count.received == count.duplicates + sum(count.states.values())
        assert count.purged_bodies > 0


def test_a_preview_removes_nothing(app: App) -> None:
    later(app, 31)
    before = bodies(app)
    report = look_ahead(app)
    assert report.wants_baseline
    assert bodies(app) == before


def test_a_proof_says_what_to_do_where_the_baseline_was_broken_off(app: App) -> None:
    later(app, 31)
    purge(app)
    with app.store.turn("test") as turn:
        turn.transaction.connection.execute(sa.delete(METADATA.tables["baseline"]))
    with pytest.raises(ActRefusedError, match="baseline-missing"):
        prove(app)


KILLED = """
import sys
from dataclasses import replace
from interface.app.compose import open_app
from interface.app.purge import purge_now
from interface.row.purge import PurgePace
from tests.app.test_purge import BY, LaterClock
import interface.app.purge as purge

home, root = map(Path, sys.argv[1:3])
steps = 0
def rest(_secs):
    global steps
    steps += 1
    print(steps, flush=True)
    return False
purge._rest = rest
with open_app(home, root) as app:
    app.store._clock = LaterClock()
    app.store._clock.days = 31
    settings = app.settings.model_copy(update={"purge_step_rows": 10})
    purge_now(replace(app, clock=app.store._clock, settings=settings), BY)
"""


@on_both
def test_a_purge_that_is_killed_leaves_a_store_that_is_whole(app: App) -> None:
    (app.root / "config").mkdir(exist_ok=True)
    settings = app.root / "config" / "engine.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-c", KILLED, str(app.home), str(app.root)]
    with subprocess.Popen(command, env={**os.environ, **app.environ}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(4):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    with app.store.snapshot() as reader:
        rows = reader.messages(MessageFilter(limit=1000))
        kept = [row.id for row in rows if reader.body(row.id) is not None]
        assert [row.id for row in rows if not row.is_purged] == kept, "what is gone is noted, and nothing else"
    later(app, 31)
    purge(app)
    assert bodies(app) == 0
    assert prove(app).holds
