"""What every verb may be asked with: where the data and the configuration are, who acts, and JSON instead of tables.

The options may stand before or behind the verb: `hp24 --home DIR status` and `hp24 status --home DIR` are the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interface.app.compose import App
    from interface.operate.act import By


NUMBER = click.IntRange(1, 2**63 - 1)  # of a message, delivery or item: what a database can hold


@dataclass(slots=True)
class Asked:
    """The common options as given; None or empty where the default counts."""

    home: Path | None = None
    root: Path | None = None
    actor: str = ""
    as_json: bool = False
    environment: str = ""

    def environ(self) -> dict[str, str]:
        """The process's environment, with the one of `--environment` chosen."""
        import os

        from interface.channel.environment import VARIABLE

        return {**os.environ, **({VARIABLE: self.environment} if self.environment else {})}

    @contextmanager
    def app(self, *, makes: bool = False) -> "Iterator[App]":
        """Open the engine's home; one that was never used is made only if `makes`. Warnings go to standard error."""
        import sys

        from interface.app.compose import open_app
        from interface.observe.emit import configure

        configure(sys.stderr, "warning")
        with open_app(self.home, self.root, self.environ(), makes=makes) as app:
            yield app

    def by(self, reason: str = "") -> "By":
        """Who acts: `--as`, else the operating system's user."""
        from interface.operate.act import By

        return By(self.actor or _system_user(), reason)


def _system_user() -> str:
    """The operating system's user; by number where it has no name, as in some containers."""
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def common_options() -> list[click.Parameter]:
    """The options, made anew: click parameters belong to one command."""
    folder = click.Path(file_okay=False, path_type=Path)
    return [
        click.Option(
            ["--home"],
            type=folder,
            metavar="DIR",
            help="Data directory. Default: HP24_HOME, else ~/.local/share/hp24.",
            expose_value=False,
            callback=_note("home"),
        ),
        click.Option(
            ["--root"],
            type=folder,
            metavar="DIR",
            help="Directory of channels/, mappings/ and config/. Default: HP24_ROOT, else the nearest one upwards.",
            expose_value=False,
            callback=_note("root"),
        ),
        click.Option(
            ["--as", "actor"],
            metavar="NAME",
            help="Who acts, for the audit trail. Default: the operating system's user.",
            expose_value=False,
            callback=_note("actor"),
        ),
        click.Option(
            ["--environment"],
            metavar="NAME",
            help="Environment of config/environments/. Default: HP24_ENVIRONMENT, else none.",
            expose_value=False,
            callback=_note("environment"),
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            help="Print JSON instead of tables.",
            expose_value=False,
            callback=_note("as_json"),
        ),
    ]


def _note(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:  # what stands before the verb is not undone by its absence behind the verb
            setattr(context.ensure_object(Asked), name, value)

    return keep


class Verb(click.Command):
    """A command that also takes the common options."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params += common_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Call the verb. A reader that has seen enough, as in `hp24 messages | head`, ends it well."""
        import os
        import sys

        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return result


class VerbWithOthers(Verb, click.Group):
    """A verb that can be called by itself, or with the name of another one behind it."""


def verb(name: str, kind: type[Verb] = Verb, **attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a verb; the function gets `Asked` first."""

    def declare(function: Callable[..., Any]) -> click.Command:
        command: click.Command = click.command(name, cls=kind, **attributes)(
            click.make_pass_decorator(Asked, ensure=True)(function)
        )
        return command

    return declare


def reason_option(*, is_required: bool, about: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--reason TEXT`; where it is required and missing, a person at a terminal is asked. `about` says when it is needed."""
    return click.option(
        "--reason",
        metavar="TEXT",
        default="",
        callback=_ask_reason if is_required else None,
        help=f"Why; kept in the audit trail. {'Required.' if is_required else about}".rstrip(),
    )


def _ask_reason(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    import sys

    if value.strip() or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return value.strip()
    answer: str = click.prompt("Reason (kept in the audit trail)", err=True)
    return answer.strip()
