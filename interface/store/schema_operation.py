"""Tables of running the engine: installation and keys, configuration, audit trail, work items, parts, pauses, records."""

import sqlalchemy as sa

from interface.store.schema import METADATA, ROW_ID, lookup, micros, minor, reference, row_id, sealed, text

OPEN = sa.text("closed_at IS NULL")
UNTOLD = sa.text("ended_at = 0 OR (end_told_at = 0 AND start_told_at > 0)")  # an alert that is not over for people

installation = sa.Table(
    "installation",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),  # a ULID: names the database and its key file
    micros("created_at"),
    text("wire_prefix"),  # begins every id that we send; a restored database takes a new one
    sa.Column("wire_offset", sa.BigInteger, nullable=False),  # added to every counter of such ids
    micros("backup_at", nullable=True),  # what the backup was made of that this database was restored from
    micros("restored_at", nullable=True),
    micros("resumed_at", nullable=True),  # from then on it sends again
    micros("backed_up_at", nullable=True),  # when the last backup of it was finished
)

vault_key = sa.Table(
    "vault_key",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),  # sealing, digest, lookup
    sa.Column("wrapped", sa.LargeBinary, nullable=False),  # by the master key, which never enters the database
    micros("wrapped_at"),
)

# Of a token only the keyed hash of its secret is kept.
token = sa.Table(
    "token",
    METADATA,
    row_id(),
    sa.Column("public_id", sa.String, nullable=False, unique=True),
    sa.Column("secret", sa.LargeBinary(16), nullable=False, unique=True),
    text("name"),
    text("scopes"),  # apart by blanks
    text("channel"),  # whose requests are those of its program; empty: it only reads
    text("actor"),
    micros("created_at"),
    micros("expires_at"),
    micros("revoked_at", nullable=True),
    micros("used_at", nullable=True),
)

counter = sa.Table(
    "counter",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

config_version = sa.Table(
    "config_version",
    METADATA,
    row_id(),
    sa.Column("digest", sa.String, nullable=False, unique=True),  # of the files: the same files are the same version
    sa.Column("files", sa.LargeBinary, nullable=False),  # zstd of a JSON object, path to text; holds no secrets
    micros("created_at"),
)

config_activation = sa.Table(
    "config_activation",
    METADATA,
    row_id(),
    reference("config_id", "config_version.id"),
    micros("at"),
    text("actor"),
    text("how"),
    text("environment"),  # by its name
    sealed(),  # reason, which a person typed, and summary
)

# Append only. Free text typed by people may name a patient, so it is sealed like the rest.
audit = sa.Table(
    "audit",
    METADATA,
    row_id(),
    micros("at"),
    text("actor"),
    text("verb"),
    sa.Column("subject", sa.String, nullable=False, index=True),
    sealed(),  # reason, details
)

# A link of the chain that covers the audit trail (audit_seal.py). `follows` is the code of the link before.
audit_seal = sa.Table(
    "audit_seal",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True, autoincrement=False),
    micros("at"),
    sa.Column("beyond_row", sa.BigInteger, nullable=False),  # it covers the rows after this one ...
    sa.Column("last_row", sa.BigInteger, nullable=False),  # ... up to this one
    sa.Column("rows", sa.LargeBinary, nullable=False),  # id and keyed digest of each
    sa.Column("follows", sa.LargeBinary, nullable=False),
    sa.Column("code", sa.LargeBinary, nullable=False),
)

# Where the chain begins and ends, so that links that are cut off its ends are missed. One row.
audit_chain = sa.Table(
    "audit_chain",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_seal", sa.BigInteger, nullable=False),
    sa.Column(
        "follows", sa.LargeBinary, nullable=False
    ),  # the code of the link before the first one, which a purge removed
    sa.Column("last_seal", sa.BigInteger, nullable=False),
    sa.Column("last_code", sa.LargeBinary, nullable=False),
    sa.Column("code", sa.LargeBinary, nullable=False),
)

work_item = sa.Table(
    "work_item",
    METADATA,
    row_id(),
    text("kind"),
    text("subject"),
    text("cause"),
    sa.Column("times", sa.Integer, nullable=False),
    minor("amount_minor", nullable=True),  # at stake
    text("currency", nullable=True),
    sa.Column("message_id", sa.BigInteger, nullable=False),  # the one stuck message that it is about; 0: none, or many
    text("acts"),  # JSON list of the verbs allowed on it
    micros("opened_at"),
    micros("last_at"),
    micros("closed_at", nullable=True),
    sa.Index(
        "work_item_open",
        "kind",
        "subject",
        "cause",
        "message_id",
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    ),
    sa.Index("work_item_about", "subject", sqlite_where=OPEN, postgresql_where=OPEN),
    sa.Index("work_item_of_message", "message_id", sqlite_where=OPEN, postgresql_where=OPEN),
)

work_item_event = sa.Table(
    "work_item_event",
    METADATA,
    row_id(),
    reference("item_id", "work_item.id", index=True),
    micros("at"),
    text("actor"),
    text("what"),  # closed, noted
    sealed(nullable=True),  # what the person said
)

part = sa.Table(
    "part",
    METADATA,
    # Several engines may share a database: one works, the others stand by.
    sa.Column("name", sa.String, primary_key=True),  # listen, process
    sa.Column("host", sa.String, primary_key=True),
    sa.Column("pid", sa.Integer, primary_key=True, autoincrement=False),
    text("state"),
    micros("started_at"),
    micros("beat_at"),
    text("vitals"),  # JSON: what it says of itself
)

pause = sa.Table(
    "pause",
    METADATA,
    sa.Column("kind", sa.String, nullable=False),  # channel, patient; a destination's stands in destination_state
    sa.Column("subject", sa.String, nullable=False),
    micros("since"),
    text("actor"),
    sa.PrimaryKeyConstraint("kind", "subject"),
)

# One row for each alert, from its first sight to its end and after; one open one for each rule and subject.
alert = sa.Table(
    "alert",
    METADATA,
    row_id(),
    text("rule"),
    text("subject"),
    text("text"),
    text("more"),
    micros("began_at"),
    micros("gone_at"),
    sa.Column("ended_at", sa.BigInteger, nullable=False, index=True),  # 0: it stands
    micros("start_told_at"),
    micros("end_told_at"),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Index("alert_open", "rule", "subject", unique=True, sqlite_where=UNTOLD, postgresql_where=UNTOLD),
)

# What people were told; the deliveries that carry it name it as alert:<id>.
alert_telling = sa.Table(
    "alert_telling",
    METADATA,
    row_id(),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    text("kind"),
    sa.Column("alert_id", sa.BigInteger, nullable=False),  # 0: about none, or many
    text("text"),
)

# What the embedded HealthPay24 keeps: one row for each kind and key, so that nothing is done twice.
record = sa.Table(
    "record",
    METADATA,
    row_id(),
    text("kind"),
    lookup("key"),
    micros("at"),
    sealed(),
    sa.UniqueConstraint("kind", "key"),
)
