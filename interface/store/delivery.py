"""Deliveries: what is to be sent, each attempt's intent before its first byte, and every outcome once."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.message import DeliveryState, move
from interface.row.delivery import Delivery, DeliveryWanted, Outcome
from interface.store import schema_delivery as t
from interface.store.compress import compress, expand
from interface.store.dialect import insert_or_keep, within
from interface.store.schema_ledger import allocation
from interface.store.schema_operation import installation
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.alert import KIND as ALERT

_D = t.delivery.c
_EARLIER = t.delivery.alias("earlier")
LOADED = (
    sa.select(t.delivery, t.payload.c.sealed, allocation.c.amount_minor, allocation.c.currency)
    .outerjoin(t.payload, t.payload.c.delivery_id == _D.id)
    .outerjoin(allocation, allocation.c.id == _D.allocation_id)
)
# Order key 0 asks for no order: acknowledgements do not wait for each other.
_BEHIND = sa.exists().where(
    _EARLIER.c.destination_id == _D.destination_id,
    _EARLIER.c.order_key == _D.order_key,
    _EARLIER.c.id < _D.id,
    sa.text("earlier.state IN ('queued', 'sending', 'ambiguous')"),
)
DUE = (
    LOADED.where(_D.destination_id == sa.bindparam("destination"), sa.text("delivery.state = 'queued'"))
    .where(_D.due_at <= sa.bindparam("now"), sa.or_(_D.order_key == 0, ~_BEHIND))
    .order_by(_D.due_at, _D.id)
    .limit(sa.bindparam("amount"))
)
# Locked where the database knows row locks: what is read here decides what is written, and answers, people and the EHR's
# own messages may speak of one delivery at once.
_ONE = LOADED.where(_D.id == sa.bindparam("row")).with_for_update(of=t.delivery)
# By the attempts, not by the delivery: an answer to an older rendering still finds it.
_BY_CONTROL_ID = LOADED.where(
    _D.id.in_(sa.select(t.attempt.c.delivery_id).where(t.attempt.c.control_id == sa.bindparam("control")))
).with_for_update(of=t.delivery)
_OF_EARLIER_LIFE = LOADED.where(
    within(_D.id, "ids"),
    _D.state == DeliveryState.QUEUED.value,
    allocation.c.made_at <= sa.select(installation.c.restored_at).scalar_subquery(),
)
_NO_ALERT = _D.kind != ALERT  # which are sent by another part, and may be told twice
_UNFINISHED = LOADED.where(_D.state.in_((DeliveryState.QUEUED.value, DeliveryState.SENDING.value)), _NO_ALERT)
_UNFINISHED = _UNFINISHED.order_by(_D.id).limit(sa.bindparam("amount"))
_ALL_SENDING = LOADED.where(_D.state == DeliveryState.SENDING.value).order_by(_D.id)
_SENDING, _ALERTS_SENDING = _ALL_SENDING.where(_NO_ALERT), _ALL_SENDING.where(~_NO_ALERT)
_NEW_RETURNING = sa.insert(t.delivery).returning(_D.id, sort_by_parameter_order=True)
_NEW_PAYLOAD = insert_or_keep(t.payload)
_DROP_PAYLOAD = sa.delete(t.payload).where(t.payload.c.delivery_id == sa.bindparam("row"))
_BEGIN = (
    sa.update(t.delivery)
    .where(_D.id == sa.bindparam("row"), _D.state == DeliveryState.QUEUED.value)
    .values(
        state=DeliveryState.SENDING.value,
        attempts=_D.attempts + 1,
        control_id=sa.func.coalesce(_D.control_id, sa.bindparam("control")),
        cause_id=None,
    )
)
_NEW_ATTEMPT = sa.insert(t.attempt).from_select(
    ["delivery_id", "number", "control_id", "at"],
    sa.select(_D.id, _D.attempts, _D.control_id, sa.bindparam("at", type_=sa.BigInteger)).where(
        _D.id == sa.bindparam("row")
    ),
)
_DESTINATION_OF = sa.select(_D.destination_id).where(_D.id == sa.bindparam("row"))
_MOVE = (
    sa.update(t.delivery)
    .where(_D.id == sa.bindparam("row"))
    .values(state=sa.bindparam("to"), due_at=sa.bindparam("due"), cause_id=sa.bindparam("why"))
)
_ANEW = sa.update(t.delivery).where(_D.id == sa.bindparam("row")).values(control_id=None)
_LINK = (
    sa.update(t.delivery)
    .where(_D.id == sa.bindparam("row"))
    .values(original_id=sa.bindparam("original"), control_id=sa.bindparam("control"))
)
_END = (
    sa.update(t.attempt)
    .where(t.attempt.c.delivery_id == sa.bindparam("row"), sa.text("ended_at IS NULL"))
    .values(
        ended_at=sa.bindparam("ended"), state=sa.bindparam("to"), code=sa.bindparam("said"), text=sa.bindparam("words")
    )
)
_NEW_REPLY = sa.insert(t.reply)
_STOPPED = "stopped-while-sending"
COUNTED = "delivery "  # before a delivery's state, in the counts that are kept


def enqueue(tx: Tx, wanted: Sequence[DeliveryWanted]) -> list[int]:
    """Queue deliveries; their ids in the order given."""
    if not wanted:
        return []
    words = tx.word_ids(one.destination for one in wanted)
    rows = [
        {
            "destination_id": words[one.destination],
            "kind": one.kind,
            "subject": one.subject,
            "allocation_id": _numbered(one.subject, "allocation"),
            "order_key": one.order_key,
            "state": DeliveryState.QUEUED.value,
            "attempts": 0,
            "due_at": one.due_at,
            "created_at": tx.now,
            "config_id": one.config_id,
            "control_id": one.control_id or None,
            "reply_to": _numbered(one.subject, "message"),
        }
        for one in wanted
    ]
    ids = [row.id for row in tx.connection.execute(_NEW_RETURNING, rows)]
    _freeze(tx, [(number, one.payload) for number, one in zip(ids, wanted, strict=True) if one.payload])
    for one in wanted:
        _count(tx, words[one.destination], None, DeliveryState.QUEUED)
    return ids


def _numbered(subject: str, wanted: str) -> int | None:
    kind, _, number = subject.partition(":")
    return int(number) if kind == wanted else None


def _count(tx: Tx, destination_id: int, was: DeliveryState | None, to: DeliveryState) -> None:
    if was is not None:
        tx.count(destination_id, f"{COUNTED}{was}", -1)
    tx.count(destination_id, f"{COUNTED}{to}", 1)


def _freeze(tx: Tx, payloads: Sequence[tuple[int, bytes]]) -> None:
    rows = [
        {"delivery_id": number, "sealed": tx.vault.seal(compress(payload), scope_of("payload", number))}
        for number, payload in payloads
    ]
    tx.write(_NEW_PAYLOAD, rows)


def due(tx: Tx, destination: str, now: int, limit: int) -> list[Delivery]:
    """Deliveries to send now, oldest first: queued, due, and first of their order key among all that are not final."""
    number = tx.known_word_ids([destination]).get(destination)
    if number is None:
        return []
    return deliveries(tx, tx.read(DUE, destination=number, now=now, amount=limit))


def deliveries(tx: Tx, rows: Sequence[sa.Row[Any]]) -> list[Delivery]:
    """Stored deliveries, payloads opened."""
    texts = tx.texts({number for row in rows for number in (row.destination_id, row.cause_id)})
    return [
        Delivery(
            id=row.id,
            destination=texts[row.destination_id],
            kind=row.kind,
            subject=row.subject,
            order_key=row.order_key,
            state=DeliveryState(row.state),
            due_at=row.due_at,
            attempts=row.attempts,
            payload=expand(tx.vault.open(row.sealed, scope_of("payload", row.id))) if row.sealed else b"",
            control_id=row.control_id or "",
            config_id=row.config_id,
            created_at=row.created_at,
            cause=texts[row.cause_id],
            amount_minor=row.amount_minor,
            currency=row.currency or "",
        )
        for row in rows
    ]


def delivery(tx: Tx, delivery_id: int) -> Delivery:
    """One delivery, kept from other writers until the commit.

    Errors: ActRefusedError `delivery-unknown`.
    """
    found = deliveries(tx, tx.read(_ONE, row=delivery_id))
    if not found:
        raise ActRefusedError("delivery-unknown", "there is no such delivery", place=f"delivery:{delivery_id}")
    return found[0]


def begin_attempt(tx: Tx, delivery_id: int, payload: bytes, control_id: str, at: int) -> bool:
    """Freeze the payload and write the intent; False where the delivery is no longer queued."""
    if not tx.write(_BEGIN, [{"row": delivery_id, "control": control_id}]):
        return False
    destination = tx.first(_DESTINATION_OF, row=delivery_id)
    assert destination is not None, "the row was written above"
    _count(tx, destination.destination_id, DeliveryState.QUEUED, DeliveryState.SENDING)
    _freeze(tx, [(delivery_id, payload)])
    tx.write(_NEW_ATTEMPT, [{"row": delivery_id, "at": at}])
    return True


def end_attempt(tx: Tx, delivery_id: int, outcome: Outcome) -> None:
    """Move the delivery and, where an attempt is still without one, write its outcome; an ended attempt is not changed."""
    cause = outcome.code if outcome.state is not DeliveryState.DELIVERED else ""
    to = _move(tx, delivery_id, outcome.state, cause, outcome.due_at)
    end = {"row": delivery_id, "ended": outcome.at, "to": to.value, "said": outcome.code, "words": outcome.text}
    ended = tx.write(_END, [end])
    if outcome.reply:
        note_reply(tx, delivery_id, outcome.code, outcome.at, outcome.reply, is_late=not ended)


def _move(tx: Tx, delivery_id: int, state: DeliveryState, cause: str, due_at: int = 0) -> DeliveryState:
    now = delivery(tx, delivery_id)
    to = move(now.state, state)
    words = tx.word_ids([now.destination, *([cause] if cause else [])])
    due_at = due_at if to is DeliveryState.QUEUED and due_at else now.due_at
    tx.write(_MOVE, [{"row": delivery_id, "to": to.value, "due": due_at, "why": words.get(cause)}])
    _count(tx, words[now.destination], now.state, to)
    return to


def note_reply(tx: Tx, delivery_id: int, code: str, at: int, reply: bytes, *, is_late: bool) -> None:
    """Keep what the destination answered."""
    sealed = tx.vault.seal(compress(reply), scope_of("reply", delivery_id)) if reply else None
    row = {"delivery_id": delivery_id, "at": at, "code": code, "late": int(is_late), "sealed": sealed}
    tx.write(_NEW_REPLY, [row])


def application_ack(tx: Tx, control_id: str, code: str, at: int) -> Delivery | None:
    """Match an acknowledgement that came apart to the delivery that went out under this control id, and note it."""
    if "\0" in control_id:  # none of ours, and PostgreSQL cannot even be asked for it
        return None
    found = deliveries(tx, tx.read(_BY_CONTROL_ID, control=control_id))
    if not found:
        return None
    note_reply(tx, found[0].id, code, at, b"", is_late=True)
    return found[0]


def recover_sends(tx: Tx, at: int, *, are_alerts: bool = False) -> list[Delivery]:
    """Intents without an outcome, left by a part that died: the destination may have them, so all are made ambiguous."""
    found = deliveries(tx, tx.read(_ALERTS_SENDING if are_alerts else _SENDING))
    for one in found:
        text = "the engine stopped between the first byte and the answer"
        end_attempt(tx, one.id, Outcome(DeliveryState.AMBIGUOUS, at, _STOPPED, text))
    return found


def in_doubt(tx: Tx, ids: Sequence[int]) -> list[Delivery]:
    """Of these queued deliveries those of payments made before this store was restored: its earlier life may have sent them."""
    return deliveries(tx, tx.read_in(_OF_EARLIER_LIFE, "ids", ids))


def unfinished(tx: Tx, limit: int) -> list[Delivery]:
    """Deliveries that are queued or being sent, oldest first."""
    return deliveries(tx, tx.read(_UNFINISHED, amount=limit))


def doubt(tx: Tx, found: Sequence[Delivery], at: int, cause: str) -> None:
    """Make deliveries ambiguous that nobody knows the fate of."""
    to = {one.id: move(one.state, DeliveryState.AMBIGUOUS).value for one in found}
    words = tx.word_ids({cause, *(one.destination for one in found)})
    tx.write(_MOVE, [{"row": one.id, "to": to[one.id], "due": one.due_at, "why": words[cause]} for one in found])
    left = [one.id for one in found if one.state is DeliveryState.SENDING]
    text = "the store was restored from a backup that was made before the answer"
    tx.write(_END, [{"row": row, "ended": at, "to": to[row], "said": cause, "words": text} for row in left])
    for one in found:
        _count(tx, words[one.destination], one.state, DeliveryState.AMBIGUOUS)


def queue_again(tx: Tx, delivery_id: int, due_at: int, cause: str, *, anew: bool) -> None:
    """Queue a rejected or ambiguous delivery again; `anew` renders it once more, under a new control id."""
    _move(tx, delivery_id, DeliveryState.QUEUED, cause, due_at)
    if anew:
        tx.write(_DROP_PAYLOAD, [{"row": delivery_id}])
        tx.write(_ANEW, [{"row": delivery_id}])


def withdraw(tx: Tx, delivery_id: int, cause: str) -> None:
    """A delivery is not to be sent (again)."""
    _move(tx, delivery_id, DeliveryState.WITHDRAWN, cause)


def resend(tx: Tx, delivery_id: int, payload: bytes, control_id: str, due_at: int) -> int:
    """Queue a copy with this payload, linked to the original; gives its id."""
    old = delivery(tx, delivery_id)
    wanted = DeliveryWanted(
        old.destination, old.kind, old.subject, old.order_key, due_at, old.config_id, payload=payload
    )
    (number,) = enqueue(tx, [wanted])
    tx.write(_LINK, [{"row": number, "original": delivery_id, "control": control_id}])
    return number
