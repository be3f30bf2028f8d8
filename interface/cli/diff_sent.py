"""What would be sent otherwise of stored payments: as a table for people, as JSON for programs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interface.app.diff_sent import SentDiff

_WIDEST_VALUE = 200  # characters of an example


def sent_json(found: "SentDiff", *, with_values: bool) -> dict[str, Any]:
    """As one JSON object; the first one's values where they are asked for."""
    return {
        "payments": found.payments,
        "differing": found.differing,
        "differences": [
            {
                "destination": one.shape.destination,
                "place": one.shape.place,
                "how": one.shape.how,
                "money": one.shape.money or None,
                "payments": one.payments,
                "first": one.first_id,
            }
            | ({"old": one.example[0], "new": one.example[1]} if with_values else {})
            for one in found.grouped()
        ],
    }


def print_sent(found: "SentDiff", *, with_values: bool) -> None:
    """As a table, with how many payments were rendered; nothing where there were none."""
    from interface.cli.table import Column, console, plain, table

    if not found.payments:
        return
    screen = console()
    payments = f"{found.payments:,} payment{'s' * (found.payments != 1)}"
    differing = f"{found.differing:,} would be sent otherwise" if found.differing else "each would be sent as before"
    screen.print(f"{payments} rendered by both: {differing}.", markup=False)
    grouped = found.grouped()
    if not grouped:
        return
    columns = [Column("destination"), Column("place"), Column("how", shrinks=True), Column("payments", True)]
    columns += [Column("first delivery", True), Column("touches money", shrinks=True)]
    rows = [
        [one.shape.destination, one.shape.place, one.shape.how, one.payments, one.first_id, one.shape.money]
        for one in grouped
    ]
    screen.print(table(columns, rows))
    for one in grouped if with_values else ():
        old, new = (plain(side[:_WIDEST_VALUE]) or "nothing" for side in one.example)
        told = f"delivery {one.first_id} {one.shape.place}: {old} -> {new}"
        screen.print(told, markup=False, soft_wrap=True)
