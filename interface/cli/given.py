"""The messages that a verb is given: a file, standard input, or a stored message, whose look is audited before it is shown."""

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from interface.cli.asked import Asked

_FHIR: Final = re.compile(rb"\s*\{|(POST|PUT|DELETE) /")
_STORED: Final = re.compile(r"(?:message:)?([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Given:
    """One message: its bytes, where it is from, its number there, when it arrived (UTC microseconds).

    `channel` is that of a stored message, else empty.
    """

    raw: bytes
    source: str
    number: int
    arrived_at: int
    channel: str = ""

    @property
    def is_fhir(self) -> bool:
        """Whether it is a FHIR request, or a resource by itself, and no HL7."""
        return _FHIR.match(self.raw) is not None

    @property
    def name(self) -> str:
        """How it is called where several are shown."""
        return self.source if self.channel else f"{self.source} {self.number}"


def message_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument MESSAGE."""
    return click.argument("name", metavar="MESSAGE")(function)


def given(asked: Asked, name: str) -> list[Given]:
    """The messages behind MESSAGE: `-`, the number of a stored message, or a file that may hold many."""
    if found := _STORED.fullmatch(name):
        return [_stored(asked, int(found[1]))]
    if name == "-":
        return _split("standard input", sys.stdin.buffer.read())
    path = Path(name)
    if not path.is_file():
        raise click.BadParameter(
            f"there is no file {name}; a stored message is named by its number", param_hint="MESSAGE"
        )
    return _split(path.name, path.read_bytes())


def _split(source: str, raw: bytes) -> list[Given]:
    from interface.cli.message_file import messages_in
    from interface.errors import MessageError

    now = time.time_ns() // 1000
    if _FHIR.match(raw):
        return [Given(raw, source, 1, now)]
    messages = messages_in(raw)
    if not messages:
        raise MessageError(
            "message-missing", "no HL7 message begins here", place=source, advice="a message begins with MSH"
        )
    return [Given(one, source, number, now) for number, one in enumerate(messages, start=1)]


def _stored(asked: Asked, message_id: int) -> Given:
    from interface.operate import look
    from interface.operate.act import body_purged

    with asked.app() as app:
        found = look.message(app.store, asked.by(), message_id)
    if found.raw is None:
        raise body_purged(message_id)
    row = found.story.row
    # What people amended comes from operator/CHANNEL, and is read as the channel reads.
    channel = row.channel.rpartition("/")[2]
    return Given(found.raw, f"message:{message_id}", message_id, row.arrived_at, channel)
