"""What the cases say of a change of the files before it is made: those that use what differs are played with the new files, and the
lines that differ and that none of them covers are named.

A rule is covered where it gave something, a row of a table where a code was looked up in it, a filter where a message was let pass
by for its reason. Of any other option a case shows more: with that option alone as it was, some step would do something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from interface.app.case_option import Options
from interface.app.cases import Bench, Played, feeds_of, readable_cases, sandbox
from interface.app.coverage import Coverage
from interface.case.case import Case
from interface.channel.difference import Change
from interface.channel.flat import MappingTexts, tables_in
from interface.channel.loader import Configuration, load
from interface.channel.spec import Channel
from interface.mapping.problem import Problem, ProblemsError

_OF_MAPPING, _OF_TABLE, _OF_CHANNEL = "mapping ", "table ", "channel "  # how the subjects of changes begin


@dataclass(frozen=True, slots=True)
class Tried:
    """What the cases say. `played` use something of what differs, `others` nothing of it.

    `failing` are not as expected with the new files, `unread` is what is wrong in the files of cases. `untried` counts changed
    options that nobody looked at, for there were too many.
    """

    played: int = 0
    others: int = 0
    failing: tuple[Played, ...] = ()
    unread: tuple[Problem, ...] = ()
    uncovered: tuple[Change, ...] = ()
    untried: int = 0

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of cases that fail, and the files of those that cannot be read."""
        return tuple(dict.fromkeys([one.case.name for one in self.failing] + [one.file for one in self.unread]))


def tried(
    root: Path, environ: Mapping[str, str], old: Configuration, new: Configuration, changes: Sequence[Change]
) -> Tried:
    """Play the cases below `root` that use something of what differs. Keeps nothing."""
    coverage = Coverage()
    noting = load(new.files, environ, root, coverage.noted.compiler, coverage.noted.table)
    cases, unread = readable_cases(root)
    used = _Used(noting, changes)
    with sandbox() as (store, clock):
        bench = Bench(noting, store, clock, coverage.noted.compiler, coverage)
        chosen = [case for case in cases if used.by(bench, case)]
        played = [bench.play(case) for case in chosen]
        uncovered = list(_uncovered(coverage, old, noting, changes))
        options = Options(old, noting, bench, played)
        uncovered += options.uncovered([one for one in changes if one.subject.startswith(_OF_CHANNEL)])
    failing = tuple(one for one in played if not one.holds)
    others = len(cases) - len(chosen)
    return Tried(len(chosen), others, failing, unread, _in_order(uncovered, changes), options.untried)


def _in_order(uncovered: Sequence[Change], changes: Sequence[Change]) -> tuple[Change, ...]:
    """Money first, as in the plan, then as the changes stand there; what was found in a whole new file behind them."""
    known = {one: number for number, one in enumerate(changes)}
    return tuple(sorted(uncovered, key=lambda one: (not one.money, known.get(one, len(known)))))


class _Used:
    """Which cases use something of what differs."""

    def __init__(self, configuration: Configuration, changes: Sequence[Change]) -> None:
        self._texts = MappingTexts(configuration.files)
        self._changed = {one.place.partition(":")[0] for one in changes}

    def by(self, bench: Bench, case: Case) -> bool:
        """Whether the case does. Where its channel is not to be had nobody can tell, and it is played, which says why."""
        if not self._changed:
            return False
        try:
            setting = bench.setting(case)
        except ProblemsError:
            return True
        return any(self._changed & self._files(feed.spec) for feed in feeds_of(setting, case).values())

    def _files(self, spec: Channel) -> set[str]:
        found = {f"channels/{spec.channel}.yaml"}
        tables = {table for one in spec.filters for table in tables_in(one.when)}
        for name in (spec.mapping, *(one.mapping for one in spec.destinations.values())):
            found |= {f"mappings/{name}.yaml", *(mark.file for _text, mark in self._texts.rules(name).values())}
            tables |= {table for _path, table in self._texts.lookups(name)}
        return found | {f"mappings/tables/{name}.csv" for name in tables}


# ------------------------------------------------------------ rules and codes


def _uncovered(
    coverage: Coverage, old: Configuration, new: Configuration, changes: Sequence[Change]
) -> Iterator[Change]:
    """Of rules and codes that came or differ, those that no case exercised."""
    missing = {(f"{rule.mark.file}:{rule.mark.line}", rule.name) for rule in coverage.missing(new)}
    rows = {f"{mark.file}:{mark.line}" for mark in coverage.noted.marks}
    texts = MappingTexts(old.files), MappingTexts(new.files)
    for one in changes:
        if one.new is None and one.old is not None:
            continue  # what is gone cannot be exercised
        if one.subject.startswith(_OF_MAPPING):
            if _is_whole(one):
                yield from _of_file(one, texts, missing)
            elif (one.place, one.name) in missing:
                yield one
        elif one.subject.startswith(_OF_TABLE):
            table = new.tables[one.subject.removeprefix(_OF_TABLE)]
            if f"{table.file}:{table.lines.get(one.name, 0)}" not in rows:
                yield one


def _is_whole(one: Change) -> bool:
    """Whether a change speaks of a mapping's file: one that came, or that no channel takes."""
    return one.place.endswith(":1") and (not one.name or one.name.startswith("("))


def _of_file(
    whole: Change, texts: tuple[MappingTexts, MappingTexts], missing: set[tuple[str, str]]
) -> Iterator[Change]:
    stem = whole.subject.removeprefix(_OF_MAPPING)
    was, now = ({".".join(path): found for path, found in one.rules(stem).items()} for one in texts)
    for name, (text, mark) in now.items():
        old = was[name][0] if name in was else None
        place = f"{mark.file}:{mark.line}"
        if old != text and mark.file == whole.place.partition(":")[0] and (place, name) in missing:
            yield replace(whole, place=place, name=name, old=old, new=text)
