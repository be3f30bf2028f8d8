"""Code tables: CSV files that people keep in a spreadsheet, with a row that says what a code that is not listed becomes."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO

from interface.hl7.problem import ErrorCode
from interface.mapping.node import Mark
from interface.mapping.problem import Findings, note_not_text
from interface.mapping.scope import Scope, UnfitMessageError

HEADINGS = ("in", "out", "note")
ANY = "*"


class Miss(StrEnum):
    """What becomes of a code that the table does not list: the row `*` says so."""

    KEEP = "<keep>"
    REFUSE = "<refuse>"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One table. An empty `out` means that the code says nothing."""

    name: str
    file: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)
    miss: Miss = Miss.KEEP
    default: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)  # where each row stands, that of `*` too

    def outputs(self) -> set[str]:
        """Everything that the table can give by itself."""
        return {*self.rows.values(), *((self.default,) if self.miss is Miss.DEFAULT else ())}

    def look_up(self, code: str, scope: Scope, place: str) -> str:
        """The code's meaning; empty when it says nothing. A refused miss raises `UnfitMessageError` `code-unknown`."""
        found = self.rows.get(code)
        if found is not None:
            return found
        match self.miss:
            case Miss.DEFAULT:
                return self.default
            case Miss.KEEP:
                return code
            case Miss.REFUSE:
                raise UnfitMessageError(
                    "code-unknown",
                    f"the code is not in the table {self.name}",
                    hl7_code=ErrorCode.TABLE_VALUE,
                    place=scope.placed(place),
                    advice=f"add the code to {self.file or self.name}, then release the message",
                )


def read_table(name: str, file: str, text: str, findings: Findings) -> CodeTable:
    """Read a table's CSV (columns in, out, note); every problem goes into `findings`."""
    note_not_text(file, text, findings)
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or tuple(_cells(lines[0]))[:2] != HEADINGS[:2]:
        semicolons = bool(lines) and ";" in lines[0]
        advice = "save it with commas between the columns" if semicolons else "the first line is: in,out,note"
        findings.add(Mark(file), "table-headings", "the table does not begin with its headings", advice)
        return CodeTable(name, file)
    rows: dict[str, str] = {}
    at: dict[str, int] = {}
    for number, cells in _numbered(file, lines, findings):
        code, out = cells[:2]
        if code in rows:
            findings.add(Mark(file, number), "duplicate-code", f"the code `{code}` has two rows", "keep one of them")
        else:
            rows[code], at[code] = out, number
    miss = rows.pop(ANY, None)
    if miss is None:
        advice = "add a row `*,<keep>`, `*,<refuse>`, or `*,` and a default"
        findings.add(Mark(file), "table-miss", "the table does not say what an unlisted code becomes", advice)
    return CodeTable(name, file, rows, *_miss(Miss.KEEP if miss is None else miss), at)


def _miss(out: str) -> tuple[Miss, str]:
    if out in (Miss.KEEP, Miss.REFUSE):
        return Miss(out), ""
    return Miss.DEFAULT, out


def _numbered(file: str, lines: list[str], findings: Findings) -> Iterable[tuple[int, list[str]]]:
    """The rows that can be used, by their line; a finding for each other one."""
    most = len(_cells(lines[0]))
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip(", "):
            continue
        cells = _cells(line)
        if not cells:
            fault = ("malformed-row", "a quote is not closed in its row", 'close it; a quote inside is doubled: ""')
        elif not cells[0]:
            fault = ("row-without-code", "the row names no code", "write the code first, or remove the row")
        elif len(cells) < 2:
            fault = ("row-incomplete", "the row has no second column", "write `CODE,meaning`, or `CODE,` for none")
        elif len(cells) > most:
            fault = ("row-too-long", "the row has more columns than the headings", "put text with a comma in quotes")
        else:
            yield number, cells
            continue
        findings.add(Mark(file, number), *fault)


def _cells(line: str) -> list[str]:
    """The cells of a row; none where a quote is left open."""
    try:
        return [cell.strip() for cell in next(csv.reader(StringIO(line), strict=True), [])]
    except csv.Error:
        return []
