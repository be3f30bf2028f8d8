"""Receiving: what arrived becomes a message once, and every arrival is counted.

`prepare` does the costly work (digest, compression, sealing) before a transaction opens; `receive` only inserts. The
unique constraint on the digest tells repeats, so two receivers on one database can never both keep the same message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.message import MessageState, move
from interface.row.message import PLACES, Intake, Received
from interface.store import member
from interface.store import schema_message as t
from interface.store.compress import compress
from interface.store.counter import message_ids
from interface.store.dialect import SQLITE, insert_or_keep, within
from interface.store.purged import BODY
from interface.store.schema_purge import purged
from interface.store.tx import ARRIVAL, Tx
from interface.store.vault import Vault, scope_of

PENDING = "?"  # the answer of a message whose sender waits for the outcome

_NEW_MESSAGE = insert_or_keep(t.message)
_NEW_BODY = sa.insert(t.body)
_BODY_AGAIN = insert_or_keep(t.body)
_NO_LONGER_PURGED = sa.delete(purged).where(purged.c.what == BODY, purged.c.subject_id == sa.bindparam("row"))
_NEW_ARRIVAL = sa.insert(t.arrival)
_NEW_INCIDENT = sa.insert(t.incident)
NEW_SEARCH_KEY = insert_or_keep(t.search_key)
_BY_DIGEST = sa.select(
    t.message.c.digest, t.message.c.id, t.message.c.state, t.message.c.answer, t.message.c.source_id
).where(within(t.message.c.digest, "digests"))
_ORDER_OF = sa.select(t.message.c.id, t.message.c.order_id).where(within(t.message.c.id, "ids"))
# Nobody has custody of these: the same bytes may come again, and are then a message like any other.
_NOT_TAKEN = (MessageState.REFUSED, MessageState.INCOMPLETE)
_ANEW = (
    sa.update(t.message)
    .where(t.message.c.id == sa.bindparam("row"), t.message.c.state == sa.bindparam("was"))
    .values(
        state=MessageState.WAITING.value,
        cause_id=None,
        answer=sa.bindparam("answered"),
        answered_at=None,
        order_id=sa.bindparam("place"),
        parked=sa.bindparam("parks"),
    )
)


@dataclass(frozen=True, slots=True)
class PreparedIntake:
    """An intake with everything that needs no database."""

    intake: Intake
    digest: bytes
    body: bytes
    identity: bytes
    control_key: int | None


@dataclass(slots=True)
class _Kept:
    """The message that a digest stands for, as this batch leaves it."""

    id: int
    state: MessageState
    answer: str
    source_id: int
    is_new: bool


def prepare(vault: Vault, intake: Intake) -> PreparedIntake:
    """Digest, compress and seal one intake."""
    digest = vault.digest(intake.source, intake.raw)
    if not intake.control_id and intake.state is MessageState.WAITING:
        intake = replace(intake, control_id=_surrogate(digest))
    return PreparedIntake(
        intake,
        digest,
        vault.seal(compress(intake.raw), scope_of("body", digest)),
        vault.seal_json([intake.control_id, intake.sender], scope_of("identity", digest)),
        vault.search_key("control", intake.control_id) if intake.control_id else None,
    )


def _surrogate(digest: bytes) -> str:
    """What people know a message by that was taken without MSH-10. Of the keyed digest: it tells nothing of the content."""
    return f"digest-{digest.hex()[:13]}"


def receive(tx: Tx, prepared: Sequence[PreparedIntake], *, is_ahead: bool = False) -> list[Received]:
    """Write arrivals and new messages; results in the order given. `is_ahead`: messages of a batch that may not run yet."""
    firsts: dict[bytes, PreparedIntake] = {}
    for one in prepared:
        firsts.setdefault(one.digest, one)
    words = tx.word_ids(word for one in prepared for word in _words(one.intake))
    kept = _insert_new(tx, list(firsts.values()), words, parked=int(is_ahead))
    results: list[Received] = []
    arrivals: list[dict[str, Any]] = []
    seen: set[bytes] = set()
    for one in prepared:
        message = kept[one.digest]
        is_first = message.is_new and one.digest not in seen
        seen.add(one.digest)
        results.append(_welcome(tx, one, message, is_first=is_first, parked=int(is_ahead)))
        arrivals.append(_arrival(one.intake, message))
        tx.count(message.source_id, ARRIVAL, 1, one.intake.arrived_at)
    tx.write(_NEW_ARRIVAL, arrivals)
    _note_members(tx, prepared, results)
    return results


def _note_members(tx: Tx, prepared: Sequence[PreparedIntake], results: Sequence[Received]) -> None:
    rows, repeated = [], []
    for one, received in zip(prepared, results, strict=True):
        if (membership := one.intake.member) is not None:
            rows.append(
                {
                    "batch_id": membership.batch_id,
                    "position": membership.position,
                    "message_id": received.message_id,
                    "is_new": int(not received.is_duplicate),
                }
            )
            if received.is_duplicate:
                repeated.append((received.message_id, membership.order_id))
    member.note(tx, rows)
    member.bring_forward(tx, repeated)


def _words(intake: Intake) -> Iterable[str]:
    yield intake.source
    yield intake.message_type
    if intake.reason:
        yield intake.reason


def _insert_new(tx: Tx, firsts: Sequence[PreparedIntake], words: dict[str, int], *, parked: int) -> dict[bytes, _Kept]:
    ids = message_ids(tx, len(firsts))
    amended = [one.intake.original_id for one in firsts if one.intake.original_id is not None]
    places = {row.id: row.order_id for row in tx.read_in(_ORDER_OF, "ids", amended)}
    for unknown in set(amended) - places.keys():
        raise ActRefusedError("message-unknown", "there is no message to amend", place=f"message:{unknown}")
    rows = [_message(number, one, words, places) | {"parked": parked} for number, one in zip(ids, firsts, strict=True)]
    if tx.dialect != SQLITE:
        # Two receivers that meet must take their rows in the same order, or each may wait for the other.
        rows.sort(key=lambda row: row["digest"])
    present: dict[bytes, sa.Row[Any]] = {}
    while tx.write(_NEW_MESSAGE, rows) < len(rows):
        present = {row.digest: row for row in tx.read_in(_BY_DIGEST, "digests", [one.digest for one in firsts])}
        rows = [row for row in rows if row["digest"] not in present]  # purged between the two statements: it is new
    kept: dict[bytes, _Kept] = {}
    fresh: list[tuple[int, PreparedIntake]] = []
    for number, one in zip(ids, firsts, strict=True):
        row = present.get(one.digest)
        if row is None or row.id == number:
            source_id = words[one.intake.source]
            kept[one.digest] = _Kept(number, one.intake.state, one.intake.answer, source_id, is_new=True)
            fresh.append((number, one))
            tx.count(source_id, one.intake.state, 1)
        else:
            kept[one.digest] = _Kept(row.id, MessageState(row.state), row.answer, row.source_id, is_new=False)
    tx.write(_NEW_BODY, [{"message_id": number, "sealed": one.body} for number, one in fresh])
    keys = [{"key": one.control_key, "message_id": number} for number, one in fresh if one.control_key is not None]
    tx.write(NEW_SEARCH_KEY, keys)
    tx.write(_NEW_INCIDENT, [row for number, one in fresh for row in _incidents(number, one.intake)])
    return kept


def _message(number: int, one: PreparedIntake, words: dict[str, int], places: dict[int, int]) -> dict[str, Any]:
    intake = one.intake
    return {
        "id": number,
        "order_id": _place(number, intake, places),
        "digest": one.digest,
        "source_id": words[intake.source],
        "type_id": words[intake.message_type],
        "arrived_at": intake.arrived_at,
        "size": len(intake.raw),
        "state": intake.state.value,
        "cause_id": words[intake.reason] if intake.reason else None,
        "pan_redacted": 1 if intake.incidents else 0,
        "answer": intake.answer,
        "original_id": intake.original_id,
        "identity": one.identity,
    }


def _place(number: int, intake: Intake, places: dict[int, int]) -> int:
    if intake.member is not None:
        return intake.member.order_id
    return number * PLACES if intake.original_id is None else places[intake.original_id]


def _incidents(number: int, intake: Intake) -> Iterable[dict[str, Any]]:
    for place in intake.incidents:
        yield {"message_id": number, "at": intake.arrived_at, "code": "card-number-masked", "place": place}


def _welcome(tx: Tx, one: PreparedIntake, message: _Kept, *, is_first: bool, parked: int) -> Received:
    intake = one.intake
    if is_first:
        return Received(message.id, False, message.state, message.answer)
    if message.state in _NOT_TAKEN and intake.state is MessageState.WAITING:
        return Received(message.id, not _begin_anew(tx, message, one, parked), message.state, message.answer)
    return Received(message.id, True, message.state, message.answer)


def _begin_anew(tx: Tx, message: _Kept, one: PreparedIntake, parked: int) -> bool:
    """Run the same bytes anew, in the place of their second coming, and answer them anew; False where another was first."""
    intake = one.intake
    was = message.state
    place = intake.member.order_id if intake.member else message_ids(tx, 1)[0] * PLACES
    message.state, message.answer = move(was, MessageState.WAITING), intake.answer
    row = {"row": message.id, "was": was.value, "answered": intake.answer, "place": place, "parks": parked}
    if not tx.write(_ANEW, [row]):
        return False
    # Its bytes may have been purged since the refusal. After the update: from then on no purge touches it.
    if tx.write(_BODY_AGAIN, [{"message_id": message.id, "sealed": one.body}]):
        tx.write(_NO_LONGER_PURGED, [{"row": message.id}])
    tx.count(message.source_id, was, -1)
    tx.count(message.source_id, MessageState.WAITING, 1)
    return True


def _arrival(intake: Intake, message: _Kept) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "arrived_at": intake.arrived_at,
        "peer": intake.peer,
        "answer": None if message.answer == PENDING else message.answer,
        "actor": intake.actor or None,
    }
