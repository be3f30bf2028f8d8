"""What is known of an allocation's way into the EHR, and all that rendering it needs."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.ledger.entity import Entity
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import PostingConfirmed
from interface.mapping.posting import Posting
from interface.message import PostingState, is_legal
from interface.row.delivery import PostingFact
from interface.row.mirror import MirrorMark, Subject
from interface.store import schema_delivery, unconfirmed
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import Row, entities, living
from interface.store.mirror import mark
from interface.store.standing import survivor
from interface.store.tx import Tx
from interface.store.vault import scope_of

_ALLOCATION = t.allocation.c
CONFIRMED, POSTED = "confirmed", PostingState.POSTED.value
_TIMES = {
    PostingState.ACCEPTED.value: "accepted_at",
    "application-acked": "application_acked_at",
    CONFIRMED: "confirmed_at",
    POSTED: "posted_at",
}
_CHANGED = ("posting", "cause", "echo_message_id", *_TIMES.values())
_STATES = frozenset(state.value for state in PostingState)
_KNOWN = sa.select(t.allocation).where(within(_ALLOCATION.id, "ids")).order_by(_ALLOCATION.id).with_for_update()
_FACTS = (
    sa.update(t.allocation)
    .where(_ALLOCATION.id == sa.bindparam("row"))
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGED})
)
# The original delivery only: a resend is about the same posting.
_DESTINATIONS = sa.select(schema_delivery.delivery.c.destination_id).where(
    within(schema_delivery.delivery.c.allocation_id, "ids"), schema_delivery.delivery.c.original_id.is_(None)
)
_PAYMENT_OF = (
    sa.select(t.payment, t.allocation)
    .join(t.allocation, _ALLOCATION.payment_id == t.payment.c.id)
    .where(_ALLOCATION.id == sa.bindparam("row"))
    .set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)
)
_ORIGINAL = sa.select(_ALLOCATION.wire_id, _ALLOCATION.posting).where(_ALLOCATION.id == sa.bindparam("row"))
# Which identifier names a row outside, where it has several: HL7 table 0203.
_PREFERRED = {Noun.PATIENT: "MR", Noun.ACCOUNT: "AN", Noun.ENCOUNTER: "VN", Noun.GUARANTOR: "GN"}


def posting_facts(tx: Tx, facts: Sequence[PostingFact]) -> None:
    """Write facts, each in a column of its own. The first of a kind stays; the state moves where `message.LEGAL` allows."""
    if not facts:
        return
    rows: dict[int, dict[str, Any]] = {
        row.id: dict(row._mapping) for row in tx.read_in(_KNOWN, "ids", {fact.allocation_id for fact in facts})
    }
    posted_before = {number for number, row in rows.items() if row["posting"] == POSTED}
    told_before = {number for number, row in rows.items() if row["cause"] == unconfirmed.TOLD}
    for fact in facts:
        _add(rows[fact.allocation_id], fact)
    tx.write(_FACTS, [{"row": n, **{f"new_{name}": row[name] for name in _CHANGED}} for n, row in rows.items()])
    # What is due depends on them, on the account that stands for theirs today.
    found = entities(tx, {Row(Noun.ACCOUNT, row["account_id"]) for row in rows.values()})
    mark(
        tx,
        [
            MirrorMark(Subject.BALANCE, number)
            for number in {survivor(found, one).id for one in found.values() if one.noun is Noun.ACCOUNT}
        ],
    )
    if settled := [number for number in told_before if rows[number]["cause"] != unconfirmed.TOLD]:
        unconfirmed.settled(tx, settled, "its posting is known now")
    posted = {number for number, row in rows.items() if row["posting"] == POSTED} - posted_before
    for row in tx.read_in(_DESTINATIONS, "ids", posted):
        tx.count(row.destination_id, POSTED, 1)


def _add(row: dict[str, Any], fact: PostingFact) -> None:
    if column := _TIMES.get(fact.fact):
        row[column] = row[column] or fact.at
    row["echo_message_id"] = row["echo_message_id"] or fact.message_id
    if fact.fact not in _STATES or row["posting"] is None:
        return
    now, to = PostingState(row["posting"]), PostingState(fact.fact)
    if is_legal(now, to):
        row["posting"], row["cause"] = to.value, fact.cause or None


def confirm(tx: Tx, confirmed: Iterable[PostingConfirmed]) -> None:
    """The EHR echoed these allocations: confirmed, and with it posted."""
    facts = [
        fact
        for one in confirmed
        for fact in (
            PostingFact(one.allocation_id, CONFIRMED, one.at, message_id=one.message_id),
            PostingFact(one.allocation_id, POSTED, one.learnt_at),
        )
    ]
    posting_facts(tx, facts)


def posting(tx: Tx, allocation_id: int) -> Posting:
    """All that rendering an allocation needs, through current identities.

    Errors: ActRefusedError `allocation-unknown`; `identifier-missing` where account or patient have no living identifier.
    """
    row = tx.first(_PAYMENT_OF, row=allocation_id)
    if row is None:
        raise ActRefusedError("allocation-unknown", "there is no such allocation", place=f"allocation:{allocation_id}")
    wanted = {Row(Noun.ACCOUNT, row.allocation_account_id)}
    if row.allocation_visit_id is not None:
        wanted.add(Row(Noun.ENCOUNTER, row.allocation_visit_id))
    found = entities(tx, wanted)
    account = survivor(found, found[Row(Noun.ACCOUNT, row.allocation_account_id)])
    patient = survivor(found, found[Row(Noun.PATIENT, account.patient_id)]) if account.patient_id else None
    visit = found.get(Row(Noun.ENCOUNTER, row.allocation_visit_id or 0))
    visit = survivor(found, visit) if visit else None
    _token, last4, authorization, _batch = tx.vault.open_json(row.payment_sealed, scope_of("payment", row.payment_id))
    original = tx.first(_ORIGINAL, row=row.allocation_reverses) if row.allocation_reverses else None
    return Posting(
        kind=row.allocation_kind,
        wire_id=row.allocation_wire_id,
        original_wire_id=original.wire_id if original else "",
        amount_minor=row.allocation_amount_minor,
        currency=row.allocation_currency,
        tender=row.payment_tender,
        last4=last4,
        authorization=authorization,
        transaction_id=row.allocation_transaction_id,
        taken_at=row.allocation_made_at,
        account=_needed(tx, account),
        patient=_needed(tx, patient),
        visit=name_of(tx, visit) if visit else None,
        guarantor=_guarantor(tx, account),
        family=_text(patient, "name", "family"),
        given=_text(patient, "name", "given"),
        patient_class=_text(visit, "class", "class"),
        department=_text(account, "department", "department"),
        posting=PostingState(row.allocation_posting) if row.allocation_posting else None,
        facility=row.payment_facility,
        settled_at=row.payment_settled_at,
        original_posting=PostingState(original.posting) if original and original.posting else None,
    )


def _text(one: Entity | None, group: str, name: str) -> str:
    return (one.value(group, name) or "") if one else ""


def _needed(tx: Tx, one: Entity | None) -> Identifier:
    known = name_of(tx, one) if one else None
    if known is None:
        place = f"{one.noun}:{one.public_id}" if one else "account"
        raise ActRefusedError("identifier-missing", "no identifier that the receiver knows is left", place=place)
    return known


def name_of(tx: Tx, one: Entity) -> Identifier | None:
    """The living identifier by which the outside knows a row: of the usual type first, then the oldest."""
    return names_of(tx, one.noun, [one.id]).get(one.id)


def names_of(tx: Tx, noun: Noun, ids: Iterable[int]) -> dict[int, Identifier]:
    """The same for many rows of a noun."""
    best: dict[int, tuple[bool, int, Identifier]] = {}
    for number, since, known in living(tx, noun, ids):
        candidate = (known.type != _PREFERRED[noun], since, known)
        if number not in best or candidate < best[number]:
            best[number] = candidate
    return {number: known for number, (_, _, known) in best.items()}


def _guarantor(tx: Tx, account: Entity) -> Identifier | None:
    rows = account.value("guarantors", "guarantors") or []
    first = min(rows, key=lambda row: row.get("priority") or 0, default=None)
    if first is None:
        return None
    found = entities(tx, {Row(Noun.GUARANTOR, first["guarantor"])})
    return name_of(tx, survivor(found, found[Row(Noun.GUARANTOR, first["guarantor"])])) if found else None
