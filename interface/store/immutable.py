"""Tables that refuse change, by triggers in the database itself: what arrived, what was booked, what was done stays as written.

An update is refused by the columns that it names, so that statements of the hot path, which name others, cost nothing more. A row
may be removed only under a permit (schema_purge.py), and what is named `KEPT_FOR_EVER` not even then.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from interface.store import schema_delivery as d
from interface.store import schema_ledger as g
from interface.store import schema_message as m
from interface.store import schema_operation as o
from interface.store import schema_purge as p
from interface.store.dialect import SQLITE

MESSAGE = "this row is kept as it was written"  # what the database says to who tries
_PERMITTED = "EXISTS (SELECT 1 FROM purge_permit WHERE of_table = '{table}')"


@dataclass(frozen=True, slots=True)
class Rule:
    """`fixed` columns never change (none named: no column does), `once` columns only where `while_open` holds of the old row."""

    table: sa.Table
    fixed: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    while_open: str = ""
    is_free: bool = False  # its columns change, and only its removal is refused

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.table.name)


_NEW_STATE = frozenset(("order_id", "state", "hold", "cause_id", "parked", "due_at", "awaited_key"))
_ANSWER = ("answer", "answered_at")

KEPT_FOR_EVER = (
    Rule(g.journal_entry),
    Rule(g.journal_line),
    # A merge, or money that is booked anew, changes where a key leads; none is ever forgotten.
    Rule(g.money_key, is_free=True),
    Rule(o.config_version),
    Rule(o.config_activation),
    Rule(o.work_item_event),
    Rule(p.purge_step),
)
REMOVED_BY_PURGE = (
    Rule(
        m.message,
        fixed=tuple(one.name for one in m.message.columns if one.name not in _NEW_STATE.union(_ANSWER)),
        # Decided once while the sender waits. After a no, the same bytes may come again and are answered anew.
        once=_ANSWER,
        while_open="OLD.answer = '?' OR OLD.state IN ('refused', 'incomplete')",
    ),
    Rule(m.arrival),
    Rule(m.body),
    Rule(m.incident),
    Rule(m.batch_member),
    Rule(m.run),
    # The intent is written before the first byte leaves, the outcome once.
    Rule(
        d.attempt,
        fixed=("id", "delivery_id", "number", "control_id", "at"),
        once=("ended_at", "state", "code", "text"),
        while_open="OLD.ended_at IS NULL",
    ),
    Rule(d.reply),
    Rule(o.audit),
    Rule(o.audit_seal),
)
FROZEN = (Rule(d.payload),)  # never changed; forgotten when a person lets a payment be rendered anew


def install(connection: sa.Connection) -> None:
    """Make the triggers of all these tables, which stand already."""
    make = _sqlite if connection.dialect.name == SQLITE else _postgresql
    for statement in make():
        connection.exec_driver_sql(statement)


def missing(connection: sa.Connection) -> list[str]:
    """Names of triggers that `install` made and that are gone, or stand idle."""
    if connection.dialect.name == SQLITE:
        made, present = _sqlite(), "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        made, present = _postgresql(), "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')"
    standing = {row[0] for row in connection.exec_driver_sql(present)}
    words = (statement.split() for statement in made)
    return sorted({each[2] for each in words if each[1] == "TRIGGER"} - standing)


def _sqlite() -> Iterator[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for rule in (*KEPT_FOR_EVER, *REMOVED_BY_PURGE, *FROZEN):
        name = rule.name
        if not rule.is_free:
            of = f" OF {', '.join(rule.fixed)}" if rule.fixed else ""
            yield f"CREATE TRIGGER {name}_unchanged BEFORE UPDATE{of} ON {name} {refuse}"
        if rule.once:
            columns, still = ", ".join(rule.once), rule.while_open
            yield f"CREATE TRIGGER {name}_once BEFORE UPDATE OF {columns} ON {name} WHEN NOT ({still}) {refuse}"
    for rule in KEPT_FOR_EVER:
        yield f"CREATE TRIGGER {rule.name}_kept BEFORE DELETE ON {rule.name} {refuse}"
    for rule in REMOVED_BY_PURGE:
        permitted = _PERMITTED.format(table=rule.name)
        yield f"CREATE TRIGGER {rule.name}_kept BEFORE DELETE ON {rule.name} WHEN NOT {permitted} {refuse}"


def _postgresql() -> Iterator[str]:
    refused = f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;"
    yield f"CREATE FUNCTION hp24_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refused} END $$"
    yield (
        "CREATE FUNCTION hp24_refuse_unless_permitted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NOT EXISTS (SELECT 1 FROM purge_permit WHERE of_table = TG_TABLE_NAME)"
        f" THEN {refused} END IF; RETURN NULL; END $$"
    )
    refuse = "EXECUTE FUNCTION hp24_refuse()"
    for rule in (*KEPT_FOR_EVER, *REMOVED_BY_PURGE, *FROZEN):
        name = rule.name
        if not rule.is_free:
            of = f" OF {', '.join(_quoted(rule.fixed))}" if rule.fixed else ""
            yield f"CREATE TRIGGER {name}_unchanged BEFORE UPDATE{of} ON {name} FOR EACH STATEMENT {refuse}"
        if rule.once:
            columns, still = ", ".join(_quoted(rule.once)), rule.while_open
            yield (
                f"CREATE TRIGGER {name}_once BEFORE UPDATE OF {columns} ON {name} FOR EACH ROW"
                f" WHEN (NOT ({still})) {refuse}"
            )
        if rule not in FROZEN:
            yield f"CREATE TRIGGER {name}_whole BEFORE TRUNCATE ON {name} FOR EACH STATEMENT {refuse}"
    for rule in KEPT_FOR_EVER:
        yield f"CREATE TRIGGER {rule.name}_kept BEFORE DELETE ON {rule.name} FOR EACH STATEMENT {refuse}"
    for rule in REMOVED_BY_PURGE:
        yield (
            f"CREATE TRIGGER {rule.name}_kept BEFORE DELETE ON {rule.name} FOR EACH STATEMENT"
            " EXECUTE FUNCTION hp24_refuse_unless_permitted()"
        )


def _quoted(columns: tuple[str, ...]) -> list[str]:
    return [f'"{name}"' for name in columns]
