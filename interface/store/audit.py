"""The audit trail: who did what to what, and why. Rows are appended in the transaction of the act and never changed."""

from collections.abc import Sequence

import sqlalchemy as sa

from interface.ports import Act
from interface.store import schema_operation as t
from interface.store.tx import Tx
from interface.store.vault import scope_of

_APPEND = sa.insert(t.audit)


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
