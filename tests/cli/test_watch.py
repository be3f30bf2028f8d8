"""`hp24 health` and `hp24 alerts`: what they say, and their exit codes."""

from dataclasses import replace
from pathlib import Path

import pytest

from interface.app.compose import App, open_app
from interface.app.outbox import alert_stage
from interface.operate.health import Surroundings
from interface.view.alert import Condition
from interface.view.count import Ear, PartRow, PartState, Vitals
from tests.cli.conftest import Home, Hp24
from tests.conftest import PROJECT

OPEN = Vitals(ears=(Ear("epic", "127.0.0.1:2575", is_open=True, connections=2),))


def beat(app: App, listening: Vitals = OPEN) -> None:
    """Parts of this machine, alive."""
    import socket

    now = app.clock.now()
    for name, vitals in (("listen", listening), ("process", Vitals(worked_at=now))):
        with app.store.turn("beat") as turn:
            turn.beat(PartRow(name, 7, socket.gethostname(), PartState.RUNNING, now, now, vitals))


def test_an_engine_that_does_not_run_is_not_ready(home: Home, hp24: Hp24) -> None:
    told = hp24("health")
    assert told.code == 1
    assert told.out.startswith("NOT READY\n  listen: nothing listens on this machine")


def test_a_living_engine_is_ready(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app:
        beat(app)
    told = hp24("health")
    assert (told.code, told.out.splitlines()[0]) == (0, "ready")
    assert "channel epic: listening at 127.0.0.1:2575, 2 connections" in told.out
    assert hp24("health", "--json").json["ready"] is True


def test_a_senders_clock_that_is_off_is_a_concern(home: Home, hp24: Hp24) -> None:
    off = replace(OPEN.ears[0], sender_off_by=-3_661_000_000)
    with open_app(home.folder, PROJECT, home.environ) as app:
        beat(app, Vitals(ears=(off,)))
    sentence = "its messages (MSH-7) are stamped 61 min 1 s behind our clock"
    told = hp24("health")
    assert (told.code, sentence in told.out) == (0, True)
    assert f"Clock: epic: {sentence}" in hp24("status").out
    assert hp24("health", "--json").json["channels"]["epic"]["sender_clock_secs"] == -3661.0


def test_a_home_without_an_engine_is_not_ready(no_home: Home, hp24: Hp24) -> None:
    told = hp24("health", "--json")
    assert told.code == 1
    assert [one["code"] for one in told.json["reasons"]] == ["home-empty"]


def test_no_alert_is_the_good_answer(home: Home, hp24: Hp24) -> None:
    told = hp24("alerts")
    assert told.code == 0
    assert told.out.startswith("No alert stands.")
    assert "Nobody is told" in told.out


def test_what_stands_is_shown_with_what_to_do(home: Home, hp24: Hp24) -> None:
    with open_app(home.folder, PROJECT, home.environ) as app:
        since = app.clock.now() - 600_000_000
        alert_stage(app).run([Condition("disk-low", "home", "1.1 GB left", "hp24 health", since)])
    told = hp24("alerts")
    assert told.code == 1
    assert "disk-low  home: 1.1 GB left (hp24 health)" in told.out
    assert hp24("alerts", "--json").json["standing"][0]["rule"] == "disk-low"
    assert Surroundings("0").has_key


@pytest.fixture
def told_root(home: Home, tmp_path: Path) -> Path:
    """Settings that name a webhook."""
    (tmp_path / "root" / "config").mkdir(parents=True)
    (tmp_path / "root" / "channels").mkdir()
    text = 'alerts: {webhooks: {pager: {url: "http://127.0.0.1:9/", secret_env: PAGER}}}\n'
    (tmp_path / "root" / "config" / "engine.yaml").write_text(text)
    return tmp_path / "root"


def test_a_trial_that_nothing_sends_says_so(told_root: Path, hp24: Hp24) -> None:
    told = hp24("alerts", "test", "--wait", "0", "--root", str(told_root))
    assert told.code == 1
    assert told.out == "alerts/webhook-pager: queued, and nothing sends it: does the engine run, with these settings?\n"


def test_a_trial_needs_somebody_to_be_told(home: Home, hp24: Hp24) -> None:
    told = hp24("alerts", "test")
    assert (told.code, "nobody-told" in told.err) == (1, True)
