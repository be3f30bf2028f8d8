"""The verb that plays an EHR over HTTP: it takes payments in the shapes of FHIR servers, and sends a day as FHIR resources."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.feed import Address

if TYPE_CHECKING:
    from interface.simulate.fhir_books import Booked
    from interface.simulate.fhir_echo import FhirEcho
    from interface.simulate.fhir_ehr import FhirReception
    from interface.simulate.fhir_sender import FhirSending
    from interface.simulate.hospital import Hospital

# As `shape` of a destination names them: the last part of the path that such a payment is posted to.
_SHAPES = {
    "payment-reconciliation": "PaymentReconciliation",
    "oracle-basic": "Basic",
    "athena-recordpayment": "recordpayment",
}


@verb("fhir-ehr")
@click.option(
    "--receive",
    type=Address(),
    metavar="HOST:PORT",
    help="Take payments over HTTP here until Ctrl-C. With --to: book and echo those on its own accounts; alone: take them all.",
)
@click.option(
    "--shape", type=click.Choice(list(_SHAPES)), help="The only one that --receive takes; default: each of them."
)
@click.option(
    "--behave",
    metavar="NAME",
    default="take",
    show_default=True,
    help="How --receive treats payments; 'list' names the ways.",
)
@click.option(
    "--status", type=click.IntRange(400, 599), default=422, show_default=True, help="--behave answer: with this status."
)
@click.option("--retry-after", metavar="SECS", default="", help="--behave answer: when to come again.")
@click.option(
    "--secs", type=click.FloatRange(0, 3600), default=2.0, show_default=True, help="--behave slow, late: how late."
)
@click.option("--times", type=click.IntRange(1), help="So many payments are treated so, then all are taken.")
@click.option("--unsearchable", is_flag=True, help="--receive has no search: nobody can look what it has booked.")
@click.option("--to", "to", metavar="URL", help="Send a hospital's day to the FHIR server at this base address.")
@click.option(
    "--token-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Bearer token for --to."
)
@click.option("--vendor", type=click.Choice(["epic", "cerner", "athena"]), default="epic", show_default=True)
@click.option("--patients", type=click.IntRange(1), default=50, show_default=True, help="How many people come.")
@click.option("--seed", type=int, default=24, show_default=True, help="The same seed gives the same bytes.")
def fhir_ehr_verb(
    asked: Asked, receive: tuple[str, int] | None, to: str | None, token_file: Path | None, behave: str, **how: Any
) -> None:
    """Play an EHR that speaks FHIR: take payments over HTTP, send a day's resources, or both."""
    from interface.simulate.fhir_ehr import Conduct

    if behave == "list":
        for name in Conduct:
            click.echo(name.value)
        return
    if receive is None and to is None:
        raise click.UsageError("say where to take payments (--receive HOST:PORT), or where to send (--to URL)")
    if behave not in set(Conduct):
        raise click.BadParameter("no such way; --behave list names them", param_hint="--behave")
    token = token_file.read_text(encoding="utf-8").strip() if token_file is not None else ""
    with ExitStack() as stack:
        echo = None
        if to is not None:
            hospital = _send(asked, to, token, how["vendor"], how["patients"], how["seed"])
            echo = stack.enter_context(_echo(hospital, to, token)) if receive is not None else None
        if receive is not None:
            _receive(asked, receive, behave, echo, **how)


def _echo(hospital: "Hospital", to: str, token: str) -> "FhirEcho":
    from interface.simulate.fhir_echo import FhirEcho, to_server

    return FhirEcho(hospital, to_server(to, token))


def _send(asked: Asked, to: str, token: str, vendor: str, patients: int, seed: int) -> "Hospital":
    """Send the day; gives the hospital whose it was."""
    from interface.cli.table import progress
    from interface.errors import WireError
    from interface.simulate.fhir_day import FhirDay
    from interface.simulate.fhir_sender import NobodyThereError, send_day
    from interface.simulate.hospital import Hospital, Vendor
    from interface.simulate.vendor import SITES

    day = FhirDay(Hospital(seed, SITES[Vendor(vendor)]), patients)
    try:
        with progress() as shown:
            task = shown.add_task("sending", total=None)
            sending = send_day((one for told in day for one in told), to, token, progress=lambda: shown.advance(task))
    except NobodyThereError:
        raise WireError(
            "peer-unreachable", "the server does not answer", place=to, advice="is it there, and is this its base?"
        ) from None
    _print_sending(asked, sending)
    return day.hospital


def _print_sending(asked: Asked, sending: "FhirSending") -> None:
    from interface.cli.table import console, print_json

    if asked.as_json:
        print_json(
            {
                "sent": dict(sending.sent),
                "answered": {str(status): count for status, count in sorted(sending.statuses.items())},
                "refused": sending.refused,
                "resent": sending.resent,
                "secs": round(sending.secs, 3),
            }
        )
        return
    count = sum(sending.sent.values())
    answered = ", ".join(f"{times} x {status}" for status, times in sorted(sending.statuses.items()))
    console().print(f"{count} requests in {sending.secs:.1f} s: {answered}; {sending.resent} sent again")
    for one in sorted(set(sending.refused)):
        console().print(one, markup=False)


def _receive(
    asked: Asked,
    at: tuple[str, int],
    behave: str,
    echo: "FhirEcho | None",
    *,
    shape: str | None,
    status: int,
    retry_after: str,
    secs: float,
    times: int | None,
    unsearchable: bool,
    **_day: Any,
) -> None:
    """Take payments until Ctrl-C, telling of each, and at the end of all."""
    from interface.cli.interrupt import ended_by_interrupt
    from interface.cli.table import console
    from interface.errors import WireError
    from interface.simulate.fhir_ehr import FhirEhr

    ended = ended_by_interrupt()
    takes = (_SHAPES[shape],) if shape else tuple(_SHAPES.values())

    def booked(one: "Booked") -> None:
        if echo is not None:
            echo.book(one)
        if not asked.as_json:
            console().print(f"booked {one.amount} by {one.shape} {one.identifier}".rstrip(), markup=False)

    ehr = FhirEhr(host=at[0], port=at[1], takes=takes, booked=booked, searches=not unsearchable)
    ehr.behave(behave, count=times, status=status, secs=secs, retry_after=retry_after)
    try:
        ehr.come_back()
    except OSError as taken:
        raise WireError(
            "cannot-listen",
            f"the address cannot be had ({taken.strerror})",
            place=f"{at[0]}:{at[1]}",
            advice="end what listens there, or choose another port",
        ) from None
    try:
        if not asked.as_json:
            console().print(f"Taking payments at http://{at[0]}:{ehr.port}; Ctrl-C ends.")
        ended.wait()
    finally:
        ehr.leave()
    _print_taken(asked, ehr.record)


def _print_taken(asked: Asked, record: "FhirReception") -> None:
    from interface.cli.table import console, print_json

    booked = [{"shape": one.shape, "identifier": one.identifier, "amount": one.amount} for one in record.booked]
    if asked.as_json:
        print_json({"requests": record.requests, "booked": booked, "twice": record.twice})
        return
    told = f"; {len(record.twice)} of them are there twice" if record.twice else ""
    console().print(f"{sum(record.requests.values())} requests came, {len(booked)} payments were booked{told}.")
