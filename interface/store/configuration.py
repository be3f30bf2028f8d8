"""Configuration versions: the files' texts by the digest of their content, and which of them is active."""

from collections.abc import Mapping

import orjson
import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.store import schema_operation as t
from interface.store.compress import compress, expand
from interface.store.dialect import insert_or_keep
from interface.store.tx import Tx

_VERSION = t.config_version.c
_KEEP = insert_or_keep(t.config_version)
_BY_DIGEST = sa.select(_VERSION.id).where(_VERSION.digest == sa.bindparam("content"))
_FILES = sa.select(_VERSION.files).where(_VERSION.id == sa.bindparam("row"))
_ACTIVATE = sa.insert(t.config_activation)
_ACTIVE = (
    sa.select(_VERSION.id, _VERSION.files)
    .join(t.config_activation, t.config_activation.c.config_id == _VERSION.id)
    .order_by(t.config_activation.c.id.desc())
    .limit(1)
)


def publish(tx: Tx, files: Mapping[str, str], digest: str, at: int, actor: str) -> int:
    """Keep a version (path to text), make it the active one, and give its id; the same digest is the same version."""
    row = {"digest": digest, "files": compress(orjson.dumps(dict(files))), "created_at": at}
    tx.write(_KEEP, [row])
    found = tx.first(_BY_DIGEST, content=digest)
    assert found is not None, "the row was written above"
    active = tx.first(_ACTIVE)
    if active is None or active.id != found.id:
        tx.write(_ACTIVATE, [{"config_id": found.id, "at": at, "actor": actor}])
    return int(found.id)


def active_config(tx: Tx) -> tuple[int, Mapping[str, str]] | None:
    """Id and files of the active version; None before the first one."""
    row = tx.first(_ACTIVE)
    return None if row is None else (row.id, orjson.loads(expand(row.files)))


def config_files(tx: Tx, config_id: int) -> Mapping[str, str]:
    """The files of one version.

    Errors: ActRefusedError `config-unknown`.
    """
    row = tx.first(_FILES, row=config_id)
    if row is None:
        raise ActRefusedError("config-unknown", "there is no such configuration version", place=f"config:{config_id}")
    files: Mapping[str, str] = orjson.loads(expand(row.files))
    return files
