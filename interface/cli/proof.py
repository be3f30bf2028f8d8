"""Verbs that prove or foresee: verify, and the preview of a replay."""

from typing import TYPE_CHECKING, Any

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interface.app.compose import App
    from interface.app.preview import Preview
    from interface.app.verify import Proof
    from interface.view.work import ReplayRow

_SHOWN = 20


@verb("verify")
def verify_verb(asked: Asked) -> int:
    """Run every processed message again into an empty ledger and compare it with the kept one; prove the journal's balances.

    Nothing is changed. Exit code 1 if anything differs.
    """
    from interface.app.verify import verify
    from interface.cli.table import print_json, progress

    with asked.app() as app, progress() as shown:
        task = shown.add_task("messages run again", total=None)
        proof = verify(app, lambda done, total: shown.update(task, completed=done, total=total))
    if asked.as_json:
        print_json(
            {
                "messages": proof.messages,
                "entries": proof.entries,
                "differences": [f"{one.noun} {one.public_id} {one.group}" for one in proof.differences],
                "endings": proof.endings,
                "unbalanced_entries": proof.unbalanced,
                "balances_differ": proof.balances_differ,
                "seconds": round(proof.seconds, 3),
                "holds": proof.holds,
            }
        )
    else:
        _show(proof)
    return ExitCode.OK if proof.holds else ExitCode.PROBLEMS


def _show(proof: "Proof") -> None:
    from interface.cli.table import console

    screen = console()
    rate = proof.messages / proof.seconds if proof.seconds else 0.0
    screen.print(
        f"{proof.messages:,} messages run again into an empty ledger in {proof.seconds:.1f} s ({rate:,.0f} a second).",
        markup=False,
    )
    found = [f"{one.noun} {one.public_id}: {one.group} differs" for one in proof.differences]
    found += proof.endings
    found += [f"journal entry {number} does not sum to zero" for number in proof.unbalanced]
    for line in found[:_SHOWN]:
        screen.print(f"  {line}", markup=False)
    if len(found) > _SHOWN:
        screen.print(f"  and {len(found) - _SHOWN} more")
    if proof.balances_differ:
        screen.print(f"{proof.balances_differ} kept balances are not the sums of their entries.")
    if proof.holds:
        screen.print(
            f"No differences. {proof.entries:,} journal entries balance, and every balance is the sum of its entries.",
            markup=False,
        )


def show_preview(asked: Asked, app: "App", ids: "Sequence[int]", *, force_money: bool) -> int:
    """Print what a replay of these messages would change."""
    from interface.app.preview import preview
    from interface.cli.table import print_json, progress

    with progress() as shown:
        task = shown.add_task("looking ahead", total=len(ids))
        found = preview(app, ids, lambda done, _total: shown.update(task, completed=done), force_money=force_money)
    if asked.as_json:
        print_json(
            {
                "version": found.config_id,
                "messages": found.messages,
                "would_change": found.changed_messages,
                "groups": dict(found.groups.most_common()),
                "endings": dict(found.endings.most_common()),
                "journal_entries": dict(found.entries.most_common()),
                "payments_sent": 0,
                **left_json(found),
            }
        )
    else:
        _show_preview(found)
    return ExitCode.OK


def _show_preview(found: "Preview") -> None:
    from interface.cli.table import Column, console, table

    screen = console()
    screen.print(
        f"{messages(found.messages)} under version {found.config_id}: {found.changed_messages:,} would change the ledger."
        " No payment is sent by a replay.",
        markup=False,
    )
    rows = [["ends as", name, count] for name, count in found.endings.most_common()]
    rows += [["would differ", name, count] for name, count in found.groups.most_common()]
    rows += [["would be booked", name, count] for name, count in found.entries.most_common()]
    screen.print(table([Column("what"), Column("name"), Column("count", is_number=True)], rows))
    print_left(found)


def left_json(found: "Preview | ReplayRow") -> dict[str, Any]:
    """What a replay leaves as it is: messages that cannot be run, and money that it would book otherwise."""
    return {
        "failed": found.failed,
        "failures": [
            {"message": one.message_id, "reason": one.cause, "place": one.place, "text": one.text}
            for one in found.failures
        ],
        "money_not_restated": {
            "messages": found.unrestated_messages,
            "amounts": [
                {"currency": one.currency, "booked_minor": one.booked_minor, "said_minor": one.said_minor}
                for one in found.unrestated
            ],
        },
    }


def print_left(found: "Preview | ReplayRow") -> None:
    """The same for people."""
    from interface.cli.table import Column, console, money, table

    screen = console()
    if found.unrestated_messages:
        amounts = "; ".join(
            f"{money(one.booked_minor, one.currency)} booked, {money(one.said_minor, one.currency)} by this version"
            for one in found.unrestated
        )
        screen.print(
            f"Money stays as it is booked, though {messages(found.unrestated_messages)} would book it otherwise: {amounts}."
            " --force-money books it anew.",
            markup=False,
        )
    if found.failed:
        shown = f", the first {len(found.failures)}" if found.failed > len(found.failures) else ""
        screen.print(f"Could not be run again ({found.failed}{shown}):", markup=False)
        rows = [[one.message_id, one.cause, " ".join((one.place, one.text)).strip()] for one in found.failures]
        screen.print(table([Column("message", is_number=True), Column("reason"), Column("why", shrinks=True)], rows))


def messages(number: int) -> str:
    """So many messages, in words."""
    return "1 message" if number == 1 else f"{number:,} messages"
