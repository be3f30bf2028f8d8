"""The verb of alerts: what stands, what was told, and a trial."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interface.app.compose import App
    from interface.operate.alerts import AlertList
    from interface.view.alert import Alert
    from interface.view.delivery import DeliveryStory

_POLL_SECS = 0.2


@verb("alerts")
@click.argument("what", type=click.Choice(["test"]), required=False)
@click.option(
    "--wait", type=click.FloatRange(0, 3600), default=30.0, metavar="SECS", help="How long a trial is waited for."
)
def alerts_verb(asked: Asked, what: str | None, wait: float) -> int:
    """Show the alerts that stand, those that ended lately, and what was told of them.

    `hp24 alerts test` sends a trial in every way that config/engine.yaml names and waits for its outcome; exit code 1 if one was
    not taken.
    """
    from interface.app.outbox import ways
    from interface.cli.exit import ExitCode
    from interface.cli.table import print_json
    from interface.operate.alerts import alerts

    with asked.app() as app:
        if what == "test":
            return _try_out(asked, app, wait)
        found, told_in = alerts(app.store), ways(app.settings.alerts)
        now = app.clock.now()
    if asked.as_json:
        print_json(_json(found))
    else:
        _print(found, told_in, now)
    return ExitCode.PROBLEMS if found.standing else ExitCode.OK


def _try_out(asked: Asked, app: "App", wait_secs: float) -> int:
    import time

    from interface.app.outbox import alert_stage
    from interface.cli.exit import ExitCode
    from interface.cli.table import print_json
    from interface.errors import ActRefusedError
    from interface.message import DeliveryState
    from interface.operate.alerts import outcomes, try_out

    queued = dict(try_out(app.store, asked.by(), alert_stage(app)))
    if not queued:
        raise ActRefusedError(
            "nobody-told",
            "the settings name nobody who is told of alerts",
            place="config/engine.yaml",
            advice="add `alerts: mail:` or `alerts: webhooks:`, and start the engine anew",
        )
    deadline = time.monotonic() + wait_secs
    found = outcomes(app.store, list(queued.values()))
    while time.monotonic() < deadline and any(
        one.state in (DeliveryState.QUEUED, DeliveryState.SENDING) for one in found
    ):
        time.sleep(_POLL_SECS)
        found = outcomes(app.store, list(queued.values()))
    if asked.as_json:
        print_json([_delivery_json(one) for one in found])
    else:
        for one in found:
            print(f"{one.destination}: {_outcome(one)}{_hint(one)}")
    taken = all(one.state is DeliveryState.DELIVERED for one in found)
    return ExitCode.OK if taken else ExitCode.PROBLEMS


def _outcome(one: "DeliveryStory") -> str:
    from interface.message import DeliveryState

    last = one.attempts[-1] if one.attempts else None
    why = f" [{last.code}] {last.text}".rstrip() if last is not None and last.code else ""
    match one.state:
        case DeliveryState.DELIVERED:
            return f"taken at attempt {len(one.attempts)}"
        case DeliveryState.QUEUED | DeliveryState.SENDING if last is None:
            return "queued"
        case DeliveryState.QUEUED | DeliveryState.SENDING:
            return f"not taken yet, it is tried again{why}"
        case _:
            return f"not taken{why}"


def _hint(one: "DeliveryStory") -> str:
    return "" if one.attempts else ", and nothing sends it: does the engine run, with these settings?"


def _print(found: "AlertList", told_in: "Sequence[str]", now: int) -> None:
    from interface.cli.table import moment

    if not found.standing:
        print("No alert stands.")
    for one in found.standing:
        print(_line(one, now))
    for one in found.ended[:10]:
        print(f"ended {moment(one.ended_at)}  {one.rule}  {one.subject}: {one.text} (from {moment(one.began_at)})")
    if found.told:
        print("\nTold:")
    for row, deliveries in found.told[:20]:
        outcome = "; ".join(f"{one.destination} {_outcome(one)}" for one in deliveries) or "to nobody"
        print(f"{moment(row.at)}  {row.kind}  {row.text}: {outcome}")
    if not told_in:
        print("\nNobody is told: config/engine.yaml names no `alerts: mail:` or `alerts: webhooks:`.")


def _line(one: "Alert", now: int) -> str:
    from interface.cli.table import ago

    gone = ", gone at the moment" if one.gone_at else ""
    untold = "" if one.start_told_at else ", not told yet"
    times = f", came {one.times} times" if one.times > 1 else ""
    return (
        f"STANDS for {ago(one.began_at, now)}  {one.rule}  {one.subject}: {one.text}{times}{gone}{untold} ({one.more})"
    )


def _json(found: "AlertList") -> dict[str, Any]:
    from interface.cli.table import iso

    return {
        "standing": [_alert_json(one) for one in found.standing],
        "ended": [_alert_json(one) for one in found.ended],
        "told": [
            {"at": iso(row.at), "kind": row.kind, "alert": row.alert_id or None, "text": row.text}
            | {"deliveries": [_delivery_json(one) for one in deliveries]}
            for row, deliveries in found.told
        ],
    }


def _alert_json(one: "Alert") -> dict[str, Any]:
    from interface.cli.table import iso

    return {
        "alert": one.id,
        "rule": one.rule,
        "subject": one.subject,
        "text": one.text,
        "more": one.more,
        "began": iso(one.began_at),
        "ended": iso(one.ended_at),
        "start_told": iso(one.start_told_at),
        "end_told": iso(one.end_told_at),
        "times": one.times,
    }


def _delivery_json(one: "DeliveryStory") -> dict[str, Any]:
    return {
        "way": one.destination,
        "delivery": one.id,
        "state": one.state,
        "attempts": len(one.attempts),
        "told": _outcome(one),
    }
