"""Sealing and look-ups: nothing personal in the clear, nothing opened in another place than its own."""

import re
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import StoreError
from interface.ledger.change import LedgerChanges
from interface.ledger.noun import Noun
from interface.message import HoldKind, MessageState
from interface.row.act import Act
from interface.row.message import Names, Parked
from interface.simulate.traffic import morning
from interface.store import compress
from interface.store.compress import expand, zstd
from interface.store.store import open_store
from interface.store.vault import DataKeys, Vault, scope_of, unwrap, wrap
from tests.store.given import (
    HAR,
    MR,
    HandClock,
    account,
    allocation,
    entry,
    finish,
    intake,
    named,
    patient,
    payment,
    received,
    run,
    wanted,
)

KEYS = DataKeys.fresh()
VAULT = Vault(KEYS)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_in_its_own_place(plain: bytes) -> None:
    scope = scope_of("patient", 7)
    assert VAULT.open(VAULT.seal(plain, scope), scope) == plain


def test_what_is_sealed_opens_nowhere_else_and_not_altered() -> None:
    sealed = VAULT.seal(b"Orla", scope_of("patient", 7))
    for scope in (scope_of("patient", 8), scope_of("guarantor", 7)):
        with pytest.raises(StoreError, match="seal-broken"):
            VAULT.open(sealed, scope)
    with pytest.raises(StoreError, match="seal-broken"):
        VAULT.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), scope_of("patient", 7))


def test_sealing_the_same_twice_does_not_tell_that_it_is_the_same() -> None:
    assert VAULT.seal(b"Orla", b"x") != VAULT.seal(b"Orla", b"x")


def test_lookups_are_equal_for_equal_values_of_one_kind_under_one_key() -> None:
    assert VAULT.lookup("family", "quill") == Vault(KEYS).lookup("family", "quill")
    assert VAULT.lookup("family", "quill") != VAULT.lookup("given", "quill")
    assert VAULT.lookup("family", "quill") != Vault(DataKeys.fresh()).lookup("family", "quill")
    assert VAULT.search_key("family", "quill") != VAULT.search_key("family", "quilt")
    assert VAULT.digest("epic", b"x") != VAULT.digest("cerner", b"x")


def test_undecodable_characters_can_be_looked_up() -> None:
    assert len(VAULT.lookup("family", b"M\xfcller".decode("utf-8", "surrogateescape"))) == 16


def test_wrapped_keys_open_with_the_same_master_key_and_database_only() -> None:
    master = bytes(range(32))
    wrapped = wrap(KEYS, master, "one")
    assert unwrap(wrapped, [master], "one") == KEYS
    for other_master, database in ((bytes(32), "one"), (master, "two")):
        with pytest.raises(StoreError, match="key-wrong"):
            unwrap(wrapped, [other_master], database)


def test_keys_do_not_print() -> None:
    assert KEYS.sealing.hex() not in repr(KEYS)
    assert str(KEYS.lookup) not in f"{KEYS}"


@given(st.binary(max_size=2000))
def test_what_is_compressed_expands(plain: bytes) -> None:
    assert expand(compress.compress(plain)) == plain


def test_frames_made_without_a_dictionary_expand() -> None:
    assert expand(zstd.compress(b"MSH|" * 20)) == b"MSH|" * 20


def test_the_shipped_dictionary_more_than_halves_a_message() -> None:
    samples = [sent.content for sent in morning(99, 10)]
    with_dictionary = sum(len(compress.compress(sample)) for sample in samples)
    assert with_dictionary * 2 < sum(len(zstd.compress(sample)) for sample in samples)


def test_no_personal_value_lies_in_the_clear(sqlite_url: str, environ: dict[str, str]) -> None:
    store = open_store(sqlite_url, HandClock(), environ)
    (first, second, third) = received(store, 3)
    with store.turn("act") as turn:
        turn.audit([Act("kim", "release", f"message:{first}", "Orla Quillfeather called")])
        turn.receive([])
    names = Names(MR.value, HAR.value, family="Quillfeather", birth_date="1961-05-23")
    finish(
        store,
        run(first, names=names),
        run(second, MessageState.HELD, hold=HoldKind.MISSING_ACCOUNT, awaited_account=f"north|AN|{HAR.value}"),
        parked=[Parked(third, (1,), names)],
    )
    sealed = store.seal(
        LedgerChanges(
            created=[patient(), account()],
            identifiers=[named(Noun.PATIENT, MR, 1), named(Noun.ACCOUNT, HAR, 1)],
            entries=[entry(1, first)],
            payments=[payment(first)],
            allocations=[allocation()],
        )
    )
    with store.turn("process") as turn:
        turn.save(sealed, 1)
        turn.enqueue([wanted(payload=intake(1).raw)])
        turn.add_record("payment", "key-Quillfeather", b"Quillfeather")
    store.close()
    _assert_nothing_personal(Path(sa.make_url(sqlite_url).database or ""))


def _assert_nothing_personal(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    values = (
        MR.value,
        HAR.value,
        "uillfeather",
        "Orla",
        "1961-05-23",
        "19610523",
        "tok_secret",
        "4242",
        "AUTH99",
        "EPIC|NORTH",
    )
    stored = path.read_bytes()
    found = [value for value in values if re.search(re.escape(value).encode(), stored, re.IGNORECASE)]
    assert found == []
