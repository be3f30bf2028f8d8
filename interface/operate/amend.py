"""Amending: a person's corrected copy of a message runs in its place; the original keeps its bytes and is skipped."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from interface.card.screen import contains_card, screen
from interface.errors import ActRefusedError
from interface.healthpay24.payload import SOURCE as ASKED_BY_HEALTHPAY24
from interface.hl7.parser import Message, parse
from interface.message import MessageState
from interface.operate.act import By, acting, body_purged, need_reason, note
from interface.operate.hold import STUCK, close_items_of, require_state, rows_of
from interface.pipeline.receive import Listening, examine
from interface.pipeline.request import HOLDS_CARD, Sender, examine_request, is_request
from interface.ports import Clock, Store
from interface.row.message import PLACES, Intake
from interface.view.message import MessageRow

SOURCE = "operator"  # messages that people bring in come from operator/CHANNEL and are read as that channel's


@dataclass(frozen=True, slots=True)
class Amended:
    """The new message, and the one that it stands for."""

    message_id: int
    original_id: int


def edited(store: Store, by: By, message_id: int, values: Mapping[str, str]) -> bytes:
    """The stored bytes with these values put in (path -> text); nothing is stored. Audited as a look.

    Errors: ActRefusedError `not-found`, `card-number`; MessageError and MappingError of a path that leads nowhere.
    """
    note(store, by, "look", f"message:{message_id}", details={"to": "amend"})
    with store.snapshot() as reader:
        (original,) = rows_of(reader, [message_id])
        _require_amendable(original)
        raw = reader.body(message_id)
    if raw is None:
        raise body_purged(message_id)
    if is_request(original.type):
        raise ActRefusedError(
            "not-amendable",
            "a FHIR request has no fields to be set",
            place=f"message:{message_id}",
            advice="write it to a file with `hp24 show --raw`, correct that, and amend with the file",
        )
    message: Message = parse(raw)
    for path, value in values.items():
        if contains_card(value):
            raise _card_number(path)
        message = message.with_value(path, value)
    return message.to_bytes()


def amend(store: Store, clock: Clock, by: By, message_id: int, raw: bytes) -> Amended:
    """Store `raw` as a new message linked to the original, and skip the original, in one commit.

    Refused for an original that is not held or failed, for bytes that say the same, for a header that cannot be read, and for
    card numbers: what people type in is never masked silently.
    """
    need_reason(by, "amend")
    with store.snapshot() as reader:
        (original,) = rows_of(reader, [message_id])
    _require_amendable(original)
    prepared = store.prepare([_intake(clock, by, original, raw)])
    with acting(store, by, "amend", f"message:{message_id}") as turn:
        (original,) = rows_of(turn, [message_id])
        require_state([original], STUCK, "amended")
        if turn.body(message_id) == raw:
            raise ActRefusedError("unchanged", "the amended bytes are the same", place=f"message:{message_id}")
        received = turn.receive(prepared)[0]
        if received.is_duplicate:
            text = "the same amended bytes were brought in before"
            raise ActRefusedError("repeated", text, place=f"message:{received.message_id}")
        turn.skip([message_id], "amended")
        close_items_of(turn, by, [original], f"amended as message {received.message_id}")
    return Amended(received.message_id, message_id)


def _require_amendable(original: MessageRow) -> None:
    if original.channel == ASKED_BY_HEALTHPAY24:
        raise ActRefusedError(
            "not-amendable",
            "what HealthPay24 asked for stays as it was asked",
            place=f"message:{original.id}",
            advice="skip it, and ask for the right payment, void or refund in HealthPay24",
        )


def _intake(clock: Clock, by: By, original: MessageRow, raw: bytes) -> Intake:
    if is_request(original.type):
        return _request(clock, by, original, raw)
    if findings := screen(raw).findings:
        raise _card_number(findings[0].place)
    channel = original.channel.removeprefix(f"{SOURCE}/")
    listening = Listening(
        f"{SOURCE}/{channel}", production=False, max_batch_messages=PLACES - 1, needs_control_id=False
    )
    examined = examine(raw, listening, peer="", at=clock.now())
    if examined.intake.state is not MessageState.WAITING:
        problem = examined.problem
        raise ActRefusedError(
            "header-unusable",
            problem.text if problem else "the header cannot be read",
            place=problem.place if problem else "MSH",
        )
    return replace(examined.intake, answer="", original_id=original.id, actor=by.actor)


def _request(clock: Clock, by: By, original: MessageRow, raw: bytes) -> Intake:
    """A corrected FHIR request, in its stored form or as the resource alone."""
    channel = original.channel.removeprefix(f"{SOURCE}/")
    sender = Sender(f"{SOURCE}/{channel}", "", by.actor, "")
    asked = examine_request(raw, f"amends-{original.id}", sender, clock.now())
    if asked.refusal is not None:
        if asked.intake.reason == HOLDS_CARD:
            raise _card_number(asked.refusal.place)
        raise ActRefusedError(
            "request-malformed",
            asked.refusal.text,
            place=asked.refusal.place,
            advice="amend with a request as `hp24 show --raw` shows it, or with the resource alone",
        )
    return replace(asked.intake, answer="", original_id=original.id)


def _card_number(place: str) -> ActRefusedError:
    return ActRefusedError(
        "card-number", "a payment card number was typed in; nothing was kept", place=place, advice="use a token instead"
    )
