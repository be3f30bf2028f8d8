"""Tables of what goes out: deliveries, their frozen payloads, attempts, replies."""

import sqlalchemy as sa

from interface.store.schema import METADATA, flag, micros, reference, row_id, sealed, text, word

QUEUED = sa.text("state = 'queued'")
OPEN = sa.text("state IN ('queued', 'sending', 'ambiguous')")

delivery = sa.Table(
    "delivery",
    METADATA,
    row_id(),
    word("destination_id"),
    text("kind"),
    sa.Column("subject", sa.String, nullable=False, index=True),  # what it is about, e.g. allocation:17
    sa.Column("allocation_id", sa.BigInteger, index=True),  # the one that the subject names, if it names one
    sa.Column("order_key", sa.BigInteger, nullable=False),
    text("state"),
    word("cause_id", nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    text("control_id", nullable=True),  # MSH-10 of the frozen payload: our own, never reused
    micros("due_at"),
    micros("created_at"),
    sa.Column("config_id", sa.BigInteger, nullable=False),
    reference("reply_to", "message.id", nullable=True, index=True),
    reference("original_id", "delivery.id", nullable=True),  # a resend names what it sends again
    sa.Index("delivery_due", "destination_id", "due_at", "id", sqlite_where=QUEUED, postgresql_where=QUEUED),
    sa.Index("delivery_open", "destination_id", "order_key", "id", sqlite_where=OPEN, postgresql_where=OPEN),
)

payload = sa.Table(
    "payload", METADATA, reference("delivery_id", "delivery.id"), sealed(), sa.PrimaryKeyConstraint("delivery_id")
)

# The row is the intent, committed before the first byte leaves; the outcome's columns are written once.
attempt = sa.Table(
    "attempt",
    METADATA,
    row_id(),
    reference("delivery_id", "delivery.id", index=True),
    sa.Column("number", sa.Integer, nullable=False),
    # Kept by every attempt: an answer to an older rendering still finds its delivery.
    sa.Column("control_id", sa.String, nullable=False, index=True),
    micros("at"),
    micros("ended_at", nullable=True),
    text("state", nullable=True),
    text("code", nullable=True),
    text("text", nullable=True),
    sa.Index(
        "attempt_unfinished",
        "delivery_id",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

reply = sa.Table(
    "reply",
    METADATA,
    row_id(),
    reference("delivery_id", "delivery.id", index=True),
    micros("at"),
    text("code"),
    flag("late"),  # came after the attempt had ended
    sealed(nullable=True),
)

# One row for each destination that was ever suspended or paused.
destination_state = sa.Table(
    "destination_state",
    METADATA,
    sa.Column("destination_id", sa.Integer, primary_key=True, autoincrement=False),
    micros("suspended_at"),
    micros("next_probe_at"),
    sa.Column("probes", sa.Integer, nullable=False),
    text("paused_by"),
    sa.Column("unanswered", sa.Integer, nullable=False),
)
