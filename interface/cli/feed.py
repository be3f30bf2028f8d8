"""Verbs that play the other side: send message files over MLLP, simulate an EHR."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode

if TYPE_CHECKING:
    from interface.channel.spec import Channel
    from interface.hl7.ack import Ack
    from interface.simulate.parallel import Sending
    from interface.simulate.receiver import Receiver
    from interface.simulate.traffic import Morning


class Address(click.ParamType[tuple[str, int]]):
    """`HOST:PORT`; a port alone is on this machine."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        host, _, port = str(value).rpartition(":")
        if not port.isdigit() or not 0 <= int(port) < 65536:
            self.fail("give HOST:PORT, or a port on this machine", param, ctx)
        return host.strip("[]") or "127.0.0.1", int(port)


@dataclass(frozen=True, slots=True)
class _Told:
    """What became of one message of a file; `code` is empty where no valid answer came."""

    file: str
    number: int
    control_id: str
    code: str
    text: str
    secs: float

    @property
    def is_positive(self) -> bool:
        return self.code in ("AA", "CA")


@verb("send")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--to", "to", type=Address(), metavar="HOST:PORT", help="Where to send.")
@click.option("--channel", metavar="NAME", help="Send to the listener of this channel instead, as the engine runs it.")
@click.option("--whole", is_flag=True, help="Each file is one block, byte for byte: so a batch is sent as one.")
@click.option(
    "--timeout-secs", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Wait so long for an answer."
)
def send_verb(
    asked: Asked,
    files: tuple[Path, ...],
    to: tuple[str, int] | None,
    channel: str | None,
    whole: bool,
    timeout_secs: float,
) -> int:
    """Send every message of the files over MLLP, in order, and show what was answered.

    A file may hold many messages, with CR or LF at segment ends, in MLLP blocks or a batch. Exit code 0 only if every answer is
    positive.
    """
    from interface.cli.table import print_json, progress

    if (to is None) == (channel is None):
        raise click.UsageError("give --to HOST:PORT, or --channel NAME")
    messages = [(file.name, 1, file.read_bytes()) for file in files] if whole else _read(files)
    told: list[_Told] = []
    with progress() as shown:
        task = shown.add_task("sending", total=len(messages))
        for one in _send(messages, to or _listener(asked, str(channel)), timeout_secs):
            told.append(one)
            shown.advance(task)
    if asked.as_json:
        for one in told:
            line = {
                "file": one.file,
                "number": one.number,
                "control_id": one.control_id,
                "code": one.code,
                "text": one.text,
                "secs": round(one.secs, 6),
            }
            print_json(line, is_line=True)
    else:
        _print_told(told)
    return ExitCode.OK if all(one.is_positive for one in told) else ExitCode.PROBLEMS


def _read(files: tuple[Path, ...]) -> list[tuple[str, int, bytes]]:
    from interface.cli.message_file import messages_in
    from interface.errors import MessageError

    found = []
    for file in files:
        messages = messages_in(file.read_bytes())
        if not messages:
            raise MessageError(
                "message-missing",
                "no HL7 message begins in this file",
                place=file.name,
                advice="a message begins with MSH",
            )
        found += [(file.name, number, message) for number, message in enumerate(messages, start=1)]
    return found


def _listener(asked: Asked, channel: str) -> tuple[str, int]:
    from interface.errors import ConfigurationError

    specs = _specs(asked)
    if channel not in specs:
        known = ", ".join(sorted(specs)) or "none"
        raise ConfigurationError("channel-unknown", "there is no such channel", place=channel, advice=f"known: {known}")
    source = specs[channel].source.mllp
    return source.host, source.port


def _specs(asked: Asked) -> "dict[str, Channel]":
    """The channels of the active version, for that is what an engine listens by; of the files where none is published yet."""
    import os

    from interface.app.root import default_root
    from interface.channel.loader import load, read_files
    from interface.errors import InterfaceError

    try:
        with asked.app() as app:
            return app.active()[1].specs
    except InterfaceError as failure:
        if failure.code not in ("home-empty", "no-active-version"):
            raise
    root = (asked.root or default_root(os.environ)).absolute()
    return load(read_files(root), asked.environ(), root).specs


