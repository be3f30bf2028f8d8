"""The verb that plays a sender: message files over MLLP, and what was answered."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode

if TYPE_CHECKING:
    from interface.channel.spec import Channel
    from interface.hl7.ack import Ack


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
        known = ", ".join(sorted(name for name, one in specs.items() if one.source.mllp is not None)) or "none"
        raise ConfigurationError("channel-unknown", "there is no such channel", place=channel, advice=f"known: {known}")
    source = specs[channel].source.mllp
    if source is None:
        raise ConfigurationError(
            "channel-over-fhir",
            "this channel takes FHIR requests, and no messages over MLLP",
            place=channel,
            advice="write to the FHIR server with a token of the channel: hp24 token create --channel",
        )
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
