"""The baseline: all tables as they stand. Until the first release it is rewritten in place."""

from alembic import op

from interface.store.schema import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table and index."""
    METADATA.create_all(op.get_bind())
