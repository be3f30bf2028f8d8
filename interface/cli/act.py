"""Verbs that act on messages and lanes: hold, release, skip, amend, pause, resume. Each is audited with its reason."""

from typing import TYPE_CHECKING, BinaryIO

import click

from interface.cli.asked import NUMBER, Asked, reason_option, verb

if TYPE_CHECKING:
    from interface.app.compose import App
    from interface.operate.hold import Moved
    from interface.view.count import PauseKind

_KINDS = click.Choice(["channel", "destination", "patient"])


@verb("hold")
@click.argument("message_id", metavar="ID", type=NUMBER)
@reason_option(is_required=True)
def hold_verb(asked: Asked, message_id: int, reason: str) -> None:
    """Keep a message that waits behind another one, and its patient's later ones, until it is released."""
    from interface.operate.hold import hold

    with asked.app() as app:
        _tell(asked, "held", hold(app.store, asked.by(reason), message_id))


@verb("release")
@click.argument("message_ids", metavar="[ID]...", type=NUMBER, nargs=-1)
@click.option("--cause", metavar="CODE", default="", help="Every message that is held or failed for this cause.")
@click.option("--channel", metavar="NAME", default="", help="With --cause: of this channel only.")
@reason_option(is_required=False)
def release_verb(asked: Asked, message_ids: tuple[int, ...], cause: str, channel: str, reason: str) -> None:
    """Let held, failed or filtered messages run again; what waited behind them follows in order."""
    from interface.operate.hold import release, release_cause

    if bool(message_ids) == bool(cause):
        raise click.UsageError("give message ids, or --cause CODE")
    if channel and not cause:
        raise click.UsageError("--channel narrows --cause; message ids need none")
    with asked.app() as app:
        if cause:
            moved = release_cause(app.store, asked.by(reason), cause, channel)
        else:
            moved = release(app.store, asked.by(reason), message_ids)
        _tell(asked, "released", moved)


@verb("skip")
@click.argument("message_ids", metavar="ID...", type=NUMBER, nargs=-1, required=True)
@reason_option(is_required=True)
def skip_verb(asked: Asked, message_ids: tuple[int, ...], reason: str) -> None:
    """Let held or failed messages go without applying them; what waited behind them runs."""
    from interface.operate.hold import skip

    with asked.app() as app:
        _tell(asked, "skipped", skip(app.store, asked.by(reason), message_ids))


@verb("amend")
@click.argument("message_id", metavar="ID", type=NUMBER)
@click.option(
    "--set", "values", metavar="PATH=TEXT", multiple=True, help="Put TEXT at PATH, as in PID-18=4711. Repeatable."
)
@click.option("--file", "file", type=click.File("rb"), help="The whole corrected message; - reads standard input.")
@reason_option(is_required=True)
def amend_verb(asked: Asked, message_id: int, values: tuple[str, ...], file: BinaryIO | None, reason: str) -> None:
    """Run a corrected copy in the place of a held or failed message. The original keeps its bytes and is skipped."""
    from interface.cli.table import console, print_json
    from interface.operate.amend import amend, edited

    if bool(values) == (file is not None):
        raise click.UsageError("give --set PATH=TEXT, or --file FILE")
    with asked.app() as app:
        by = asked.by(reason)
        raw = _with_segment_ends(file.read()) if file else edited(app.store, by, message_id, _pairs(values))
        done = amend(app.store, app.clock, by, message_id, raw)
    if asked.as_json:
        print_json({"message": done.message_id, "original": done.original_id})
    else:
        console().print(f"Message {done.message_id} runs in the place of message {done.original_id}.")


def _pairs(values: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(value.partition("=")[::2] for value in values)
    if not all("=" in value for value in values):
        raise click.BadParameter("write PATH=TEXT", param_hint="--set")
    return pairs


def _with_segment_ends(raw: bytes) -> bytes:
    # An editor writes line feeds; HL7 segments end with carriage returns (v2.5.1 section 2.5.2).
    return raw if b"\r" in raw and b"\n" not in raw else raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r")


@verb("pause")
@click.argument("kind", type=_KINDS)
@click.argument("name")
@reason_option(is_required=True)
def pause_verb(asked: Asked, kind: str, name: str, reason: str) -> None:
    """Bring a channel, a destination (CHANNEL/NAME, or healthpay24) or a patient (pt_..., or a number) to a stop.

    A channel's messages are still received, answered and kept; what goes to a destination stays queued; a patient's messages wait.
    """
    from interface.operate.pause import pause
    from interface.view.count import PauseKind

    wanted = PauseKind(kind)
    with asked.app() as app:
        paused = pause(app.store, asked.by(reason), wanted, name, _known(app, wanted))
    _tell_word(asked, f"The {kind} {paused} is paused.", {"kind": kind, "name": paused, "paused": True})


@verb("resume")
@click.argument("kind", type=_KINDS, required=False)
@click.argument("name", required=False)
@click.option(
    "--after-restore", is_flag=True, help="Let a restored store send: payments, and what HealthPay24 is told."
)
@reason_option(is_required=False)
def resume_verb(asked: Asked, kind: str | None, name: str | None, after_restore: bool, reason: str) -> None:
    """Let a paused channel, destination or patient go on; what waited runs in order."""
    from interface.operate.backup import resume_after_restore
    from interface.operate.pause import resume
    from interface.view.count import PauseKind

    if after_restore == bool(kind) or bool(kind) != bool(name):
        raise click.UsageError("give a kind and a name, or --after-restore")
    with asked.app() as app:
        if kind is None or name is None:
            resume_after_restore(app.store, asked.by(reason))
            _tell_word(asked, "This store sends again.", {"kind": "after-restore", "paused": False})
            return
        resumed = resume(app.store, asked.by(reason), PauseKind(kind), name)
    _tell_word(asked, f"The {kind} {resumed} goes on.", {"kind": kind, "name": resumed, "paused": False})


def _known(app: "App", kind: "PauseKind") -> list[str]:
    from interface.healthpay24.push import DESTINATION
    from interface.view.count import PauseKind

    known = app.known()
    return list(known.channels) if kind is PauseKind.CHANNEL else [DESTINATION, *known.destinations]


def _tell(asked: Asked, verb_done: str, moved: "Moved") -> None:
    number = len(moved.ids)
    some = ", ".join(str(one) for one in moved.ids[:10]) + (" ..." if number > 10 else "")
    noun = "message" if number == 1 else "messages"
    _tell_word(asked, f"{number} {noun} {verb_done}: {some}", {verb_done: list(moved.ids)})


def _tell_word(asked: Asked, sentence: str, value: dict[str, object]) -> None:
    from interface.cli.table import console, print_json

    if asked.as_json:
        print_json(value)
    else:
        console().print(sentence, markup=False)
