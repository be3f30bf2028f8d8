"""The verb that puts cases to the test: what analysts keep of a try, beside the mappings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import NUMBER, Asked, verb
from interface.cli.exit import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interface.app.cases import Played
    from interface.case.compare import Difference
    from interface.mapping.coverage import Rule

_RULES_SHOWN = 40


@verb("test")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--write", "is_write", is_flag=True, help="Write what happened into the files; shows what changes.")
@click.option("--stored", "is_stored", is_flag=True, help="Also tell which rules no stored message exercises.")
@click.option(
    "--save", "saved", metavar="ID", multiple=True, type=NUMBER, help="Make a case of stored messages, de-identified."
)
@click.option("--with-earlier", is_flag=True, help="With --save: also the patient's earlier messages that it needs.")
@click.option("--name", default="", help="With --save: what the case is called, as epic/late-charge.")
def test_verb(
    asked: Asked,
    names: tuple[str, ...],
    is_write: bool,
    is_stored: bool,
    saved: tuple[int, ...],
    with_earlier: bool,
    name: str,
) -> int:
    """Play the cases of mappings/cases, or those that are named, through the engine with the files of --root as they are edited.

    Nothing is kept and no engine is needed. NAME is a case (epic/register), a folder (epic) or a file. Exit code 1 if anything
    is otherwise than expected. Played all, it also lists the rules of the mappings that no case exercises.
    """
    from interface.mapping.problem import ProblemsError

    if (name or with_earlier) and not saved:
        raise click.UsageError("--name and --with-earlier belong to --save")
    if saved and (names or is_write or is_stored):
        raise click.UsageError("--save makes a case and does nothing else")
    root = _root(asked)
    try:
        if saved:
            from interface.cli.case_save import save

            return save(asked, root, saved, name, with_earlier=with_earlier)
        return _test(asked, root, names, is_write=is_write, is_stored=is_stored)
    except ProblemsError as found:
        from interface.cli.engine import print_problems

        print_problems(found, root)
        return ExitCode.PROBLEMS


def _root(asked: Asked) -> Path:
    import os

    from interface.app.root import default_root

    return (asked.root or default_root(os.environ)).absolute()


def _test(asked: Asked, root: Path, names: "Sequence[str]", *, is_write: bool, is_stored: bool) -> int:
    import time

    from interface.app import cases
    from interface.app.coverage import Coverage
    from interface.cli.table import print_json

    coverage = Coverage()
    configuration = cases.edited(root, asked.environ(), coverage.noted)
    found = cases.read_cases(root, names)
    began = time.monotonic()
    with cases.sandbox() as (store, clock):
        bench = cases.Bench(configuration, store, clock, coverage.noted.compiler, coverage=coverage)
        played = [bench.play(case) for case in found]
    seconds = time.monotonic() - began
    written = [path for one in played if is_write and (path := _write(root, one, is_shown=not asked.as_json))]
    rules = [] if names else coverage.missing(configuration)
    unseen = _unseen(asked, configuration, coverage) if is_stored else None
    holds = all(one.failure is None if is_write else one.holds for one in played)
    if asked.as_json:
        print_json(_as_json(played, rules, unseen, written))
    else:
        _show(played, seconds, written if is_write else None)
        _show_rules(rules, 0 if names else coverage.total(configuration), unseen)
    return ExitCode.OK if holds else ExitCode.PROBLEMS


def _unseen(asked: Asked, configuration: Any, coverage: Any) -> "list[Rule]":
    """Rules that neither cases nor stored messages exercise."""
    with asked.app() as app:
        coverage.stored(app.store, asked.by(), configuration)
    rules: list[Rule] = coverage.missing(configuration)
    return rules


def _write(root: Path, played: "Played", *, is_shown: bool) -> str:
    """Write the file anew where something differs; gives its path then."""
    from difflib import unified_diff

    from interface.app.cases import written

    if played.failure is not None:
        return ""
    before, after = written(root, played)
    if before == after:
        return ""
    file = played.case.file
    if is_shown:
        for line in unified_diff(before.splitlines(), after.splitlines(), file, file, lineterm="", n=2):
            print(line)
    (root / file).write_text(after, encoding="utf-8")
    return file


def _show(played: "Sequence[Played]", seconds: float, written: "Sequence[str] | None") -> None:
    """What differs, case by case, then how many hold; where files were written, how many."""
    for one in played:
        for line in case_lines(one, with_differences=written is None):
            print(line)
    wrong = sum(one.failure is not None if written is not None else not one.holds for one in played)
    endings = [f"{wrong} not as expected"] if wrong else ["all as expected"] if not written else []
    endings += [f"{_count(len(written), 'file')} written"] if written else []
    steps = sum(len(one.case.steps) for one in played)
    print(f"{_count(len(played), 'case')}, {_count(steps, 'step')}: {', '.join(endings)} ({seconds:.1f} s).")


def case_lines(one: "Played", *, with_differences: bool = True) -> "Iterator[str]":
    """What is not as expected in a case, one line each, with file and line."""
    from interface.mapping.problem import ProblemsError

    if isinstance(one.failure, ProblemsError):
        yield from map(str, one.failure.problems)
    elif one.failure is not None:
        yield f"{one.case.file}: {one.failure.sentence()}"
    for number, differences in one.differences.items() if with_differences else ():
        for difference in differences:
            yield f"{difference.mark.file}:{difference.mark.line}: step {number}: {_sentence(difference)}"


def _sentence(difference: "Difference") -> str:
    return f"{difference.path}: expected {_shown(difference.expected)}, got {_shown(difference.got)}"


def _shown(value: str | None) -> str:
    from interface.cli.table import plain

    return "nothing" if value is None else plain(value) or '""'


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _show_rules(rules: "Sequence[Rule]", total: int, unseen: "Sequence[Rule] | None") -> None:
    if rules:
        print(f"{len(rules)} of {_count(total, 'rule')} no case exercises:")
        dark = set(unseen or ())
        for rule in rules[:_RULES_SHOWN]:
            also = (
                "" if unseen is None else "  (no stored message either)" if rule in dark else "  (stored messages do)"
            )
            print(f"  {rule.mark.file}:{rule.mark.line}: {rule.name}{also}")
        if len(rules) > _RULES_SHOWN:
            print(f"  and {len(rules) - _RULES_SHOWN} more; --json lists all")
    elif total:
        print(f"Each of {_count(total, 'rule')} is exercised by a case.")


def _as_json(
    played: "Sequence[Played]", rules: "Sequence[Rule]", unseen: "Sequence[Rule] | None", written: "Sequence[str]"
) -> dict[str, Any]:
    return {
        "cases": [case_json(one) for one in played],
        "written": list(written),
        "rules_not_exercised": [
            {
                "file": rule.mark.file,
                "line": rule.mark.line,
                "rule": rule.name,
                **({"stored": rule not in set(unseen)} if unseen is not None else {}),
            }
            for rule in rules
        ],
    }


def case_json(one: "Played") -> dict[str, Any]:
    """What a case did, as one JSON object."""
    return {
        "name": one.case.name,
        "file": one.case.file,
        "steps": len(one.case.steps),
        "holds": one.holds,
        "failure": one.failure.sentence() if one.failure else "",
        "differences": [
            {
                "step": number,
                "path": difference.path,
                "expected": difference.expected,
                "got": difference.got,
                "line": difference.mark.line,
            }
            for number, found in one.differences.items()
            for difference in found
        ],
    }
