"""When an alert begins, ends and is told: pure decisions on what stands, what holds now, and the time.

A condition has to hold for a while before it is told, and to be gone for a while before it has ended: what flaps is one alert. What
would be too much in an hour is told in summaries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from interface.view.alert import Alert, Condition, Telling, TellingKind

SECOND = 1_000_000
HOUR = 3600 * SECOND


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """How alerts are kept from flooding people."""

    tell_after_secs: float = 60.0
    gone_after_secs: float = 300.0
    max_per_hour: int = 20
    summary_secs: float = 600.0
    keep_days: int = 90  # of what ended and was told


@dataclass(frozen=True, slots=True)
class Past:
    """What was told lately: how many single tellings within the last hour, and when the last summary was."""

    singles: int = 0
    summary_at: int = 0


def follow(standing: Iterable[Alert], holding: Iterable[Condition], now: int, policy: AlertPolicy) -> list[Alert]:
    """Every alert that did not end before, as it stands now: new ones, those that go on, those that end here.

    One that was never told and whose condition is gone is left out: nobody needs to know.
    """
    known = {(one.rule, one.subject): one for one in standing}
    present = {(one.rule, one.subject): one for one in holding}
    found = [_begun(one, now) for place, one in present.items() if place not in known]
    for place, alert in known.items():
        if place in present:
            found.append(_still(alert, present[place]))
        elif alert.start_told_at or alert.gone_at or now - alert.began_at >= policy.tell_after_secs * SECOND:
            found.append(_gone(alert, now, policy))
    return found


def _begun(condition: Condition, now: int) -> Alert:
    began_at = condition.since or now
    return Alert(condition.rule, condition.subject, condition.text, condition.more, began_at)


def _still(alert: Alert, condition: Condition) -> Alert:
    if alert.gone_at:
        # Also where it had ended and nobody was told yet: for people it never ended.
        return replace(alert, gone_at=0, ended_at=0, times=alert.times + 1, text=condition.text)
    return alert if alert.start_told_at else replace(alert, text=condition.text)


def _gone(alert: Alert, now: int, policy: AlertPolicy) -> Alert:
    gone_at = alert.gone_at or now
    is_over = now - gone_at >= policy.gone_after_secs * SECOND
    return replace(alert, gone_at=gone_at, ended_at=gone_at if is_over else 0)


def tell(alerts: Sequence[Alert], now: int, past: Past, policy: AlertPolicy) -> list[Telling]:
    """What is to be told now, oldest first, each alert as it stands after it was told."""
    due = sorted(_due(alerts, now, policy), key=lambda one: (one.alerts[0].began_at, one.kind != TellingKind.START))
    left = max(0, policy.max_per_hour - past.singles)
    singles, rest = due[:left], due[left:]
    if not rest or now - past.summary_at < policy.summary_secs * SECOND:
        return singles
    return [*singles, Telling(TellingKind.SUMMARY, _last(rest))]


def _due(alerts: Iterable[Alert], now: int, policy: AlertPolicy) -> Iterable[Telling]:
    for alert in alerts:
        if not alert.start_told_at and now - alert.began_at >= policy.tell_after_secs * SECOND:
            alert = replace(alert, start_told_at=now)  # noqa: PLW2901 - what follows is about the alert that was told
            yield Telling(TellingKind.START, (alert,))
        if alert.ended_at and alert.start_told_at and not alert.end_told_at:
            yield Telling(TellingKind.RECOVERY, (replace(alert, end_told_at=now),))


def _last(tellings: Iterable[Telling]) -> tuple[Alert, ...]:
    """Each alert once, as the last telling of it leaves it."""
    return tuple({(one.rule, one.subject, one.began_at): one for told in tellings for one in told.alerts}.values())
