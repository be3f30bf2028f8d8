"""Tables of what came in: arrivals, messages, bodies, runs, lanes, replays.

`message` is narrow and of fixed width once written, because its rows are updated in place when a run ends: what a run finds
out (and would make the row grow) stands in `run`. Stored bytes stand alone in `body`, so that they can be removed later.
"""

import sqlalchemy as sa

from interface.store.schema import (
    METADATA,
    flag,
    lookup,
    micros,
    reference,
    row_id,
    sealed,
    text,
    word,
)

RUNNABLE = sa.text(
    "state = 'waiting' AND parked = 0"
)  # literals: only so can SQLite prove that the partial index serves
STUCK = sa.text("state IN ('held', 'failed')")

name = sa.Table(
    "name",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.String, nullable=False, unique=True),
)

message = sa.Table(
    "message",
    METADATA,
    row_id(),
    # Where it stands among messages that wait: by its own id, in the place of the message that it amends, or behind its batch.
    sa.Column("order_id", sa.BigInteger, nullable=False),
    lookup("digest"),  # keyed hash of source and bytes: the unique constraint that tells repeats
    word("source_id"),
    word("type_id"),
    sa.Column("arrived_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("size", sa.Integer, nullable=False),  # bytes as stored
    text("state"),
    text("hold", nullable=True),
    word("cause_id", nullable=True),
    flag("parked"),  # waits behind another message of its lane, or until its batch is read to the end
    flag("pan_redacted"),
    text("answer"),  # "?" while the outcome decides; written once, by whoever comes first
    micros("answered_at", nullable=True),
    micros("due_at", nullable=True),  # when a hold has lasted long enough to be looked at
    lookup("awaited_key", nullable=True),  # the account that must appear first
    reference("original_id", "message.id", nullable=True),  # an amended message names the unchanged one
    sealed("identity"),  # control id, sender
    sa.UniqueConstraint("digest"),
    sa.Index("message_runnable", "order_id", "id", "source_id", sqlite_where=RUNNABLE, postgresql_where=RUNNABLE),
    sa.Index("message_stuck", "cause_id", "id", "state", "hold", sqlite_where=STUCK, postgresql_where=STUCK),
    sa.Index("message_unwell", "state", "id", sqlite_where=STUCK, postgresql_where=STUCK),
    sa.Index("message_of_type", "type_id", "arrived_at"),
)
sa.Index(
    "message_awaiting",
    message.c.awaited_key,
    message.c.id,
    sqlite_where=message.c.awaited_key.is_not(None),
    postgresql_where=message.c.awaited_key.is_not(None),
)
sa.Index(
    "message_amended",
    message.c.original_id,
    sqlite_where=message.c.original_id.is_not(None),
    postgresql_where=message.c.original_id.is_not(None),
)
sa.Index(
    "message_due",
    message.c.due_at,
    sqlite_where=message.c.due_at.is_not(None),
    postgresql_where=message.c.due_at.is_not(None),
)

arrival = sa.Table(
    "arrival",
    METADATA,
    row_id(),
    reference("message_id", "message.id", index=True),
    micros("arrived_at"),
    text("peer"),
    text("answer", nullable=True),  # null: the message's own answer
    text("actor", nullable=True),
)

body = sa.Table(
    "body", METADATA, reference("message_id", "message.id"), sealed(), sa.PrimaryKeyConstraint("message_id")
)

# Which messages a batch brought, in its order; also those that were here already.
batch_member = sa.Table(
    "batch_member",
    METADATA,
    reference("batch_id", "message.id"),
    sa.Column("position", sa.Integer, nullable=False),
    reference("message_id", "message.id", index=True),
    flag("is_new"),  # it became a message, or was refused before and runs anew; 0: a repeat
    sa.PrimaryKeyConstraint("batch_id", "position"),
    sqlite_with_rowid=False,
)

incident = sa.Table(
    "incident",
    METADATA,
    row_id(),
    reference("message_id", "message.id", index=True),
    micros("at"),
    text("code"),
    text("place"),
)

run = sa.Table(
    "run",
    METADATA,
    row_id(),
    reference("message_id", "message.id", index=True),
    text("reason"),
    sa.Column("config_id", sa.BigInteger, nullable=False),
    text("state"),
    text("hold", nullable=True),
    word("cause_id", nullable=True),
    text("place", nullable=True),
    text("text", nullable=True),
    text("hl7_code", nullable=True),  # table 0357
    text("warnings", nullable=True),  # JSON list of codes with places
    text("unrestated", nullable=True),  # JSON list of what a replay left as it is booked: currency and two amounts
    flag("changed"),
    micros("started_at"),
    micros("ended_at"),
    sa.Column("replay_id", sa.BigInteger),
    sealed("identity", nullable=True),  # patient, account, visit, name and birth date as this run read them
    text("written", nullable=True),  # JSON list of the rows that a request was about: public ids and versions
)

sa.Index(
    "run_replayed",
    run.c.replay_id,
    sqlite_where=run.c.replay_id.is_not(None),
    postgresql_where=run.c.replay_id.is_not(None),
)

WARNED = sa.text("warnings IS NOT NULL")  # few of all runs: read off the index, whatever the size of the table
sa.Index("run_warned", run.c.message_id, run.c.warnings, sqlite_where=WARNED, postgresql_where=WARNED)

# One table instead of a column and an index for each: a repeated patient's rows lie together, and an absent value costs
# nothing.
search_key = sa.Table(
    "search_key",
    METADATA,
    sa.Column("key", sa.BigInteger, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("key", "message_id"),
    sqlite_with_rowid=False,
)

message_lane = sa.Table(
    "message_lane",
    METADATA,
    sa.Column("lane", sa.BigInteger, nullable=False),
    reference("message_id", "message.id", index=True),
    sa.PrimaryKeyConstraint("lane", "message_id"),
    sqlite_with_rowid=False,
)

lane_join = sa.Table(
    "lane_join",
    METADATA,
    sa.Column("lane", sa.BigInteger, nullable=False),
    sa.Column("root", sa.BigInteger, nullable=False, index=True),
    sa.PrimaryKeyConstraint("lane"),
)

parked = sa.Table(
    "parked",
    METADATA,
    reference("message_id", "message.id"),
    sealed(),  # patient, account, visit ... of a message that waited before it ever ran; a run's own identity counts before it
    sa.PrimaryKeyConstraint("message_id"),
    sqlite_with_rowid=False,
)

replay = sa.Table(
    "replay",
    METADATA,
    row_id(),
    micros("requested_at"),
    text("actor"),
    flag("force_money"),
    sa.Column("total", sa.Integer, nullable=False),
)

replay_message = sa.Table(
    "replay_message",
    METADATA,
    reference("replay_id", "replay.id"),
    sa.Column("place", sa.Integer, nullable=False),  # the order of a replay is settled when it is asked for
    reference("message_id", "message.id", index=True),
    flag("done"),
    sa.PrimaryKeyConstraint("replay_id", "place"),
    sa.Index(
        "replay_pending",
        "replay_id",
        "place",
        sqlite_where=sa.text("done = 0"),
        postgresql_where=sa.text("done = 0"),
    ),
    sqlite_with_rowid=False,
)

# Counts by source (or destination) and state, kept by every turn. Sharded, so that two writers on PostgreSQL rarely wait
# for the same row.
tally = sa.Table(
    "tally",
    METADATA,
    word("source_id"),
    text("state"),  # a message state, "arrival"; of a destination "delivery <state>", "posted"
    sa.Column("shard", sa.SmallInteger, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    micros("last_at"),
    sa.PrimaryKeyConstraint("source_id", "state", "shard"),
    sqlite_with_rowid=False,
)
