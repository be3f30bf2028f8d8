"""The audit trail: who did what to what, and why. Rows are appended in the transaction of the act and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from interface.row.act import Act
from interface.store import schema_operation as t
from interface.store.tx import Tx
from interface.store.vault import scope_of

_APPEND = sa.insert(t.audit)
_PAGE = (
    sa.select(t.audit)
    .where(t.audit.c.subject == sa.bindparam("about"), t.audit.c.id > sa.bindparam("beyond"))
    .order_by(t.audit.c.id)
    .limit(sa.bindparam("amount"))
)


@dataclass(frozen=True, slots=True)
class Audited:
    """One line of the trail."""

    id: int
    at: int
    act: Act


def audit(tx: Tx, acts: Sequence[Act]) -> None:
    """Append. What a person typed may name a patient: reason and details are sealed."""
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


def audit_trail(tx: Tx, subject: str, beyond_id: int, limit: int) -> list[Audited]:
    """One page of the acts on a subject, oldest first."""
    found = []
    for row in tx.read(_PAGE, about=subject, beyond=beyond_id, amount=limit):
        reason, details = tx.vault.open_json(row.sealed, scope_of("audit", row.subject))
        found.append(Audited(row.id, row.at, Act(row.actor, row.verb, row.subject, reason, details)))
    return found
