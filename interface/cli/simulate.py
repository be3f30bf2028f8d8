"""The verb that plays an EHR: a hospital's traffic, and a receiver of payments."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, VerbWithOthers, verb
from interface.cli.feed import Address
from interface.cli.simulate_fhir import fhir_ehr_verb

if TYPE_CHECKING:
    from threading import Event

    from interface.simulate.echo import Echo
    from interface.simulate.hospital import Hospital
    from interface.simulate.parallel import Sending
    from interface.simulate.receiver import Receiver


@verb("simulate", VerbWithOthers, invoke_without_command=True, commands={"fhir-ehr": fhir_ehr_verb})
@click.option(
    "--to", "to", type=Address(), metavar="HOST:PORT", help="The engine's listener, where traffic and echoes go."
)
@click.option(
    "--vendor", type=click.Choice(["epic", "cerner", "athena"]), default="epic", show_default=True, help="Whose words."
)
@click.option("--patients", type=click.IntRange(1), default=50, show_default=True, help="How many people come.")
@click.option("--seed", type=int, default=24, show_default=True, help="The same seed gives the same bytes.")
@click.option("--connections", type=click.IntRange(1, 256), default=4, show_default=True, help="Sockets at once.")
@click.option(
    "--quirk", "quirks", metavar="NAME", multiple=True, help="What real feeds do wrong; 'list' names them. Repeatable."
)
@click.option(
    "--receive",
    type=Address(),
    metavar="HOST:PORT",
    help="Receive payments here until Ctrl-C. With --to: book and echo those on its own accounts; alone: take them all.",
)
@click.option(
    "--behave",
    metavar="NAME",
    default="accept",
    show_default=True,
    help="How --receive answers; 'list' names the ways.",
)
def simulate_verb(
    asked: Asked,
    to: tuple[str, int] | None,
    receive: tuple[str, int] | None,
    quirks: tuple[str, ...],
    behave: str,
    **how: Any,
) -> None:
    """Play an EHR: send a hospital morning's traffic, take payments, or both."""
    from interface.cli.interrupt import ended_by_interrupt
    from interface.simulate.behaviour import Behaviour
    from interface.simulate.quirk import Quirk

    if click.get_current_context().invoked_subcommand:
        return
    if "list" in quirks or behave == "list":
        for name in (*(Quirk if "list" in quirks else ()), *(Behaviour if behave == "list" else ())):
            click.echo(name.value)
        return
    if to is None and receive is None:
        raise click.UsageError("say where to send (--to HOST:PORT), or where to take payments (--receive HOST:PORT)")
    if wrong := set(quirks) - set(Quirk):
        raise click.BadParameter(
            f"no such quirk: {', '.join(sorted(wrong))}; --quirk list names them", param_hint="--quirk"
        )
    if behave not in set(Behaviour):
        raise click.BadParameter("no such way; --behave list names them", param_hint="--behave")
    with ExitStack() as stack:
        # Before anything listens: who has answered one payment may be told to end at once, and tells what was booked.
        ended = ended_by_interrupt() if to is None else None
        taking = None if receive is None else _Taking(stack, receive, behave)
        receiver = _play(asked, to, taking, quirks, **how)
        if receiver is not None:
            _receive_on(asked, receiver, ended or ended_by_interrupt())


@dataclass(frozen=True, slots=True)
class _Taking:
    """Where payments are to be taken and how; `stack` ends the listener."""

    stack: ExitStack
    at: tuple[str, int]
    behave: str

    def begin(self, hospital: "Hospital | None" = None, echo: "Echo | None" = None) -> "Receiver":
        """Listen; without a hospital, payments on any account are taken."""
        from interface.simulate.receiver import Receiver

        receiver = self.stack.enter_context(Receiver(hospital, host=self.at[0], port=self.at[1], echo=echo))
        receiver.behave(self.behave)
        return receiver


def _play(
    asked: Asked,
    to: tuple[str, int] | None,
    taking: _Taking | None,
    quirks: tuple[str, ...],
    *,
    vendor: str,
    patients: int,
    seed: int,
    connections: int,
) -> "Receiver | None":
    """Send the morning, if there is where to; gives the receiver that listens, if one is to."""
    if to is None:
        return taking.begin() if taking else None
    from interface.cli.table import progress
    from interface.simulate.echo import Echo
    from interface.simulate.hospital import Vendor
    from interface.simulate.parallel import send_all
    from interface.simulate.quirk import apply
    from interface.simulate.traffic import morning
    from interface.simulate.vendor import SITES

    traffic = morning(seed, patients, site=SITES[Vendor(vendor)])
    receiver = None
    if taking is not None:
        receiver = taking.begin(traffic.hospital, taking.stack.enter_context(Echo(traffic.hospital, *to)))
    with progress() as shown:
        task = shown.add_task("sending", total=None)
        messages = apply(traffic, quirks, seed=seed) if quirks else traffic
        sending = send_all(messages, *to, connections=connections, progress=lambda _one: shown.advance(task))
    _print_sending(asked, sending)
    return receiver


def _print_sending(asked: Asked, sending: "Sending") -> None:
    from interface.cli.table import console, print_json

    counts = sending.counts
    if asked.as_json:
        print_json(
            {
                "sent": len(sending.answers),
                "accepted": counts.accepted,
                "refused": counts.refused,
                "resent": counts.resent,
                "secs": round(sending.secs, 3),
            }
        )
        return
    console().print(
        f"{len(sending.answers)} sent in {sending.secs:.1f} s ({sending.per_sec:,.0f}/s): {counts.accepted} accepted, "
        f"{counts.refused} refused, {counts.resent} sent again"
    )


def _receive_on(asked: Asked, receiver: "Receiver", ended: "Event") -> None:
    """Take payments until Ctrl-C, then tell what was booked."""
    from interface.cli.table import console, print_json

    if not asked.as_json:
        console().print(f"Taking payments on port {receiver.port}; Ctrl-C ends.")
    ended.wait()
    record = receiver.record
    told = {
        "received": dict(record.received),
        "answered": {str(code): number for code, number in record.answered.items()},
        "accepted": record.accepted,
        "unanswered": record.unanswered,
    }
    if asked.as_json:
        print_json(told)
    else:
        console().print(f"{sum(record.received.values())} messages came, {record.accepted} payments were accepted.")
