"""The search itself: it finds what was planted in every form, and nothing where nothing is."""

import base64
import gzip
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from interface.store.compress import compress
from interface.store.vault import DataKeys, Vault
from tests.leak.forms import needles
from tests.leak.scan import in_bytes, leaks

SECRETS = {
    "name": "QUIRRENBÄCHER",
    "MRN": "77-183.502/946",
    "street": "4711 WEATHERVANE CROOK",
    "birth date": "19470228",
    "card": "4111111111111111",
}
NEEDLES = needles(SECRETS)
FORMS: dict[str, Callable[[str], bytes]] = {
    "text": str.encode,
    "lower case": lambda value: value.lower().encode(),
    "hex": lambda value: value.encode().hex().encode(),
    "hex in capitals": lambda value: value.encode().hex().upper().encode(),
    "base64": lambda value: base64.b64encode(value.encode()),
    "base64 behind one byte": lambda value: base64.b64encode(b"x" + value.encode() + b"yz"),
    "base64 behind two bytes": lambda value: base64.b64encode(b"xy" + value.encode() + b"z"),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()),
    "UTF-16": lambda value: value.encode("utf-16"),
    "UTF-16 BE": lambda value: value.encode("utf-16-be"),
    "Latin-1": lambda value: value.encode("latin-1"),
    "URL": lambda value: quote(value, safe="").encode(),
    "JSON": lambda value: json.dumps({"value": value}).encode(),
    "zlib": lambda value: zlib.compress(value.encode() * 3),
    "gzip": lambda value: gzip.compress(value.encode()),
    "zstd with the engine's dictionary": lambda value: compress(f"PID|1||{value}".encode() * 2),
    "zstd within gzip": lambda value: gzip.compress(b"1234" + compress(value.encode() * 2)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SECRETS)
def test_a_planted_value_is_found_in_every_form(name: str, form: str) -> None:
    planted = os.urandom(300) + FORMS[form](SECRETS[name]) + os.urandom(300)
    assert any(leak.what.startswith(f"{name} as ") for leak in in_bytes("here", planted, NEEDLES))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("77183502946", "MRN"),
        ("64920538177", "MRN"),
        ("4111 1111 1111 1111", "card"),
        ("4111-1111-1111-1111", "card"),
        ("1947-02-28", "birth date"),
    ],
)
def test_numbers_are_found_without_their_punctuation_and_backwards(written: str, name: str) -> None:
    assert [leak.what.split(" as ")[0] for leak in in_bytes("here", written.encode(), NEEDLES)] == [name]


def test_files_at_any_depth_and_their_names_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "core").write_bytes(b"\0QUIRRENB\xc3\x84CHER\0")
    (tmp_path / "19470228.tmp").write_bytes(b"")
    found = leaks([tmp_path], {"stdout": b"4111111111111111"}, NEEDLES)
    assert len(found) == 3
    assert not any(value in str(leak) for leak in found if "name of" not in leak.place for value in SECRETS.values())


def test_nothing_is_found_where_nothing_is() -> None:
    assert list(in_bytes("here", os.urandom(1_000_000), NEEDLES)) == []


def test_what_is_sealed_is_not_opened() -> None:
    vault = Vault(DataKeys.fresh())
    sealed = vault.seal(compress(b"QUIRRENB\xc3\x84CHER" * 10), b"body:1") + vault.seal_json(
        list(SECRETS.values()), b"row:1"
    )
    assert list(in_bytes("here", sealed, NEEDLES)) == []
