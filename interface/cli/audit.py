"""The verb that reads the audit trail."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode
from interface.cli.look import moment_option

if TYPE_CHECKING:
    from interface.view.audit import Audited, AuditProof

_SHOWN = 50  # lines in a table unless --limit says otherwise


@verb("audit")
@click.argument("what", type=click.Choice(["verify"]), required=False)
@click.option(
    "--subject", metavar="SUBJECT", default="", help="One thing: message:17, delivery:3, account:ac_..., payment:pm_..."
)
@click.option("--patient", metavar="ID", default="", help="Everything of a patient (pt_..., or a number).")
@click.option("--actor", metavar="NAME", default="", help="Who acted.")
@moment_option("--since", "At or after: 2026-03-04T13:00, or 15m, 2h, 3d for ago.")
@click.option(
    "--backup",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="With verify: the trail must hold the seal that this backup noted.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help=f"At most N. Default: the newest {_SHOWN}; with --json all."
)
def audit_verb(
    asked: Asked,
    what: str | None,
    subject: str,
    patient: str,
    actor: str,
    since: int,
    backup: Path | None,
    limit: int | None,
) -> int:
    """Show who looked at what, who did what to what, and why; filters add up. Looking here is audited, too.

    `hp24 audit verify` proves that nobody has altered, removed or inserted a row since the engine sealed it; exit code 1 if
    somebody did.

    The table shows the newest lines, oldest of them first; --json gives one object a line in the same order.
    """
    from interface.cli.table import print_json
    from interface.operate.audit import trail
    from interface.view.audit import AuditFilter

    if what and (subject or patient or actor or since or limit):
        raise click.UsageError("verify proves the whole trail and takes no filter")
    if what:
        return _verify(asked, backup)
    if backup:
        raise click.UsageError("--backup goes with verify")
    if subject and patient:
        raise click.UsageError("give --subject or --patient")
    if subject and ":" not in subject:
        raise click.BadParameter("write KIND:NAME, as message:17", param_hint="--subject")
    most = limit if asked.as_json else limit or _SHOWN
    wanted = AuditFilter(actor=actor, since=since, newest_first=most is not None)
    with asked.app() as app:
        lines = list(islice(trail(app.store, asked.by(), wanted, subject=subject, patient=patient), most))
    if wanted.newest_first:
        lines.reverse()
    if not asked.as_json:
        _print(lines)
        return ExitCode.OK
    for line in lines:
        print_json(audit_json(line), is_line=True)
    return ExitCode.OK


def _verify(asked: Asked, backup: Path | None) -> int:
    from interface.cli.table import iso, print_json
    from interface.operate.audit import prove

    with asked.app() as app:
        proof = prove(app.store, app.store.audit_end_of(backup) if backup else None)
    if asked.as_json:
        print_json(
            {
                "rows": proof.rows,
                "seals": proof.seals,
                "last_seal": proof.last_seal,
                "sealed_at": iso(proof.sealed_at),
                "not_sealed": proof.unsealed,
                "not_sealed_since": iso(proof.unsealed_since),
                "found": proof.found,
                "holds": proof.holds,
            }
        )
    else:
        _print_proof(proof)
    return ExitCode.OK if proof.holds else ExitCode.PROBLEMS


def _print_proof(proof: "AuditProof") -> None:
    from interface.cli.table import console, moment

    screen = console()
    for line in proof.found:
        screen.print(f"  {line}", markup=False)
    last = f", the last of {moment(proof.sealed_at)}" if proof.seals else ""
    screen.print(f"{proof.rows:,} rows of the audit trail under {proof.seals:,} seals{last}.", markup=False)
    if proof.unsealed:
        since = moment(proof.unsealed_since)
        screen.print(
            f"{proof.unsealed:,} rows, since {since}, are not sealed yet: nothing is proven of them.", markup=False
        )
    if proof.holds:
        screen.print("Nothing was altered, removed or inserted.")


def audit_json(line: "Audited") -> dict[str, Any]:
    """One line of the trail as JSON."""
    from interface.cli.table import iso

    return {
        "id": line.id,
        "at": iso(line.at),
        "actor": line.actor,
        "verb": line.verb,
        "subject": line.subject,
        "reason": line.reason,
        "details": dict(line.details),
    }


def _print(lines: "list[Audited]") -> None:
    from interface.cli.table import Column, console, moment, table

    screen = console()
    if not lines:
        screen.print("Nothing of this stands in the audit trail.")
        return
    columns = [Column("when"), Column("who"), Column("did"), Column("to"), Column("why", shrinks=True)]
    rows = [[moment(one.at)[5:], one.actor, one.verb, one.subject, _why(one)] for one in lines]
    screen.print(table(columns, rows))


def _why(line: "Audited") -> str:
    """The reason; of a list that was looked at, what it was chosen by."""
    chosen = ", ".join(line.details.get("by", ())) if line.verb in ("list", "audit") else ""
    return line.reason or (f"by {chosen}" if chosen else "")
