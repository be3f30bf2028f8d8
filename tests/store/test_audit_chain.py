"""The chain over the audit trail: whoever changes a row or a seal in the database without its key is found out."""

import os
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from interface.row.act import Act
from interface.row.backup import AuditEnd
from interface.store import audit_seal
from interface.store import schema_operation as t
from interface.store.store import SqlStore
from interface.store.tx import Tx
from interface.view.audit import AuditProof
from tests.store.given import HandClock

Tamper = Callable[[Tx], object]


def do(store: SqlStore, *verbs: str) -> None:
    for verb in verbs:
        with store.turn("act") as turn:
            turn.audit([Act("kim", verb, "message:1", "why")])


def prove(store: SqlStore, noted: AuditEnd | None = None) -> AuditProof:
    with store.snapshot() as reader:
        return reader.prove_audit(noted)


def tamper(store: SqlStore, *statements: str) -> None:
    """What somebody does who may do everything in the database."""
    is_sqlite = store.opened.engine.dialect.name == "sqlite"
    with store.turn("test") as turn:
        connection = turn.transaction.connection
        if is_sqlite:
            found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
            for name, _sql in found:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            assert connection.execute(sa.text(statement)).rowcount > 0
        for _name, sql in found if is_sqlite else ():
            connection.exec_driver_sql(sql)


@pytest.fixture
def sealed(store: SqlStore, clock: HandClock) -> SqlStore:
    """Six rows under three seals."""
    for verbs in (("look", "hold"), ("list", "skip"), ("trace", "amend")):
        do(store, *verbs)
        clock.at += 60_000_000
        assert store.seal_audit() == 2
    return store


def test_a_trail_as_it_was_written_holds(sealed: SqlStore, clock: HandClock) -> None:
    clock.at += 5
    do(sealed, "look")
    proof = prove(sealed)
    assert (proof.holds, proof.rows, proof.seals, proof.unsealed) == (True, 6, 3, 1)
    assert proof.unsealed_since == clock.at > proof.sealed_at


def test_nothing_new_needs_no_seal(sealed: SqlStore) -> None:
    assert sealed.seal_audit() == 0
    assert prove(sealed).seals == 3


def test_more_rows_than_a_seal_takes_are_sealed_in_several(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_seal, "_NEXT", audit_seal.BETWEEN.limit(2))
    do(store, *["look"] * 5)
    assert store.seal_audit() == 5
    assert (prove(store).seals, prove(store).holds) == (3, True)


def test_a_store_without_any_act_holds(store: SqlStore) -> None:
    assert store.seal_audit() == 0
    assert (prove(store).holds, prove(store).seals) == (True, 0)


IS_3 = "WHERE id = (SELECT id FROM audit ORDER BY id LIMIT 1 OFFSET 2)"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        *((f"UPDATE audit SET {column} = {value} {IS_3}", "row 3 was altered") for column, value in (
            ("at", "at + 1"), ("actor", "'eve'"), ("verb", "'look'"), ("subject", "'message:2'"),
        )),
        ("UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE id = 1) WHERE id = 3", "row 3 was altered"),
        (f"DELETE FROM audit {IS_3}", "row 3 was removed"),
        ("UPDATE audit_seal SET at = at + 1 WHERE id = 2", "seal 2 was altered"),
        ("UPDATE audit_seal SET code = (SELECT code FROM audit_seal WHERE id = 1) WHERE id = 2", "seal 2 was altered"),
        ("DELETE FROM audit_seal WHERE id = 2", "seal 2 was removed"),
        ("DELETE FROM audit_seal WHERE id = 1", "seal 1 was removed"),
        ("DELETE FROM audit_seal WHERE id = 3", "seal 3 was cut off the end"),
        ("DELETE FROM audit_seal WHERE id > 1", "seals 2 to 3 were cut off the end"),
        ("DELETE FROM audit_seal", "seals 1 to 3 were removed"),
        ("DELETE FROM audit_chain", "the note of the chain's ends was removed"),
        ("UPDATE audit_chain SET last_seal = 2", "what is noted of the chain's ends was altered"),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(sealed: SqlStore, change: str, told: str) -> None:
    tamper(sealed, change)
    assert told in prove(sealed).found


