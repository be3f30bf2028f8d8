"""Verbs for the engine itself: init, check, run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interface.app.run import Settled
    from interface.mapping.problem import Problem, ProblemsError

_FOLDERS = ("channels", "mappings", "config")


@verb("init")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def init_verb(asked: Asked, folder: Path) -> None:
    """Write a starter directory: the shipped channels and mappings, ready to be edited. Existing folders are never touched."""
    from shutil import copytree, ignore_patterns

    from interface.cli.table import console, print_json
    from interface.errors import ConfigurationError

    if taken := [name for name in _FOLDERS if (folder / name).exists()]:
        text = f"{', '.join(taken)} exist already; nothing was written"
        raise ConfigurationError("folder-taken", text, place=str(folder), advice="give another directory")
    source = starter()
    for name in _FOLDERS:
        copytree(source / name, folder / name, ignore=ignore_patterns("__pycache__", "deploy", "TUTORIAL.md"))
    files = sorted(
        str(path.relative_to(folder)) for name in _FOLDERS for path in (folder / name).rglob("*") if path.is_file()
    )
    if asked.as_json:
        print_json({"root": str(folder), "files": files})
        return
    screen = console()
    for file in files:
        screen.print(f"  {file}", markup=False)
    screen.print(f"Now: hp24 check --root {folder}", markup=False)


def starter() -> Path:
    """Where the shipped files are: inside the installed package, else beside it in a checkout."""
    import interface

    package = Path(interface.__file__).parent
    return package / "starter" if (package / "starter").is_dir() else package.parent


@verb("check")
def check_verb(asked: Asked) -> int:
    """Check channels, mappings and settings of --root: every problem at once, by file, line and rule. Opens no database.

    The certificates and keys that channels name are looked into, too. A warning tells of what runs and is worth a look: with
    warnings alone the exit code is 0.
    """
    import os

    from interface.app.root import default_root
    from interface.channel.files import check_files
    from interface.channel.loader import load, read_files
    from interface.cli.table import console, print_json
    from interface.engine.clock import SystemClock
    from interface.mapping.problem import ProblemsError

    root = (asked.root or default_root(os.environ)).absolute()
    try:
        configuration = load(read_files(root), asked.environ(), root)
    except ProblemsError as found:
        return tell_problems(asked, found, root)
    specs, warn_days = configuration.specs, configuration.settings.certificate_warn_days
    files = check_files(specs, configuration.files, root, SystemClock().now(), warn_days)
    warnings = sorted((*configuration.warnings, *files.warnings))
    if asked.as_json:
        known = {"version": configuration.digest, "channels": list(specs)}
        print_json({"root": str(root)} | _found(files.problems, warnings) | known)
    elif files.problems:
        print_problems(ProblemsError(files.problems, warnings), root)
    else:
        _print_warnings(warnings)
        channels = ", ".join(specs)
        console().print(
            f"No problems in {len(configuration.files)} files of {root}: {channels}.", markup=False, soft_wrap=True
        )
    return ExitCode.PROBLEMS if files.problems else ExitCode.OK


def tell_problems(asked: Asked, found: "ProblemsError", root: Path) -> ExitCode:
    """Print what is wrong in the files, as asked for, and give the exit code."""
    from interface.cli.table import print_json

    if asked.as_json:
        print_json({"root": str(root)} | _found(found.problems, found.warnings))
    else:
        print_problems(found, root)
    return ExitCode.PROBLEMS


def _found(problems: "Sequence[Problem]", warnings: "Sequence[Problem]") -> dict[str, Any]:
    return {"problems": [problem_json(one) for one in problems], "warnings": [problem_json(one) for one in warnings]}


def problem_json(one: "Problem") -> dict[str, Any]:
    """One finding as a JSON object."""
    return {
        "file": one.file,
        "line": one.line,
        "column": one.column,
        "rule": one.rule,
        "text": one.text,
        "advice": one.advice,
    }


def print_problems(found: "ProblemsError", root: Path) -> None:
    """One line for each problem, `file:line:column: text; advice [rule]`, then how many there are."""
    _print_warnings(found.warnings)
    for one in found.problems:
        print(one)
    number = len(found.problems)
    files = len({one.file for one in found.problems})
    print(f"{number} problem{'s' * (number > 1)} in {files} file{'s' * (files > 1)} of {root}", file=sys.stderr)


def _print_warnings(warnings: "Sequence[Problem]") -> None:
    for one in warnings:
        print(f"warning: {one}")


@verb("run")
@click.option(
    "--part",
    type=click.Choice(["listen", "process", "serve", "watch"]),
    help="Only this part of the engine, in this process.",
)
@click.option(
    "--publish",
    is_flag=True,
    help="Make the edited files the active version first, unseen; refused where they touch money.",
)
def run_verb(asked: Asked, part: str | None, publish: bool) -> int:
    """Run the engine until SIGTERM or Ctrl-C, which drains: what came is stored and answered, what is sent gets its outcome.

    It runs the active version; the first start of a home publishes the files of --root. Where they differ later, that is told:
    `hp24 config plan` shows how, `hp24 config apply` makes them active.

    The log goes to standard error, one JSON object a line.
    """
    import os

    from interface.app.part import main as run_part
    from interface.app.run import run, settle

    _check_before_making(asked)
    os.environ.update(asked.environ())  # for the parts, which are processes of their own
    with asked.app(makes=True) as app:
        if part is None:
            return run(app, asked.by().actor, _tell, publishes=publish)
        _tell(settle(app, asked.by().actor, publishes=publish))
        place = ["--home", str(app.home), "--root", str(app.root)]
    return run_part([part, *place])


def _check_before_making(asked: Asked) -> None:
    """A new home needs files that pass: a mistyped --home or --root leaves no empty database behind."""
    import os

    from interface.app.root import default_root
    from interface.channel.loader import load, read_files
    from interface.errors import StoreError

    try:
        with asked.app():
            return
    except StoreError as failure:
        if failure.code != "home-empty":
            raise
    root = (asked.root or default_root(os.environ)).absolute()
    load(read_files(root), asked.environ(), root)


def _tell(settled: "Settled") -> None:
    if settled.problems is not None:
        for one in settled.problems.problems:
            say(one)
        say("the edited files cannot be used; the active version goes on")
    if settled.differing:
        differ = "1 edited file differs" if settled.differing == 1 else f"{settled.differing} edited files differ"
        say(f"{differ} from the active version, which goes on: hp24 config plan")
    sources = ", ".join(
        f"{name} {'on' if spec.source.mllp is not None else 'over'} {spec.source.place}"
        for name, spec in settled.configuration.specs.items()
    )
    say(f"version {settled.config_id}: {sources}")
