"""What is due later than any wait can last: it was reckoned by a clock that was set back since, and is due now."""

import sqlalchemy as sa

from interface.store import schema_delivery as t
from interface.store.schema_mirror import mirror
from interface.store.tx import Tx

_DELIVERIES = (
    sa.update(t.delivery)
    .where(
        t.delivery.c.destination_id == sa.bindparam("row"),
        sa.text("state = 'queued'"),
        t.delivery.c.due_at > sa.bindparam("latest"),
    )
    .values(due_at=sa.bindparam("now"))
)
_PROBE = (
    sa.update(t.destination_state)
    .where(
        t.destination_state.c.destination_id == sa.bindparam("row"),
        t.destination_state.c.next_probe_at > sa.bindparam("latest"),
    )
    .values(next_probe_at=sa.bindparam("now"))
)
_MIRROR = sa.update(mirror).where(mirror.c.due_at > sa.bindparam("latest")).values(due_at=sa.bindparam("now"))


def deliveries(tx: Tx, destination: str, latest: int, latest_probe: int) -> int:
    """Of one destination: its queue, and its next probe. Gives how many deliveries."""
    number = tx.known_word_ids([destination]).get(destination)
    if number is None:
        return 0
    tx.write(_PROBE, [{"row": number, "latest": latest_probe, "now": tx.now}])
    return tx.write(_DELIVERIES, [{"row": number, "latest": latest, "now": tx.now}])


def tellings(tx: Tx, latest: int) -> int:
    """What HealthPay24 is to be told. Gives how many rows."""
    return tx.write(_MIRROR, [{"latest": latest, "now": tx.now}])
