"""How things look in a terminal: plain tables of at most 120 columns that read well without colour, moments, money, JSON.

Text out of messages is content of strangers: it is printed as text, never as markup, and its control characters are shown, not
obeyed.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

WIDTH = 100
_WIDEST = 120  # lines that are longer are hard to read
_GAP = 2  # blanks between columns
_PROSE = 10  # a column of words is not made narrower than this before others are left out
_CONTROLS = {code: f"\\x{code:02X}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, whether it holds numbers, whether it is prose, and whether it may be left out.

    Prose gives way, wrapped between words. Ids, codes and numbers, which people copy, never do: where a terminal is too narrow for
    them, columns are left out, the greatest `leaves` first (0: never); what is still too wide is folded into more lines.
    """

    title: str
    is_number: bool = False
    shrinks: bool = False
    leaves: int = 0


def console(*, to_stderr: bool = False) -> Console:
    """A terminal of at most 120 columns; a pipe or file gets 100."""
    found = Console(stderr=to_stderr, highlight=False)
    found.width = min(found.width, _WIDEST) if found.is_terminal else WIDTH
    return found


def plain(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return text.translate(_CONTROLS)


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, title: str = "", width: int = 0) -> Table:
    """A table without lines, for `width` characters (0: those of the terminal); a state's cell may be styled `Text`."""
    cells = [[cell if isinstance(cell, Text) else Text(plain(str(cell))) for cell in row] for row in rows]
    widths = [
        max([cell_len(column.title), *(row[place].cell_len for row in cells)]) for place, column in enumerate(columns)
    ]
    shown = _fitting(columns, widths, width or console().width)
    is_narrow = _needed(columns, widths, shown) > (width or console().width)
    made = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
        header_style="dim",
    )
    for place in shown:
        column = columns[place]
        is_whole = not column.shrinks and not is_narrow
        made.add_column(
            column.title,
            justify="right" if column.is_number else "left",
            no_wrap=is_whole,
            overflow="fold",
            min_width=widths[place] if is_whole else None,
        )
    for row in cells:
        made.add_row(*(row[place] for place in shown))
    return made


def _fitting(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The places of the columns that are shown."""
    shown = list(range(len(columns)))
    for place in sorted(shown, key=lambda place: -columns[place].leaves):
        if columns[place].leaves and _needed(columns, widths, shown) > width:
            shown.remove(place)
    return shown


def _needed(columns: Sequence[Column], widths: Sequence[int], shown: Sequence[int]) -> int:
    """The least width of these columns."""
    least = sum(min(widths[place], _PROSE) if columns[place].shrinks else widths[place] for place in shown)
    return least + _GAP * (len(shown) - 1)


_STYLES = {
    "processed": "green",
    "posted": "green",
    "delivered": "green",
    "accepted": "cyan",
    "waiting": "cyan",
    "queued": "cyan",
    "pending": "cyan",
    "held": "yellow",
    "ambiguous": "yellow",
    "suspended": "yellow",
    "paused": "yellow",
    "failed": "red",
    "refused": "red",
    "rejected": "red",
    "incomplete": "red",
}


def state(word: str) -> Text:
    """A state, coloured where there are colours; the word alone says it."""
    return Text(plain(word), style=_STYLES.get(word, ""))


def moment(at: int, *, with_micros: bool = False) -> str:
    """A point in time in the reader's own time zone; empty for none."""
    if not at:
        return ""
    local = datetime.fromtimestamp(at / _SECOND, UTC).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S.%f" if with_micros else "%Y-%m-%d %H:%M:%S")


def iso(at: int) -> str | None:
    """A point in time for programs: ISO 8601, UTC, microseconds; None for none."""
    if not at:
        return None
    return (
        datetime.fromtimestamp(at // _SECOND, UTC).replace(microsecond=at % _SECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    )


def ago(at: int, now: int) -> str:
    """How long ago, in one unit; empty for none."""
    if not at:
        return ""
    secs = max(0, now - at) // _SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if secs >= size:
            return f"{secs // size} {unit}"
    return f"{secs} s"


def money(minor: int | None, currency: str) -> str:
    """An amount in its currency's notation, `1,250.00 USD`; empty for none."""
    if minor is None:
        return ""
    from interface.currency import exponent

    places = exponent(currency)
    whole, part = divmod(abs(minor), 10**places)
    amount = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    return f"{'-' if minor < 0 else ''}{amount} {currency}".rstrip()


def print_json(value: Any, *, is_line: bool = False) -> None:
    """One JSON value: indented, or as one line of many."""
    option = orjson.OPT_APPEND_NEWLINE | (0 if is_line else orjson.OPT_INDENT_2)
    sys.stdout.write(orjson.dumps(value, option=option | orjson.OPT_NON_STR_KEYS).decode())


def progress() -> Progress:
    """A progress line on standard error; silent where that is no terminal."""
    return _progress(MofNCompleteColumn())


def bytes_progress() -> Progress:
    """The same for amounts of bytes."""
    return _progress(DownloadColumn())


def _progress(amount: ProgressColumn) -> Progress:
    screen = console(to_stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        amount,
        TimeElapsedColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
