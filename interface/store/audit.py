"""The audit trail: who did what to what, and why. Rows are appended in the transaction of the act and never changed."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from interface.row.act import Act
from interface.store import audit_seal
from interface.store import schema_operation as t
from interface.store.dialect import within
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.audit import Audited, AuditFilter

_APPEND = sa.insert(t.audit)
_ABOUT = sa.select(t.audit).where(within(t.audit.c.subject, "subjects"))
# Acts on many things at once are kept as one line: `messages:17..230`. The range of texts is one that an index serves.
_ABOUT_MANY = sa.select(t.audit).where(
    t.audit.c.subject >= sa.bindparam("first"), t.audit.c.subject < sa.bindparam("end")
)
_MANY = {"message": "messages:", "delivery": "deliveries:", "account": "accounts:", "row": "rows:"}


def audit(tx: Tx, acts: Sequence[Act]) -> None:
    """Append. What a person typed may name a patient: reason and details are sealed."""
    audit_seal.enter(tx)
    rows = [
        {
            "at": tx.now,
            "actor": act.actor,
            "verb": act.verb,
            "subject": act.subject,
            "sealed": tx.vault.seal_json([act.reason, dict(act.details)], scope_of("audit", act.subject)),
        }
        for act in acts
    ]
    tx.write(_APPEND, rows)


def audit_trail(tx: Tx, wanted: AuditFilter) -> list[Audited]:
    """One page, in the order of ids."""
    column = t.audit.c
    conditions = []
    if wanted.actor:
        conditions.append(column.actor == wanted.actor)
    if wanted.since:
        conditions.append(column.at >= wanted.since)
    if wanted.beyond_id:
        conditions.append(column.id < wanted.beyond_id if wanted.newest_first else column.id > wanted.beyond_id)
    order = column.id.desc() if wanted.newest_first else column.id
    page = sa.select(t.audit).where(*conditions).order_by(order).limit(wanted.limit)
    return [_opened(tx, row) for row in tx.connection.execute(page)]


def audited_on(tx: Tx, subjects: Collection[str]) -> list[Audited]:
    """Every act on these subjects, alone or among others, oldest first."""
    rows = {row.id: _opened(tx, row) for row in tx.read_in(_ABOUT, "subjects", sorted(set(subjects)))}
    for kind, prefix in _MANY.items():
        names = {name for one in subjects if (name := one.removeprefix(f"{kind}:")) != one}
        end = prefix.replace(":", ";")  # the character that follows
        for row in tx.read(_ABOUT_MANY, first=prefix, end=end) if names else ():
            act = _opened(tx, row)
            if _is_about(act, prefix, names):
                rows[row.id] = act
    return [rows[number] for number in sorted(rows)]


def _is_about(act: Audited, prefix: str, names: Collection[str]) -> bool:
    """Whether an act on many was on one of these; where it keeps only the first and the last number, on all between them."""
    if listed := act.details.get("ids"):
        return any(str(one) in names for one in listed)
    first, _, last = act.subject.removeprefix(prefix).partition("..")
    if not (first.isdigit() and last.isdigit()):
        return False
    return any(int(first) <= int(name) <= int(last) for name in names if name.isdigit())


def _opened(tx: Tx, row: sa.Row[Any]) -> Audited:
    reason, details = tx.vault.open_json(row.sealed, scope_of("audit", row.subject))
    return Audited(row.id, row.at, row.actor, row.verb, row.subject, reason, details)
