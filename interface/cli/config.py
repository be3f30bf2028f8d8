"""The verbs of the configuration: plan, apply, rollback, versions, show, diff."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, common_options, verb
from interface.cli.exit import ExitCode, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interface.app.change import Cases, ConfigPlan
    from interface.app.compose import App
    from interface.view.configuration import Activation, How

config_verb = click.Group(
    "config",
    params=common_options(),
    help="""See what a change of the files would do, make it, and take it back.

The engine runs the active version, whatever is edited meanwhile. `plan` tells how the files of --root differ from it; `apply` makes
them the active version, and a running engine takes it over without a restart.""",
)

_confirm_option = click.option(
    "--confirm-money",
    metavar="REASON",
    default="",
    help="Why lines that touch money are right. Required where the plan has such lines; kept in the audit trail.",
)
_although_option = click.option(
    "--although-cases-fail",
    "although",
    metavar="REASON",
    default="",
    help="Why the files are right although cases fail. Required where some do; kept in the audit trail.",
)
_reason_option = click.option("--reason", metavar="TEXT", default="", help="Why; kept in the audit trail.")


@verb("plan")
@click.option("--without-cases", is_flag=True, help="Play no cases: nobody looks what fails and what they cover.")
def plan_verb(asked: Asked, without_cases: bool) -> int:
    """Show how the edited files differ from the active version, and what of a running engine that touches. Changes nothing.

    The cases that use something of what differs are played with the edited files: those that fail are told, and the changed lines
    that none of them covers.

    Exit code 0 whether or not there is something to do (`changes` and `files` of --json tell); 1 if the files do not pass their
    check.
    """
    from interface.app.change import plan
    from interface.cli.config_plan import plan_json, print_plan
    from interface.cli.engine import tell_problems
    from interface.cli.table import print_json
    from interface.mapping.problem import ProblemsError

    with asked.app() as app:
        try:
            planned = plan(app, None if without_cases else _cases(app))
        except ProblemsError as found:
            return tell_problems(asked, found, app.root)
        if asked.as_json:
            print_json(plan_json(planned, app.root))
            return ExitCode.OK
        print_plan(planned)
        if not planned.is_empty:
            _print_next(planned)
    return ExitCode.OK


def _cases(app: "App") -> "Cases":
    from functools import partial

    from interface.app.case_change import tried

    return partial(tried, app.root, app.environ)


def _print_next(planned: "ConfigPlan") -> None:
    from interface.cli.table import console

    changes = len(planned.changes)
    told = f"{changes} change{'s' * (changes != 1)}"
    command = "hp24 config apply"
    if planned.money:
        told += f", {len(planned.money)} of them touch{'es' * (len(planned.money) == 1)} money"
        command += ' --confirm-money "why this is right"'
    if planned.tried is not None and planned.tried.wrong:
        command += ' --although-cases-fail "why it is right"'
    console().print(f"{told}. Now: {command}", markup=False, soft_wrap=True)


@verb("apply")
@_confirm_option
@_although_option
@_reason_option
def apply_verb(asked: Asked, confirm_money: str, although: str, reason: str) -> int:
    """Make the edited files the active version. A running engine takes it over by itself.

    Listeners whose sockets and limits are the same keep every connection. Nothing is changed where the files do not pass their
    check, where lines touch money and --confirm-money is missing, or where a case that uses something of what differs fails and
    --although-cases-fail is missing.
    """
    from interface.app.change import plan
    from interface.cli.config_plan import print_plan
    from interface.cli.engine import tell_problems
    from interface.mapping.problem import ProblemsError
    from interface.view.configuration import How

    with asked.app() as app:
        try:
            planned = plan(app, _cases(app))
        except ProblemsError as found:
            return tell_problems(asked, found, app.root)
        if not asked.as_json:
            print_plan(planned)
        if planned.is_empty:
            return _tell(asked, app, planned.base_id, "nothing to do")
        return _make(asked, app, planned, How.APPLY, "hp24 config apply", confirm_money, reason, although)


def _make(
    asked: Asked,
    app: "App",
    planned: "ConfigPlan",
    how: "How",
    command: str,
    confirm_money: str,
    reason: str,
    although: str = "",
) -> int:
    from interface.app.change import apply

    by = asked.by(confirm_money.strip() or reason.strip() or although.strip())
    is_confirmed = bool(confirm_money.strip())
    config_id = apply(app, by, planned, how, command=command, is_confirmed=is_confirmed, although=although)
    return _tell(asked, app, config_id, planned.summary())


def _tell(asked: Asked, app: "App", config_id: int, summary: str) -> int:
    from interface.cli.table import console, print_json

    is_running = app.is_processing()
    if asked.as_json:
        print_json({"version": config_id, "summary": summary, "engine_runs": is_running})
        return ExitCode.OK
    then = (
        f"the running engine takes it over within {app.settings.config_check_secs:g} s"
        if is_running
        else "no engine runs"
    )
    console().print(f"Version {config_id} is active; {then}.", markup=False)
    return ExitCode.OK


@verb("rollback")
@click.argument("version", type=click.IntRange(1), required=False)
@_confirm_option
@_reason_option
def rollback_verb(asked: Asked, version: int | None, confirm_money: str, reason: str) -> int:
    """Make the version before (or VERSION) active again. The edited files stay as they are.

    What was processed stays processed: `hp24 replay` runs messages again under the version that is active then. No case is played:
    those beside the edited files are of another version.
    """
    from interface.app.change import plan_to
    from interface.channel.loader import load
    from interface.cli.config_plan import print_plan
    from interface.operate.configuration import version_before
    from interface.view.configuration import How

    with asked.app() as app:
        number = version or version_before(app.store)
        with app.store.snapshot() as reader:
            files = reader.config_files(number)
        planned = plan_to(app, load(files, app.environ, app.root))
        if not asked.as_json:
            print_plan(planned)
        if planned.is_empty:
            return _tell(asked, app, planned.base_id, "nothing to do")
        code = _make(asked, app, planned, How.ROLLBACK, f"hp24 config rollback {number}", confirm_money, reason)
        if not asked.as_json:
            say(f"the files of {app.root} still say something else: hp24 config plan")
        return code


@verb("versions")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many are shown.")
def versions_verb(asked: Asked, limit: int) -> None:
    """List what was made active, newest first: version, when, by whom, how, why, and what it changed."""
    from interface.cli.table import Column, console, moment, print_json, table
    from interface.operate.configuration import history

    with asked.app() as app:
        found = history(app.store, limit)
    if asked.as_json:
        print_json([_activation_json(one, is_active=place == 0) for place, one in enumerate(found)])
        return
    columns = [Column("version", True), Column(""), Column("since"), Column("by"), Column("how")]
    columns += [Column("changed", shrinks=True), Column("why", shrinks=True)]
    rows = [
        [one.config_id, "active" if place == 0 else "", moment(one.at), one.actor, one.how, one.summary, one.reason]
        for place, one in enumerate(found)
    ]
    console().print(table(columns, rows) if rows else "No version was ever active.")


def _activation_json(one: "Activation", *, is_active: bool) -> dict[str, Any]:
    from interface.cli.table import iso

    return {
        "version": one.config_id,
        "active": is_active,
        "at": iso(one.at),
        "by": one.actor,
        "how": one.how,
        "environment": one.environment or None,
        "reason": one.reason,
        "changed": one.summary,
    }


@verb("show")
@click.argument("version", type=click.IntRange(1))
@click.argument("file", required=False)
def show_verb(asked: Asked, version: int, file: str | None) -> None:
    """List the files of a version, or print one of them as it was kept."""
    from interface.cli.table import Column, console, print_json, table

    with asked.app() as app:
        files = _files(app, str(version))
    if file is not None:
        text = _one(files, file, version)
        if asked.as_json:
            print_json({"version": version, "file": file, "text": text})
        else:
            click.echo(text, nl=not text.endswith("\n"))
        return
    if asked.as_json:
        print_json({"version": version, "files": files})
        return
    rows = [[path, len(text.splitlines())] for path, text in sorted(files.items())]
    console().print(table([Column("file"), Column("lines", True)], rows))


def _one(files: "Mapping[str, str]", file: str, version: int) -> str:
    from interface.errors import ActRefusedError
    from interface.mapping.problem import did_you_mean

    if file not in files:
        raise ActRefusedError(
            "file-not-in-version",
            "the version has no such file",
            place=f"configuration:{version}",
            advice=did_you_mean(file, files) or f"`hp24 config show {version}` lists its files",
        )
    return files[file]


@verb("diff")
@click.argument("older", metavar="A")
@click.argument("newer", metavar="B", default="files")
def diff_verb(asked: Asked, older: str, newer: str) -> None:
    """Show how the texts of two versions differ, line by line. A and B are versions, `active`, or `files` (those of --root)."""
    import difflib

    from interface.cli.table import console, print_json

    with asked.app() as app:
        before, after = _files(app, older), _files(app, newer)
    lines: list[str] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path, "").splitlines(), after.get(path, "").splitlines()
        lines += difflib.unified_diff(old, new, f"{older}/{path}", f"{newer}/{path}", lineterm="")
    if asked.as_json:
        names = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
        print_json({"older": older, "newer": newer, "files": names, "lines": lines})
        return
    screen = console()
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        screen.print(line, style=styles.get(line[:1], ""), markup=False, soft_wrap=True)
    if not lines:
        screen.print(f"{older} and {newer} hold the same texts.", markup=False)


def _files(app: "App", name: str) -> "Mapping[str, str]":
    from interface.channel.loader import read_files

    if name == "files":
        return read_files(app.root)
    if name != "active" and not name.isdecimal():
        raise click.BadParameter(f"`{name}` is no version; give a number, `active`, or `files`")
    with app.store.snapshot() as reader:
        return reader.config_files(reader.active_config_id() if name == "active" else int(name))


for _each in (plan_verb, apply_verb, rollback_verb, versions_verb, show_verb, diff_verb):
    config_verb.add_command(_each)
