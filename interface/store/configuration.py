"""Configuration versions: the files' texts by the digest of their content, and which of them is and was active."""

from collections.abc import Mapping

import orjson
import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.store import schema_operation as t
from interface.store.compress import compress, expand
from interface.store.dialect import insert_or_keep
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.configuration import Activation, How, Publishing

_VERSION, _ACTIVATION = t.config_version.c, t.config_activation.c
_KEEP = insert_or_keep(t.config_version)
_BY_DIGEST = sa.select(_VERSION.id).where(_VERSION.digest == sa.bindparam("content"))
_FILES = sa.select(_VERSION.files).where(_VERSION.id == sa.bindparam("row"))
_ACTIVATE = sa.insert(t.config_activation)
_NEWEST = sa.select(_ACTIVATION.config_id, _ACTIVATION.environment).order_by(_ACTIVATION.id.desc()).limit(1)
_ACTIVE = (
    sa.select(_VERSION.id, _VERSION.files)
    .join(t.config_activation, _ACTIVATION.config_id == _VERSION.id)
    .order_by(_ACTIVATION.id.desc())
    .limit(1)
)
_HISTORY = sa.select(t.config_activation).order_by(_ACTIVATION.id.desc()).limit(sa.bindparam("most"))
_SCOPE = "config_activation"


def keep(tx: Tx, files: Mapping[str, str], digest: str, at: int) -> int:
    """Keep a version (path to text) and give its id; the same digest is the same version."""
    tx.write(_KEEP, [{"digest": digest, "files": compress(orjson.dumps(dict(files))), "created_at": at}])
    found = tx.first(_BY_DIGEST, content=digest)
    assert found is not None, "the row was written above"
    return int(found.id)


def activate(tx: Tx, config_id: int, publishing: Publishing) -> None:
    """Make a version the active one; noted only where it is not.

    Errors: ActRefusedError `version-moved` where another one is active than `publishing` was decided on.
    """
    newest = tx.first(_NEWEST)
    active = int(newest.config_id) if newest else 0
    if publishing.instead_of is not None and publishing.instead_of != active:
        raise ActRefusedError(
            "version-moved",
            f"version {active} became active meanwhile; nothing was changed",
            place=f"configuration:{config_id}",
            advice="look at `hp24 config plan` again",
        )
    if newest and (active, newest.environment) == (config_id, publishing.environment):
        return
    row = {"config_id": config_id, "at": publishing.at, "actor": publishing.actor, "how": publishing.how}
    said = tx.vault.seal_json([publishing.reason, publishing.summary], scope_of(_SCOPE, config_id))
    tx.write(_ACTIVATE, [row | {"environment": publishing.environment, "sealed": said}])


def active_id(tx: Tx) -> int:
    """Id of the active version; 0 before the first one."""
    row = tx.first(_NEWEST)
    return 0 if row is None else int(row.config_id)


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
        raise ActRefusedError(
            "config-unknown",
            "there is no such configuration version",
            place=f"configuration:{config_id}",
            advice="`hp24 config versions` lists them",
        )
    files: Mapping[str, str] = orjson.loads(expand(row.files))
    return files


def activations(tx: Tx, limit: int) -> list[Activation]:
    """What was made active, newest first."""
    found = []
    for row in tx.read(_HISTORY, most=limit):
        reason, summary = tx.vault.open_json(row.sealed, scope_of(_SCOPE, row.config_id))
        found.append(
            Activation(row.id, row.config_id, row.at, row.actor, How(row.how), row.environment, reason, summary)
        )
    return found
