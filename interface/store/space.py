"""Giving room back that removed rows took: to the operating system where that hinders nobody, else to the database's own use.

SQLite moves the file's last pages into free ones, some at a time, and lets the file end earlier; the next checkpoint cuts it. On
PostgreSQL a plain VACUUM makes room that new rows use; only a whole rewrite, during which a table is of no use to anybody, makes
its files smaller.
"""

import sqlalchemy as sa

from interface.store import schema_delivery as d
from interface.store import schema_message as m
from interface.store import schema_operation as o
from interface.store.dialect import SQLITE
from interface.store.tx import Tx

_EMPTIED = (m.body, m.arrival, m.run, m.message, m.search_key, d.payload, d.attempt, d.reply, o.audit, o.audit_seal)


def give_back(tx: Tx, size_bytes: int) -> bool:
    """Let a SQLite file end so much earlier; True while there is more to give back."""
    if tx.dialect != SQLITE:
        return False
    pages = max(1, size_bytes // _number(tx.connection, "page_size"))
    cursor = tx.connection.connection.cursor()
    cursor.execute(f"PRAGMA incremental_vacuum({pages})")
    cursor.fetchall()  # a page goes with each row that is fetched
    return _number(tx.connection, "freelist_count") > 0


def settle(engine: sa.Engine) -> None:
    """After a purge: no writer waits for it. SQLite: what is in the log goes into the file. PostgreSQL: room is made usable."""
    if engine.dialect.name == SQLITE:
        _plainly(engine, "PRAGMA wal_checkpoint(PASSIVE)")
        return
    for table in _EMPTIED:
        _plainly(engine, f"VACUUM {table.name}")


def compact(engine: sa.Engine) -> None:
    """Write everything anew, without room in between. Nobody else may use the database meanwhile."""
    if engine.dialect.name == SQLITE:
        _plainly(engine, "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
        return
    for table in _EMPTIED:
        _plainly(engine, f"VACUUM FULL {table.name}")


def size(connection: sa.Connection) -> int:
    """Bytes that the database takes."""
    if connection.dialect.name == SQLITE:
        return _number(connection, "page_count") * _number(connection, "page_size")
    return int(connection.execute(sa.select(sa.func.pg_database_size(sa.func.current_database()))).scalar_one())


def _number(connection: sa.Connection, pragma: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


def _plainly(engine: sa.Engine, *statements: str) -> None:
    """Outside of any transaction."""
    if engine.dialect.name == SQLITE:
        with engine.connect() as connection:
            for statement in statements:
                connection.connection.cursor().execute(statement).fetchall()
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
