"""The verb that tells HealthPay24 again what the ledger holds."""

import click

from interface.cli.asked import Asked, reason_option, verb


@verb("push")
@click.argument("rows", metavar="[ROW]...", nargs=-1)
@click.option("--rejected", is_flag=True, help="Everything that HealthPay24 rejected.")
@click.option(
    "--all", "everything", is_flag=True, help="Everything that it was ever told, as after a loss of its data."
)
@reason_option(is_required=True)
def push_verb(asked: Asked, rows: tuple[str, ...], rejected: bool, everything: bool, reason: str) -> None:
    """Tell HealthPay24 again of patients (pt_...), guarantors (gr_...), accounts (ac_...) or encounters (en_...).

    The running engine tells it of every change by itself; this is for what was rejected, or lost over there.
    """
    from interface.cli.table import console, print_json
    from interface.operate.push import push_all, push_rejected, push_rows

    if (bool(rows), rejected, everything).count(True) != 1:
        raise click.UsageError("give rows, or --rejected, or --all")
    with asked.app() as app:
        choose = push_rejected if rejected else push_all
        told = push_rows(app.store, asked.by(reason), rows) if rows else choose(app.store, asked.by(reason))
    if asked.as_json:
        print_json({"to_tell": told})
    else:
        console().print(f"HealthPay24 is told again: {told} records.", markup=False)
