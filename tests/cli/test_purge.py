"""`hp24 purge`: what would go and why, what went, and what the other verbs say of it."""

import pytest

from interface.engine.clock import SystemClock
from interface.row.purge import DAY_MICROS, Rule
from tests.cli.conftest import Home, Hp24


@pytest.fixture
def years_later(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home after seven years and some months."""
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + 2_650 * DAY_MICROS)
    return home


def test_nothing_is_old_enough_in_the_first_years(home: Home, hp24: Hp24) -> None:
    told = hp24("purge", "--json").json
    assert [one["rule"] for one in told["rules"]] == list(Rule)
    assert not any(one["rows"] or one["kept"] for one in told["rules"])


def test_a_preview_tells_what_stays_and_why_and_removes_nothing(years_later: Home, hp24: Hp24) -> None:
    before = hp24("messages", "--json").lines
    told = hp24("purge", "--preview")
    assert "are needed by hp24 verify until a baseline contains them" in told.out
    assert "A run takes a new baseline first" in told.out
    assert hp24("messages", "--json").lines == before


def test_what_went_is_told_by_every_verb(years_later: Home, hp24: Hp24) -> None:
    rules = {one["rule"]: one for one in hp24("purge", "--reason", "as agreed", "--json").json["rules"]}
    assert rules["processed-bodies"]["rows"] > 0
    assert "under the rule processed-bodies" in hp24("show", "1").out
    assert {one["what"] for one in hp24("show", "1", "--json").json["purged"]} == {"body", "arrivals", "runs"}
    raw = hp24("show", "1", "--raw")
    assert (raw.code, "body-purged" in raw.err) == (1, True)
    assert "were purged" in hp24("replay", "--all").err
    assert "have no bytes any more" in hp24("status").out
    assert hp24("messages", "--json").lines[0]["body_purged"]
    assert hp24("verify").code == 0
    (act, *_later) = [
        line for line in hp24("audit", "--subject", "message:1", "--json").lines if line["verb"] == "purge"
    ]
    assert act["reason"] == "as agreed; kept for 2557 days"


def test_compacting_needs_a_reason_and_no_preview(home: Home, hp24: Hp24) -> None:
    assert hp24("purge", "--preview", "--compact").code == 2
    refused = hp24("purge", "--compact")
    assert (refused.code, "reason-missing" in refused.err) == (1, True)
    assert hp24("purge", "--compact", "--reason", "the disk is small").code == 0
