"""FHIR files of others, found beside the project, and what validation says of them: `python -m tests.fhir.corpus`."""

import codecs
import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from interface.fhir.outcome import Issue, RefusedError, Severity
from interface.fhir.text import Resource, read
from interface.fhir.valid import issues_of
from tests.conftest import corpus_folder


def examples(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """(path, the release that it is known to be of or empty, bytes) of each file of FHIR."""
    with (folder / "INDEX.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["kind"] == "fhir":
                yield row["file"], row["version"], (folder / row["file"]).read_bytes()


def resource_of(content: bytes) -> Resource | RefusedError:
    """The body as it is read, or why it is none."""
    try:
        return read(content.removeprefix(codecs.BOM_UTF8))
    except RefusedError as refused:
        return refused


def verdict(issues: tuple[Issue, ...]) -> str:
    """valid, warned or refused."""
    severities = {one.severity for one in issues}
    return "refused" if Severity.ERROR in severities else "warned" if Severity.WARNING in severities else "valid"


def cause(one: Issue) -> str:
    """An issue without the places in lists, so that its like can be counted."""
    place = re.sub(r"\[[0-9]+\]", "", one.expression)
    return f"{one.severity} {place}: {one.text[:90]}"


def main() -> None:
    """Write the table, then the causes by how many files have them; with a word, the files that have that cause."""
    folder = corpus_folder()
    if folder is None:
        raise SystemExit("no folder of sample messages (HP24_CORPUS)")
    wanted = sys.argv[1] if len(sys.argv) > 1 else None
    table: dict[str, Counter[str]] = defaultdict(Counter)
    causes: Counter[str] = Counter()
    for path, release, content in examples(folder):
        found = resource_of(content)
        if isinstance(found, RefusedError):
            table["(no JSON)"]["refused"] += 1
            continue
        issues = issues_of(found)
        table[f"{found.get('resourceType', '(none)')}{'' if release else ' *'}"][verdict(issues)] += 1
        causes.update({cause(one) for one in issues})
        if wanted and (why := sorted({cause(one) for one in issues if wanted in cause(one)})):
            sys.stdout.write("\n    ".join([path, *why]) + "\n")
    if not wanted:
        sys.stdout.writelines(f"{line}\n" for line in (*_lines(table), *_counted(causes)))


def _lines(table: dict[str, Counter[str]]) -> Iterator[str]:
    kinds = ("valid", "warned", "refused")
    yield f"{'type (* of a release that is not told)':40}" + "".join(f"{kind:>9}" for kind in kinds)
    for type_, counts in sorted(table.items()):
        yield f"{type_:40}" + "".join(f"{counts[kind]:9}" for kind in kinds)
    yield f"{'all':40}" + "".join(f"{sum(counts[kind] for counts in table.values()):9}" for kind in kinds)


def _counted(causes: Counter[str]) -> Iterator[str]:
    yield from (f"{files:5}  {told}" for told, files in causes.most_common())


if __name__ == "__main__":
    main()
