"""Where SQLite and PostgreSQL need different words: inserts that meet an existing row."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True, slots=True)
class PerDialect:
    """One statement in both dialects, built once."""

    sqlite: sa.Insert
    postgresql: sa.Insert

    def of(self, dialect: str) -> sa.Insert:
        """The statement for a database."""
        return self.sqlite if dialect == SQLITE else self.postgresql


def insert_or_keep(table: sa.Table) -> PerDialect:
    """Insert rows; one that breaks a unique constraint is left out (and not counted in `rowcount`)."""
    counted = {"preserve_rowcount": True}
    return PerDialect(
        sqlite.insert(table).on_conflict_do_nothing().execution_options(**counted),
        postgresql.insert(table).on_conflict_do_nothing().execution_options(**counted),
    )


ONCE = "rows_come_once"  # an option of statements: no two rows of one write have the same key


def insert_or_replace(table: sa.Table, columns: Iterable[str], *, is_once: bool = False) -> PerDialect:
    """Insert rows; where the primary key exists, overwrite `columns` with the new values.

    `is_once`: no two rows of one write have the same key, so that PostgreSQL may take all in one statement.
    """
    names = tuple(columns)
    return _upsert(table, lambda new: {name: new[name] for name in names}, is_once=is_once)


def insert_or_change(table: sa.Table, change: Callable[[Any], Mapping[str, Any]]) -> PerDialect:
    """Insert rows; where the primary key exists, change it as `change` says of the new row. No key may come twice in one write."""
    return _upsert(table, change, is_once=True)


def insert_or_add(table: sa.Table, column: str, *, latest: str = "") -> PerDialect:
    """Insert rows; where the primary key exists, add the new value of `column`, and keep the greater one of `latest`."""

    def change(new: Any) -> Mapping[str, Any]:
        changes = {column: table.c[column] + new[column]}
        if latest:
            greater = sa.case((table.c[latest] > new[latest], table.c[latest]), else_=new[latest])
            changes[latest] = greater
        return changes

    return _upsert(table, change)


def _upsert(table: sa.Table, change: Any, *, is_once: bool = False) -> PerDialect:
    keys = [column.name for column in table.primary_key]

    def build(insert: Any) -> sa.Insert:
        statement = insert(table)
        setting: Mapping[str, Any] = change(statement.excluded)
        upsert: sa.Insert = statement.on_conflict_do_update(index_elements=keys, set_=setting)
        return upsert.execution_options(**{ONCE: is_once})

    return PerDialect(build(sqlite.insert), build(postgresql.insert))


def within(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """`column IN (:name)`, a list given at execution."""
    return column.in_(sa.bindparam(name, expanding=True))
