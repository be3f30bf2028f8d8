"""The baseline: all tables as they stand, with the triggers of those that refuse change.

Until the first release it is rewritten in place.
"""

from alembic import op

from interface.store import immutable
from interface.store.schema import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table, index and trigger."""
    METADATA.create_all(op.get_bind())
    immutable.install(op.get_bind())
