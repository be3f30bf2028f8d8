"""What people brought to a stop: channels and patients. A paused destination stands with its other state (delivery.py)."""

import sqlalchemy as sa

from interface.store import schema_operation as t
from interface.store.dialect import insert_or_keep
from interface.store.tx import Tx
from interface.view.count import PauseKind

_PAUSE = t.pause.c
_KEEP = insert_or_keep(t.pause)
_END = sa.delete(t.pause).where(_PAUSE.kind == sa.bindparam("of_kind"), _PAUSE.subject == sa.bindparam("about"))
_ALL = sa.select(t.pause).order_by(_PAUSE.kind, _PAUSE.subject)
_SUBJECTS = sa.select(_PAUSE.subject).where(_PAUSE.kind == sa.bindparam("of_kind"))


def add(tx: Tx, kind: PauseKind, subject: str, actor: str) -> bool:
    """Note a pause; False where there is one already."""
    return bool(tx.write(_KEEP, [{"kind": kind.value, "subject": subject, "since": tx.now, "actor": actor}]))


def end(tx: Tx, kind: PauseKind, subject: str) -> bool:
    """Take a pause away; False where there was none."""
    return bool(tx.connection.execute(_END, {"of_kind": kind.value, "about": subject}).rowcount)


def paused_channels(tx: Tx) -> list[str]:
    """Channels whose messages are to be kept waiting."""
    return [row.subject for row in tx.read(_SUBJECTS, of_kind=PauseKind.CHANNEL.value)]


def paused_patients(tx: Tx) -> list[str]:
    """Lanes, as text, of patients whose messages are to wait."""
    return [row.subject for row in tx.read(_SUBJECTS, of_kind=PauseKind.PATIENT.value)]


def all_pauses(tx: Tx) -> list[sa.Row[tuple[str, str, int, str]]]:
    """Kind, subject, since, actor."""
    return list(tx.read(_ALL))
