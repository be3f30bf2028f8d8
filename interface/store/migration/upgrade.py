"""Brings an empty or older database to the schema of this engine, inside the caller's transaction."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from interface.errors import StoreError

_FOLDER = Path(__file__).parent


def run(connection: sa.Connection, version: str | None) -> None:
    """Upgrade from `version` (None: empty) to the newest.

    Errors: StoreError `schema-newer` when `version` is none of ours.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    if version is not None and version not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            "schema-newer",
            f"the database has schema {version}, this engine knows up to {scripts.get_current_head()}",
            place="database",
            advice="use an engine that is at least as new as the one that wrote it",
        )

    def steps(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", revision)

    context = MigrationContext.configure(connection, opts={"fn": steps, "transactional_ddl": False})
    with Operations.context(context):
        context.run_migrations()
