"""Statements that write many rows, compiled once to the driver's own text.

SQLAlchemy works out the parameters of each row anew, which costs more than SQLite's own insert (measured: 5 us a row and statement
of 18 columns, half of what receiving a message took). Here a statement is compiled for the columns of its rows once, and from
then on rows go to the driver as they are. For plain columns only: no type that converts what is bound.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

from interface.store.dialect import ONCE, POSTGRESQL, SQLITE

_DIALECTS: Mapping[str, sa.Dialect] = {
    SQLITE: pysqlite.dialect(),
    POSTGRESQL: psycopg.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
}
_STATEMENTS = 512  # times the sets of columns that each is written with: a few hundred


@dataclass(frozen=True, slots=True)
class Written:
    """A statement's text, and how rows become the driver's parameters: a list of them, or one set of arrays for all rows."""

    text: str
    parameters: Callable[[Sequence[Mapping[str, Any]]], Any]


@lru_cache(maxsize=_STATEMENTS)
def written(statement: sa.Executable, dialect: str, columns: tuple[str, ...]) -> Written:
    """The statement for rows of these columns."""
    assert isinstance(statement, sa.Insert | sa.Update | sa.Delete), "only what writes is compiled here"
    if (
        dialect == POSTGRESQL
        and isinstance(statement, sa.Insert)
        and (whole := _at_once(statement, columns)) is not None
    ):
        return Written(
            str(whole.compile(dialect=_DIALECTS[dialect])),
            lambda rows: {name: [row[name] for row in rows] for name in columns},
        )
    compiled = statement.compile(dialect=_DIALECTS[dialect], column_keys=columns)
    fixed = {name: bound.value for name, bound in compiled.binds.items() if name not in columns and not bound.required}
    fixed |= {column.key: _default(column) for column in compiled.insert_prefetch}
    parameters = _parameters(compiled.positiontup, fixed)
    return Written(str(compiled), lambda rows: [parameters(row) for row in rows])


def _at_once(statement: sa.Insert, columns: tuple[str, ...]) -> sa.Insert | None:
    """The same insert as one statement over arrays; None where it is more than a plain one.

    The driver sends a statement for each row of many (measured: half of a replay's time on PostgreSQL); over arrays it is one,
    however many rows. Where a row that exists is changed, no row may come twice in one statement: only what is declared so.
    """
    table = statement.table
    conflict = getattr(statement, "_post_values_clause", None)
    is_plain = conflict is None or isinstance(conflict, postgresql.dml.OnConflictDoNothing)
    is_once = bool(statement.get_execution_options().get(ONCE))
    has_values = statement.select is not None or bool(statement.compile().params.keys() - set(table.c.keys()))
    lacks_default = any(one.default is not None and one.key not in columns for one in table.columns)
    if not (is_plain or is_once) or has_values or lacks_default or not isinstance(table, sa.Table):
        return None
    arrays = [sa.bindparam(name, type_=postgresql.ARRAY(table.c[name].type)) for name in columns]
    source = sa.func.unnest(*arrays).table_valued(*columns).render_derived(name="new")
    whole = postgresql.insert(table).from_select(columns, sa.select(*(source.c[name] for name in columns)))
    whole._post_values_clause = conflict  # what follows the rows is the same; there is no public way to take it over
    return whole


def _default(column: sa.Column[Any]) -> Any:
    assert isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar, (
        "only plain defaults are used here"
    )
    return column.default.arg


def _parameters(names: Sequence[str] | None, fixed: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """`fixed` are the values that stand in the statement itself."""
    if names is None:  # by name: what the text does not name is passed over
        return (lambda row: {**fixed, **row}) if fixed else dict
    if len(names) == 1:
        (only,) = names
        return lambda row: (row[only],)
    pick = itemgetter(*names)
    return (lambda row: pick({**fixed, **row})) if fixed else pick
