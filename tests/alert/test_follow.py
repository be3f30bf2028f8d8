"""Which alerts begin, go on, end, and are told: decisions on values, with time by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from interface.pipeline.alert import HOUR, SECOND, AlertPolicy, Past, follow, tell
from interface.view.alert import Alert, Condition, Telling, TellingKind

T0 = 1_790_000_000_000_000
POLICY = AlertPolicy(tell_after_secs=60, gone_after_secs=300, max_per_hour=3, summary_secs=600)
DOWN = Condition("destination-suspended", "epic/dft", "does not answer", "hp24 status")


class Life:
    """Alerts through time, as the stage keeps them; `told` is everything that people got."""

    def __init__(self, policy: AlertPolicy = POLICY) -> None:
        self.policy = policy
        self.alerts: list[Alert] = []
        self.told: list[tuple[int, Telling]] = []

    def look(self, secs: float, *holding: Condition) -> list[TellingKind]:
        """One look; gives what it tells."""
        now = T0 + int(secs * SECOND)
        after = follow(self.alerts, holding, now, self.policy)
        singles = [at for at, one in self.told if one.kind is not TellingKind.SUMMARY and at > now - HOUR]
        summaries = [at for at, one in self.told if one.kind is TellingKind.SUMMARY]
        tellings = tell(after, now, Past(len(singles), max(summaries, default=0)), self.policy)
        latest = {(one.rule, one.subject): one for one in after}
        latest |= {(one.rule, one.subject): one for told in tellings for one in told.alerts}
        self.alerts = [one for one in latest.values() if not (one.ended_at and one.end_told_at)]
        self.told += [(now, one) for one in tellings]
        return [one.kind for one in tellings]

    def kinds(self) -> Sequence[TellingKind]:
        return [one.kind for _, one in self.told]


@pytest.fixture
def life() -> Life:
    return Life()


def test_what_holds_long_enough_is_told_once(life: Life) -> None:
    assert life.look(0, DOWN) == []
    assert life.look(59, DOWN) == []
    assert life.look(60, DOWN) == [TellingKind.START]
    assert life.look(3600, DOWN) == []


def test_what_passes_at_once_is_nobodys_concern(life: Life) -> None:
    life.look(0, DOWN)
    assert life.look(30) == []
    assert life.alerts == []


def test_it_ends_once_it_was_gone_for_long_enough_and_says_when(life: Life) -> None:
    life.look(0, DOWN)
    life.look(60, DOWN)
    assert life.look(100) == []
    assert life.look(399) == []
    assert life.look(400) == [TellingKind.RECOVERY]
    (ended,) = life.told[-1][1].alerts
    assert (ended.began_at, ended.ended_at) == (T0, T0 + 100 * SECOND)


def test_what_flaps_is_one_alert(life: Life) -> None:
    for secs in range(0, 3600, 60):
        life.look(secs, *([DOWN] if secs % 240 < 120 else []))
    for secs in range(3600, 4200, 60):
        life.look(secs)
    assert life.kinds() == [TellingKind.START, TellingKind.RECOVERY]
    assert life.told[-1][1].alerts[0].times == 15


def test_another_time_is_another_alert(life: Life) -> None:
    for secs, holding in ((0, [DOWN]), (60, [DOWN]), (70, []), (370, []), (400, [DOWN]), (460, [DOWN])):
        life.look(secs, *holding)
    assert life.kinds() == [TellingKind.START, TellingKind.RECOVERY, TellingKind.START]


def test_a_condition_knows_since_when_it_holds(life: Life) -> None:
    assert life.look(0, replace(DOWN, since=T0 - 3600 * SECOND)) == [TellingKind.START]
    assert life.told[0][1].alerts[0].began_at == T0 - 3600 * SECOND


def test_a_thing_that_was_over_before_anybody_looked_is_told_with_both_times(life: Life) -> None:
    life.look(0, replace(DOWN, since=T0 - 120 * SECOND))
    life.look(2)
    assert life.look(302) == [TellingKind.RECOVERY]
    assert life.kinds() == [TellingKind.START, TellingKind.RECOVERY]


def many(number: int) -> list[Condition]:
    return [replace(DOWN, subject=f"destination-{one}") for one in range(number)]


def test_a_flood_is_told_in_a_few_and_a_summary(life: Life) -> None:
    life.look(0, *many(50))
    assert life.look(60, *many(50)) == [TellingKind.START] * 3 + [TellingKind.SUMMARY]
    assert len(life.told[-1][1].alerts) == 47


def test_an_hour_of_trouble_is_bounded(life: Life) -> None:
    for secs in range(0, 3600, 30):
        life.look(secs, *many(secs // 30))
    singles = [kind for kind in life.kinds() if kind is not TellingKind.SUMMARY]
    assert len(singles) == POLICY.max_per_hour
    assert len(life.kinds()) <= POLICY.max_per_hour + 6


def test_in_a_flood_every_alert_is_told_one_start_and_one_end(life: Life) -> None:
    for secs in range(0, 1200, 30):
        life.look(secs, *many(40))
    for secs in range(1200, 6000, 30):
        life.look(secs)
    starts = [one.subject for _, told in life.told for one in told.alerts if not one.end_told_at]
    ends = [one.subject for _, told in life.told for one in told.alerts if one.end_told_at]
    assert sorted(starts) == sorted(ends) == sorted(one.subject for one in many(40))
    assert life.alerts == []


def test_what_ended_and_came_again_before_its_end_was_told_goes_on(life: Life) -> None:
    life.policy = replace(POLICY, max_per_hour=1, summary_secs=86_400)
    life.told.append((T0, Telling(TellingKind.SUMMARY, ())))  # the next one is a day away
    life.look(0, DOWN)
    life.look(60, DOWN)
    life.look(70)
    life.look(370)  # over, and kept back by the bound
    life.look(380, DOWN)
    (still,) = life.alerts
    assert (still.ended_at, still.times) == (0, 2)
