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
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite

from interface.store.dialect import POSTGRESQL, SQLITE

_DIALECTS: Mapping[str, sa.Dialect] = {
    SQLITE: pysqlite.dialect(),
    POSTGRESQL: psycopg.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
}
_STATEMENTS = 512  # times the sets of columns that each is written with: a few hundred


@dataclass(frozen=True, slots=True)
class Written:
    """A statement's text, and how a row becomes the driver's parameters."""

    text: str
    parameters: Callable[[Mapping[str, Any]], Any]


@lru_cache(maxsize=_STATEMENTS)
def written(statement: sa.Executable, dialect: str, columns: tuple[str, ...]) -> Written:
    """The statement for rows of these columns."""
    assert isinstance(statement, sa.Insert | sa.Update | sa.Delete), "only what writes is compiled here"
    compiled = statement.compile(dialect=_DIALECTS[dialect], column_keys=columns)
    fixed = {name: bound.value for name, bound in compiled.binds.items() if name not in columns and not bound.required}
    fixed |= {column.key: _default(column) for column in compiled.insert_prefetch}
    return Written(str(compiled), _parameters(compiled.positiontup, fixed))


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
