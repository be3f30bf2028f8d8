"""The verb that shows the main job: live progress, then what the engine holds, beside the simulator's own books."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from interface.app.demo_result import DemoResult
    from interface.operate.trace import Trail

_ACCOUNTS_SHOWN = 8
_PAYMENTS_SHOWN = 8


@verb("demo")
@click.option("--patients", type=click.IntRange(1, 5000), default=60, show_default=True, help="People of the morning.")
@click.option("--payments", type=click.IntRange(0, 500), default=25, show_default=True, help="Payments taken, at most.")
@click.option("--seed", type=int, default=24, show_default=True, help="Another seed gives another morning.")
@click.option(
    "--vendor",
    type=click.Choice(["epic", "cerner", "athena", "all"]),
    default="epic",
    show_default=True,
    help="Whose EHR speaks HL7 v2; 'all': one hospital each, at once. A hospital that speaks FHIR is always there.",
)
def demo_verb(asked: Asked, patients: int, payments: int, seed: int, vendor: str) -> int:
    """Simulated EHRs send a hospital morning, over MLLP and over FHIR; patients pay; every payment goes back and is proven posted.

    The engine runs as its own processes, in a home of its own: that of --home, which must be empty and is kept, else one that is
    removed afterwards. Exit code 0 only if every number agrees with the simulator's own record.
    """
    from interface.app.demo import Demo
    from interface.app.demo_result import DemoOptions
    from interface.cli.engine import starter
    from interface.cli.table import print_json
    from interface.simulate.hospital import Vendor

    vendors = tuple(Vendor) if vendor == "all" else (Vendor(vendor),)
    options = DemoOptions(seed=seed, patients=patients, payments=payments, vendors=vendors)
    root = (asked.root or starter()).absolute()  # the shipped files, wherever the command is called from
    home = asked.home.absolute() if asked.home else None
    with _Steps(is_silent=asked.as_json) as steps, Demo(root, options, steps.tell, home) as demo:
        result = demo.run()
    if asked.as_json:
        print_json(result.numbers())
    else:
        _show(result)
    if home is not None:
        _tell_home(home, root)
    return ExitCode.PROBLEMS if result.disagreements else ExitCode.OK


def _tell_home(home: Path, root: Path) -> None:
    from interface.app.demo import key_file
    from interface.cli.table import console

    screen = console(to_stderr=True)
    screen.print(f"The demo's home is kept in {home}. Look at it with", markup=False, soft_wrap=True)
    look = f"  HP24_KEY_FILE={key_file(home)} hp24 --home {home} --root {root} status"
    screen.print(look, markup=False, soft_wrap=True)


class _Steps:
    """Live progress in a terminal; one line a step where there is none."""

    def __init__(self, *, is_silent: bool) -> None:
        from interface.cli.table import console, progress

        self._shown = progress()
        self._console = console(to_stderr=True)
        self._tasks: dict[str, TaskID] = {}
        self._is_silent = is_silent

    def __enter__(self) -> "_Steps":
        if not self._is_silent:
            self._shown.start()
            self._say("Starting the engine: listen and process parts, the shipped channels, an empty home.")
        return self

    def __exit__(self, *_error: object) -> None:
        self._shown.stop()

    def tell(self, what: str, done: int, total: int) -> None:
        """Note how far a step is; `total` 0 where nobody knows yet."""
        if self._is_silent:
            return
        if what not in self._tasks:
            self._tasks[what] = self._shown.add_task(what, total=total or None)
            if not self._console.is_terminal:
                self._say(f"{what} ...")
        self._shown.update(self._tasks[what], completed=done, total=total or None)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)


def _show(result: "DemoResult") -> None:
    from interface.cli.table import console

    screen = console()
    _messages(screen, result)
    _accounts(screen, result)
    _payments(screen, result)
    for trail in result.trails:
        _trail(screen, trail)
    _hospitals(screen, result)
    _verdict(screen, result)


def _messages(screen: "Console", result: "DemoResult") -> None:
    from interface.cli.table import Column, table

    states = [
        state for state in next(iter(result.states.values())) if any(one[state] for one in result.states.values())
    ]
    columns = [Column("channel"), *(Column(state, is_number=True) for state in states), Column("all", is_number=True)]
    # Shipped channels that nobody plays here have nothing to show.
    heard = {name: one for name, one in result.states.items() if any(one.values())}
    rows = [[name, *(one[state] for state in states), sum(one.values())] for name, one in heard.items()]
    screen.print()
    screen.print(table(columns, rows, title="Messages by state"))
    rate = f"{result.messages_per_sec:,.0f} a second"
    screen.print(f"{result.acknowledged} acknowledged after their commit; the morning came at {rate}.", markup=False)


def _accounts(screen: "Console", result: "DemoResult") -> None:
    from interface.cli.table import Column, money, table

    columns = [
        Column("hospital"),
        Column("account"),
        Column("patient", leaves=2),
        Column("charges", is_number=True, leaves=1),
        Column("owed before", is_number=True),
        Column("paid here", is_number=True),
        Column("due now", is_number=True),
        Column("HealthPay24 shows", is_number=True),
    ]
    lines = sorted(result.lines, key=lambda one: (-one.paid_minor, -one.charges_minor))
    rows = [
        [
            line.facility,
            line.number,
            line.patient,
            money(line.charges_minor, line.currency),
            money(line.owed_minor, line.currency),
            money(line.paid_minor, line.currency) if line.paid_minor else "",
            money(line.due_minor, line.currency),
            money(line.shown_minor, line.currency),
        ]
        for line in lines[:_ACCOUNTS_SHOWN]
    ]
    screen.print()
    screen.print(table(columns, rows, title=f"Accounts ({_ACCOUNTS_SHOWN} of {result.accounts})"))


def _payments(screen: "Console", result: "DemoResult") -> None:
    from interface.cli.table import Column, iso, money, state, table

    facility_of = {line.public_id: line.facility for line in result.lines}
    columns = [
        Column("hospital"),
        Column("payment"),
        Column("tender"),
        Column("amount", is_number=True),
        Column("accepted"),
        Column("echoed"),
        Column("posting"),
    ]
    rows = [
        [
            facility_of.get(story.account_public_ids.get(part.account_id, ""), ""),
            part.wire_id,
            f"{story.payment.tender} {story.payment.last4}",
            money(part.amount_minor, part.currency),
            (iso(part.accepted_at or 0) or "")[11:23],
            (iso(part.posted_at or 0) or "")[11:23],
            state(part.posting or ""),
        ]
        for story in result.payment_stories[:_PAYMENTS_SHOWN]
        for part in story.allocations
    ]
    screen.print()
    title = f"Payments ({len(rows)} of {result.payments}): {result.accepted} accepted, {result.posted} posted"
    screen.print(table(columns, rows, title=title))


def _trail(screen: "Console", trail: "Trail") -> None:
    from interface.cli.table import Column, iso, money, table

    columns = [
        Column("when (UTC)"),
        Column("step"),
        Column("what happened", shrinks=True),
        Column("amount", is_number=True),
    ]
    rows = [
        [(iso(mark.at) or "")[11:23], mark.step, mark.text, money(mark.amount_minor, mark.currency)]
        for mark in trail.marks
    ]
    screen.print()
    screen.print(table(columns, rows, title="One payment, from the first message to the echo"))


def _hospitals(screen: "Console", result: "DemoResult") -> None:
    from interface.cli.table import Column, money, table

    columns = [
        Column("hospital"),
        Column("speaks"),
        Column("messages", is_number=True),
        Column("accounts", is_number=True),
        Column("charges", is_number=True, leaves=2),
        Column("payments", is_number=True),
        Column("paid", is_number=True, leaves=1),
        Column("posted", is_number=True),
        Column("due now", is_number=True, leaves=3),
        Column("its own books"),
    ]
    rows = [
        [
            one.facility,
            one.wire,
            one.messages,
            one.accounts,
            money(one.charges_minor, one.currency),
            one.payments,
            money(one.paid_minor, one.currency),
            one.posted,
            money(one.due_minor, one.currency),
            f"{one.differing} differ" if one.differing else "agree",
        ]
        for one in result.hospitals
    ]
    screen.print()
    screen.print(table(columns, rows, title="Hospitals"))


def _verdict(screen: "Console", result: "DemoResult") -> None:
    screen.print()
    for line in result.disagreements:
        screen.print(f"differs: {line}", markup=False)
    numbers = ", ".join(f"{name} {number}" for name, number in result.numbers().items())
    screen.print(numbers, markup=False)
    took = f"{result.seconds:.1f} seconds"
    if result.disagreements:
        screen.print(f"{len(result.disagreements)} numbers differ from the simulator's own record ({took}).")
    else:
        screen.print(f"{result.proven} messages, run again into an empty ledger, gave the same one: nothing differs.")
        screen.print(f"Every number agrees with the simulator's own record ({took}).")
