"""`hp24`: the verbs by group, each loaded when it is called, and the one place where failures become exit codes."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import click

from interface.cli.asked import Asked, common_options
from interface.cli.exit import ExitCode, complain, say
from interface.errors import ConfigurationError, InterfaceError

# Group -> verb -> (module, what it does). The help page is drawn from this table, so that it imports nothing.
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Engine": {
        "init": ("engine", "Write a starter directory: channels, mappings, configuration."),
        "check": ("engine", "Report every problem of the channel and mapping files at once."),
        "config": ("config", "Plan, apply or roll back a change of the files; list and compare versions."),
        "run": ("engine", "Run the engine: listen, process, deliver. Ctrl-C or SIGTERM drains."),
        "demo": ("demo", "A simulated hospital morning, from registration to posted payment."),
        "health": ("health", "Whether the engine is well; exit code 1 if it cannot take and process messages."),
        "alerts": ("alerts", "What is wrong and who was told; `test` sends a trial in every way."),
        "status": ("status", "Channels, destinations, and what waits for a person."),
    },
    "Look": {
        "messages": ("look", "Find messages; filters add up."),
        "show": ("show", "One message (or delivery, payment, account) in full."),
        "trace": ("look", "A payment's or account's whole story on one time line."),
        "accounts": ("account", "Accounts with what is due, paid and posted."),
        "audit": ("audit", "Who looked at what, who did what, and why."),
        "worklist": ("worklist", "What waits for a person; close what was judged."),
    },
    "Try": {
        "map": ("map", "What a message becomes with the mapping as edited; --explain tells of every rule why."),
        "conform": ("conform", "What a message does otherwise than its version of the standard says."),
    },
    "Act": {
        "hold": ("act", "Keep a waiting message, and its patient's later ones, from running."),
        "release": ("act", "Let held or failed messages run: by id, or all of one cause."),
        "skip": ("act", "Let messages go without applying them."),
        "amend": ("act", "Run a corrected copy in a message's place; the original stays."),
        "pause": ("act", "Bring a channel, destination or patient to a stop."),
        "resume": ("act", "Let it go on."),
        "diff": ("diff", "What the edited files would make of stored traffic, before they are applied."),
        "replay": ("replay", "Run stored messages again, in their original order."),
    },
    "Prove": {
        "test": ("cases", "Play the cases beside the mappings; make one of stored messages."),
        "verify": ("proof", "Prove that stored messages and ledger agree, and that the journal balances."),
    },
    "Money": {
        "pay": ("money", "Take a payment on one or more accounts."),
        "void": ("money", "Take back a whole payment before it is settled."),
        "refund": ("money", "Give back money of a payment."),
        "settle": ("settle", "Tell that a payment's money has reached the bank."),
        "push": ("push", "Tell HealthPay24 again what the ledger holds."),
        "resolve": ("posting", "Say what became of an ambiguous or rejected delivery."),
        "resend": ("posting", "Send a stored payload again; guards against posting twice."),
    },
    "Keep": {
        "backup": ("backup", "Write everything that the database holds to one file, while the engine runs."),
        "purge": ("purge", "Remove what its time is over for, or tell what would go."),
        "token": ("token", "Make, list or revoke a token of a program that asks the FHIR server."),
        "key": ("key", "Change the master key, while the engine runs."),
        "restore": ("backup", "Make a new home of a backup; it sends nothing until `resume --after-restore`."),
    },
    "Feed": {
        "send": ("feed", "Send message files over MLLP and show the answers."),
        "simulate": ("simulate", "Play an EHR: send a hospital's traffic, take payments, or both."),
    },
}
VERBS = {name: module for verbs in GROUPS.values() for name, (module, _about) in verbs.items()}


class Verbs(click.Group):
    """Finds a verb's module only when the verb is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"interface.cli.{VERBS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_verb")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            ctx.fail(
                f"there is no verb '{args[0]}'" + (f"; did you mean '{near[0]}'?" if near else "; see hp24 --help")
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for group, verbs in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name, about) for name, (_module, about) in verbs.items()])


def _version_option() -> click.Option:
    def show(context: click.Context, _parameter: click.Parameter, is_asked: bool) -> None:
        if is_asked:
            from importlib.metadata import version

            click.echo(f"hp24 {version('hp24-interface')}")
            context.exit()

    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Show the version and exit."
    )


_ABOUT = """The interface engine between a hospital's EHR and HealthPay24.

Exit codes: 0 done, 1 problems found or an act refused, 2 wrong usage, 3 store, engine or peer unavailable, 78 `run`: a part
cannot start, 130 interrupted."""

hp24 = Verbs(
    name="hp24",
    params=[*common_options(), _version_option()],
    help=_ABOUT,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code."""
    try:
        result = hp24.main(args=list(arguments), prog_name="hp24", standalone_mode=False, obj=Asked())
    except click.ClickException as wrong:
        wrong.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return ExitCode.INTERRUPTED
    except InterfaceError as failure:
        return complain(failure)
    except OSError as refusal:  # a file or folder that was named; what the engine itself opens is told by its own rules
        return complain(_refused(refusal))
    return int(result) if isinstance(result, int) else ExitCode.OK


def _refused(refusal: OSError) -> InterfaceError:
    return ConfigurationError(
        "file-unusable",
        f"the operating system refuses this ({refusal.strerror or type(refusal).__name__})",
        place=str(refusal.filename or ""),
        advice="look at the name, its owner and its mode",
    )


def main() -> None:
    """The console script."""
    # What imports make stays: looking for cycles in it every 700 objects is a tenth of a short verb's time.
    gc.set_threshold(50_000, 20, 50)
    code = run(sys.argv[1:])
    with suppress(OSError):  # whoever read what we print may be gone
        sys.stdout.flush()
        sys.stderr.flush()
    # What a proof has read is not freed row by row on the way out, which takes as long as reading a tenth of it.
    os._exit(code)


if __name__ == "__main__":
    main()
