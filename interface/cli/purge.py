"""The verb that removes what its time is over for."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, reason_option, verb

if TYPE_CHECKING:
    from interface.pipeline.purge import PurgeReport

_WHY = {
    "unsettled": "wait or are held",
    "work-item": "stand behind an open work item",
    "lane": "stand in the way of their patient's later messages",
    "replay": "are to be run again",
    "copy": "have an amended copy that is not settled",
    "unposted": "carry money that is not posted",
    "undelivered": "are not delivered",
    "recent": "were run, sent, answered or repeated lately",
    "proof": "are needed by hp24 verify until a baseline contains them",
    "body": "belong to a message whose bytes are kept",
    "named": "are named by the journal, a payment, a delivery or a copy",
}


@verb("purge")
@click.option("--preview", "is_preview", is_flag=True, help="Only tell what would go, and why the rest stays.")
@click.option(
    "--compact", "is_compact", is_flag=True, help="Write the database anew without free room; not while an engine runs."
)
@reason_option(is_required=False, about="Required with --compact.")
def purge_verb(asked: Asked, is_preview: bool, is_compact: bool, reason: str) -> None:
    """Remove now what is older than config/engine.yaml lets it be kept (keep_..._days), as the running engine does every day.

    Nothing goes that is still needed: what is not delivered, not posted, held, waiting, or behind an open work item. The journal,
    and what recognises money that comes again, never goes. Each step is audited.
    """
    from interface.app.purge import look_ahead, purge_now
    from interface.cli.table import console, print_json
    from interface.operate.purge import compact

    if is_preview and is_compact:
        raise click.UsageError("--preview or --compact")
    with asked.app() as app:
        if is_compact:
            before, after = compact(app.store, app.clock, asked.by(reason))
            if asked.as_json:
                print_json({"bytes_before": before, "bytes_after": after})
            else:
                console().print(f"The database took {before / 1e6:,.1f} MB and takes {after / 1e6:,.1f} MB now.")
            return
        report = look_ahead(app) if is_preview else purge_now(app, asked.by(reason))
        size = app.store.size_bytes()
        is_behind = report is not None and report.wants_baseline and app.is_processing()
    if report is None:
        from interface.errors import ActRefusedError

        raise ActRefusedError(
            "already-purging", "another process purges now", place="purge", advice="wait until it has ended"
        )
    if asked.as_json:
        print_json({"preview": is_preview, "database_bytes": size, "rules": [_rule_json(one) for one in report.rules]})
    else:
        _print(report, size, is_preview=is_preview, is_behind=is_behind)


def _rule_json(one: Any) -> dict[str, Any]:
    kept = {why.value: count for why, count in one.kept.items()}
    return {"rule": one.rule, "days": one.days, "rows": one.rows, "bytes": one.size_bytes, "kept": kept}


def _print(report: "PurgeReport", size: int, *, is_preview: bool, is_behind: bool) -> None:
    from interface.cli.table import Column, console, table

    screen = console()
    columns = [Column("rule"), Column("kept for days", True), Column("would go" if is_preview else "gone", True)]
    columns += [Column("MB", True), Column("over their time and kept", True)]
    rows = [
        [
            one.rule.value,
            one.days,
            one.rows or "·",
            f"{one.size_bytes / 1e6:,.1f}" if one.size_bytes else "·",
            one.kept.total() or "·",
        ]
        for one in report.rules
    ]
    screen.print(table(columns, rows))
    for one in report.rules:
        for why, count in one.kept.most_common():
            screen.print(f"{one.rule.value}: {count:,} {_WHY[why.value]}.", markup=False)
    screen.print(f"The database takes {size / 1e6:,.1f} MB.", markup=False)
    if is_preview and report.wants_baseline:
        screen.print(
            "A run takes a new baseline first: then these go, too, and hp24 verify proves what comes from then on."
        )
    if is_behind and not is_preview:
        screen.print(
            "An engine runs: it takes the baseline in its own purge. Without one, `hp24 purge` does.", markup=False
        )