def _send(messages: list[tuple[str, int, bytes]], to: tuple[str, int], timeout_secs: float) -> Iterator[_Told]:
    import time

    from interface.errors import UnansweredError
    from interface.simulate.sender import Sender, control_id_of

    with Sender(*to, reply_timeout_secs=timeout_secs, give_up_secs=timeout_secs) as sender:
        for file, number, content in messages:
            began = time.perf_counter()
            try:
                ack = sender.send(content)
            except UnansweredError as failure:
                code, text = "", failure.text
            else:
                code, text = str(ack.code), _words(ack)
            yield _Told(file, number, control_id_of(content), code, text, time.perf_counter() - began)


def _words(ack: "Ack") -> str:
    problems = "; ".join(" ".join(part for part in (one.place, one.code, one.text) if part) for one in ack.problems)
    return problems or ack.text


def _print_told(told: list[_Told]) -> None:
    from interface.cli.table import Column, console, table

    screen = console()
    shown = told if len(told) <= 20 else [one for one in told if not one.is_positive][:100]
    if shown:
        columns = [
            Column("file", leaves=1),
            Column("no.", True),
            Column("control id"),
            Column("answer"),
        ]
        columns += [Column("ms", True, leaves=2), Column("said", shrinks=True)]
        rows = [
            [one.file, one.number, one.control_id, one.code or "none", f"{one.secs * 1000:.1f}", one.text]
            for one in shown
        ]
        screen.print(table(columns, rows))
    codes = Counter(one.code or "no answer" for one in told)
    screen.print(f"{len(told)} sent: " + ", ".join(f"{number} {code}" for code, number in codes.most_common()))


@verb("simulate")
@click.option("--to", "to", type=Address(), metavar="HOST:PORT", help="The engine's listener. Required.")
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
    help="Also receive payments here, book and echo them, until Ctrl-C.",
)
@click.option(
    "--behave",
    metavar="NAME",
    default="accept",
    show_default=True,
    help="How --receive answers; 'list' names the ways.",
)
def simulate_verb(asked: Asked, to: tuple[str, int] | None, quirks: tuple[str, ...], behave: str, **how: Any) -> None:
    """Play an EHR: send a hospital morning's traffic and, with --receive, take payments."""
    from interface.simulate.behaviour import Behaviour
    from interface.simulate.quirk import Quirk

    if "list" in quirks or behave == "list":
        for name in (*(Quirk if "list" in quirks else ()), *(Behaviour if behave == "list" else ())):
            click.echo(name.value)
        return
    if to is None:
        raise click.UsageError("say where to send: --to HOST:PORT")
    if wrong := set(quirks) - set(Quirk):
        raise click.BadParameter(
            f"no such quirk: {', '.join(sorted(wrong))}; --quirk list names them", param_hint="--quirk"
        )
    if behave not in set(Behaviour):
        raise click.BadParameter("no such way; --behave list names them", param_hint="--behave")
    _simulate(asked, quirks, behave, to=to, **how)


def _simulate(
    asked: Asked,
    quirks: tuple[str, ...],
    behave: str,
    *,
    to: tuple[str, int],
    vendor: str,
    patients: int,
    seed: int,
    connections: int,
    receive: tuple[str, int] | None,
) -> None:
    from interface.cli.table import progress
    from interface.simulate.hospital import Vendor
    from interface.simulate.parallel import send_all
    from interface.simulate.quirk import apply
    from interface.simulate.traffic import morning
    from interface.simulate.vendor import SITES

    traffic = morning(seed, patients, site=SITES[Vendor(vendor)])
    with ExitStack() as stack:
        receiver = _receiver(stack, traffic, to, receive, behave) if receive else None
        with progress() as shown:
            task = shown.add_task("sending", total=None)
            messages = apply(traffic, quirks, seed=seed) if quirks else traffic
            sending = send_all(messages, *to, connections=connections, progress=lambda _one: shown.advance(task))
        _print_sending(asked, sending)
        if receiver is not None:
            _receive_on(asked, receiver)


def _receiver(
    stack: ExitStack, traffic: "Morning", to: tuple[str, int], receive: tuple[str, int], behave: str
) -> "Receiver":
    from interface.simulate.echo import Echo
    from interface.simulate.receiver import Receiver

    echo = stack.enter_context(Echo(traffic.hospital, *to))
    receiver = stack.enter_context(Receiver(traffic.hospital, host=receive[0], port=receive[1], echo=echo))
    receiver.behave(behave)
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


def _receive_on(asked: Asked, receiver: "Receiver") -> None:
    """Take payments until Ctrl-C, then tell what was booked."""
    import threading

    from interface.cli.table import console, print_json

    if not asked.as_json:
        console().print(f"Taking payments on port {receiver.port}; Ctrl-C ends.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
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
