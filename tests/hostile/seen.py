"""Does what a row says and writes down what came of it, in the words of the table."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from interface.hl7.framing import Deframer, Frame
from interface.message import MessageState
from interface.simulate.incoming import Incoming, read_incoming
from interface.view.message import MessageFilter, MessageRow
from interface.view.reason import sentence
from tests.engine.harness import Engine
from tests.engine.wire import control_id
from tests.hostile.row import Ending, Row
from tests.hostile.ward import LogTail, Ward

_SECS = 30.0
_STEP_SECS = 0.005
_BYTE_SECS = 0.03  # between two pieces
# What connections leave anyway, and what the engine does at times of its own.
_USUAL = (
    "connection-opened",
    "connection-closed",
    "baseline-taken",
    "audit-sealed",
    "purge-ended",
    "rows-purged",
    "version-taken",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one row."""

    answers: tuple[str, ...]
    kept: tuple[str, ...]
    log: tuple[str, ...]
    is_closed: bool  # by the engine, where the sender was silent
    secs: float  # from the first byte to the last answer


def see(ward: Ward, row: Row) -> Seen:
    """Send and look."""
    engine, number = ward.engine, control_id("H")
    channel = "hasty" if row.is_hasty else "epic"
    last, tail, began = _newest(engine, channel), LogTail(engine.log), time.monotonic()
    with socket.create_connection(("127.0.0.1", ward.hasty_port if row.is_hasty else engine.port), _SECS) as wire:
        answers, is_closed = _speak(wire, row, number)
    took = time.monotonic() - began
    _soon(lambda: _is_closed(tail), f"the connection of {row.name!r} is closed")
    # A frame is stored after its connection has ended; whether more comes than is expected, the next row would show.
    _soon(lambda: len(_kept_since(engine, channel, last)) >= len(row.kept), f"{row.name!r} is kept")
    _await_runs(engine, channel, last)
    rows = _kept_since(engine, channel, last)
    return Seen(
        tuple(_answer(reply, number) for reply in answers),
        tuple(kept(engine, one) for one in rows),
        tuple(_log_line(event) for event in tail.events() if _is_worth_a_line(event)),
        is_closed,
        took,
    )


def _soon(holds: Callable[[], bool], what: str) -> None:
    """Like `wait_until`, in steps of a few milliseconds: there are many rows."""
    deadline = time.monotonic() + _SECS
    while not holds():
        assert time.monotonic() < deadline, f"not within {_SECS:g} s: {what}"
        time.sleep(_STEP_SECS)


def _speak(wire: socket.socket, row: Row, number: str) -> tuple[list[Incoming], bool]:
    pieces = [piece.replace(b"{id}", number.encode()) for piece in row.send()]
    for piece in pieces:
        with suppress(ConnectionError):
            wire.sendall(piece)
        if len(pieces) > 1:
            time.sleep(_BYTE_SECS)
    if row.ending is Ending.HANGS_UP:
        wire.shutdown(socket.SHUT_WR)
        return list(_read(wire, None)), True
    if row.ending is Ending.IS_SILENT:
        return list(_read(wire, None)), True
    return list(_read(wire, len(row.answers))), False


def _read(wire: socket.socket, wanted: int | None) -> Iterator[Incoming]:
    """So many answers, or all until the peer closes."""
    deframer, got = Deframer(), 0
    while wanted is None or got < wanted:
        try:
            read = wire.recv(65536)
        except ConnectionError:
            return
        if not read:
            return
        for block in deframer.feed(read):
            if isinstance(block, Frame):
                got += 1
                yield read_incoming(block.content)


def _answer(reply: Incoming, number: str) -> str:
    msa = reply.field("MSA", 1)
    if reply.field("MSA", 2) != number:
        msa += " to another" if reply.field("MSA", 2) else " to nobody"
    encoding = reply.field("MSH", 2)
    component, subcomponent = encoding[:1] or "^", encoding[3:4] or "&"
    place, code, text = reply.field("ERR", 2), reply.field("ERR", 3).split(component)[0], reply.field("ERR", 8)
    if old := reply.field("ERR", 1):  # to 2.4: segment, sequence, field and code in one, the text in MSA-3
        *location, coded = old.split(component)
        place, code = component.join(location).rstrip(component), coded.split(subcomponent)[0]
    text = text or reply.field("MSA", 3)
    err = " ".join(part for part in (place, code) if part)
    return f"{msa} {err}: {text}" if err else msa


def kept(engine: Engine, row: MessageRow) -> str:
    """State and reason of a message, as `hp24 show` tells them."""
    with engine.app.store.snapshot() as reader:
        story = reader.message(row.id)
    assert story is not None
    run = story.runs[-1] if story.runs else None
    told = " ".join(part for part in (run.place, run.text) if part) if run else sentence(row.reason)
    reason = row.reason or (run.cause if run else "")
    warned = f" ({', '.join(run.warnings)})" if run and run.warnings else ""
    return f"{row.state}{f' {reason}' if reason else ''}{f': {told}' if told else ''}{warned}"


def _kept_since(engine: Engine, channel: str, last: int) -> list[MessageRow]:
    return engine.messages(MessageFilter(channel=channel, beyond_id=last))


def _newest(engine: Engine, channel: str) -> int:
    rows = engine.messages(MessageFilter(channel=channel))
    return rows[-1].id if rows else 0


def _await_runs(engine: Engine, channel: str, last: int) -> None:
    def all_ran() -> bool:
        rows = engine.messages(MessageFilter(channel=channel, beyond_id=last, states=(MessageState.WAITING,)))
        return all(row.is_parked for row in rows)

    _soon(all_ran, "what was sent was run")


def _is_closed(tail: LogTail) -> bool:
    events = [event["event"] for event in tail.events()]
    return "connection-closed" in events


def _is_worth_a_line(event: dict[str, object]) -> bool:
    return event["event"] not in _USUAL or event.get("cause") not in (None, "peer-closed")


def _log_line(event: dict[str, object]) -> str:
    words = [str(event["event"]), *(str(event[name]) for name in ("code", "cause", "kind") if event.get(name))]
    return " ".join(words)