def test_a_row_that_was_slipped_in_is_named(store: SqlStore) -> None:
    do(store, "look", "hold", "skip")
    tamper(store, "DELETE FROM audit WHERE id = 2")
    store.seal_audit()
    assert prove(store).holds, "what happens before the seal is not covered by it"
    tamper(store, "INSERT INTO audit SELECT 2, at, actor, verb, subject, sealed FROM audit WHERE id = 3")
    assert prove(store).found == ("row 2 was inserted",)


def test_seal_and_rows_cut_off_together_are_missed(sealed: SqlStore) -> None:
    tamper(sealed, "DELETE FROM audit WHERE id > 4", "DELETE FROM audit_seal WHERE id = 3")
    assert prove(sealed).found == ("seal 3 was cut off the end",)


def test_an_older_end_put_back_is_found_out_by_a_backup_s_note(sealed: SqlStore, clock: HandClock) -> None:
    with sealed.snapshot() as reader:
        ends, last = audit_seal.chain(reader.transaction), audit_seal.last_link(reader.transaction)
    assert ends is not None and last is not None
    noted = AuditEnd(last.id, last.code.hex())
    assert prove(sealed, noted).holds
    tamper(sealed, "DELETE FROM audit WHERE id > 4", "DELETE FROM audit_seal WHERE id = 3", "DELETE FROM audit_chain")
    with sealed.turn("test") as turn:  # the row as it was a minute earlier
        link = audit_seal.last_link(turn.transaction)
        assert link is not None
        audit_seal.set_chain(turn.transaction, audit_seal.Chain(1, b"", link.id, link.code))
    assert prove(sealed).holds
    assert prove(sealed, noted).found == ("seal 3, the newest when the backup was made, is not in the chain",)


def test_who_has_another_key_makes_no_seal_that_counts(sealed: SqlStore) -> None:
    with sealed.snapshot() as reader:
        (row,) = reader.transaction.connection.execute(sa.select(t.audit_seal).where(t.audit_seal.c.id == 3)).all()
    forged = os.urandom(len(row.rows)).hex()
    value = f"x'{forged}'" if sealed.opened.engine.dialect.name == "sqlite" else rf"'\x{forged}'"
    tamper(sealed, f"UPDATE audit_seal SET rows = {value} WHERE id = 3")
    assert "seal 3 was altered" in prove(sealed).found


def test_a_gate_that_was_taken_away_is_named(sealed: SqlStore) -> None:
    with sealed.turn("test") as turn:
        is_sqlite = turn.transaction.dialect == "sqlite"
        gate = "DROP TRIGGER audit_kept" if is_sqlite else "ALTER TABLE audit DISABLE TRIGGER audit_kept"
        turn.transaction.connection.execute(sa.text(gate))
    try:
        assert "trigger audit_kept is gone" in prove(sealed).found
    finally:  # the database is shared between tests
        if not is_sqlite:
            with sealed.turn("test") as turn:
                turn.transaction.connection.execute(sa.text("ALTER TABLE audit ENABLE TRIGGER audit_kept"))


def test_a_row_that_is_committed_late_is_not_left_out(opened: Callable[[], SqlStore]) -> None:
    store, other = opened(), opened()
    if store.opened.engine.dialect.name == "sqlite":
        return  # writers take turns there: a smaller number is always committed first
    is_written, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        with other.turn("act") as turn:
            turn.audit([Act("kim", "hold", "message:1")])
            is_written.set()
            may_end.wait(10)

    writer = threading.Thread(target=slow)
    writer.start()
    is_written.wait(10)
    do(store, "look")  # a greater number, committed first
    sealing = threading.Thread(target=store.seal_audit)
    sealing.start()
    while not _is_waiting(store):
        pass
    may_end.set()
    writer.join()
    sealing.join()
    proof = prove(store)
    assert (proof.holds, proof.rows, proof.unsealed) == (True, 2, 0)


def _is_waiting(store: SqlStore) -> bool:
    asked = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with store.snapshot() as reader:
        return bool(reader.transaction.connection.execute(asked).scalar_one())
