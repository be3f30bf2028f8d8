"""What every table shares: one MetaData, the column types, and the version of the whole.

The tables stand in `schema_*.py`, by subject. Personal values stand only in `sealed` columns (see vault.py); what they are
found by stands beside them as keyed hashes. Ids are bigints, times UTC microseconds, money minor units with an ISO 4217 code.
"""

import sqlalchemy as sa

VERSION = "0001"  # the newest migration; a database with any other that we do not know is newer than this engine

METADATA = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
        "uq": "%(table_name)s_one_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_name)s_of_%(referred_table_name)s",
        "pk": "%(table_name)s_key",
    }
)

# SQLite gives only INTEGER PRIMARY KEY the meaning of the row's own address.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Integer  # an id of the table `name`


def row_id(name: str = "id") -> sa.Column[int]:
    """A bigint primary key."""
    return sa.Column(name, ROW_ID, primary_key=True)


def reference(column: str, target: str, *, nullable: bool = False, index: bool = False) -> sa.Column[int]:
    """A bigint that points to `target` (table.column)."""
    return sa.Column(column, sa.BigInteger, sa.ForeignKey(target), nullable=nullable, index=index)


def deferred(column: str, target: str) -> sa.Column[int]:
    """A bigint that may be empty or point to a row of the same table that is written later in the same transaction."""
    key = sa.ForeignKey(target, deferrable=True, initially="DEFERRED")
    return sa.Column(column, sa.BigInteger, key, nullable=True)


def micros(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """A point in time, UTC microseconds since 1970."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """A short text that is no personal value."""
    return sa.Column(name, sa.String, nullable=nullable)


def word(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """A word of a small vocabulary (source, event type, error code), kept once in the table `name`."""
    return sa.Column(name, WORD, nullable=nullable)


def flag(name: str) -> sa.Column[int]:
    """0 or 1: the same literal in partial indexes of both databases."""
    return sa.Column(name, sa.SmallInteger, nullable=False, default=0, server_default="0")


def sealed(name: str = "sealed", *, nullable: bool = False) -> sa.Column[bytes]:
    """An encrypted value (vault.py)."""
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def lookup(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """A 16 byte keyed hash of a personal value."""
    return sa.Column(name, sa.LargeBinary(16), nullable=nullable)


def minor(name: str, *, nullable: bool = False) -> sa.Column[int]:
    """An amount of money in minor units of the currency that stands beside it."""
    return sa.Column(name, sa.BigInteger, nullable=nullable)
