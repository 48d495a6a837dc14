"""Tax ids of the fourth version: numbers that name one company are one in more countries; keys are filled anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_INDEX = "ix_account_tax_id_to_key"
_TO_KEY = "tax_id IS NOT NULL AND tax_id_of IS DISTINCT FROM '{} ' || country || ' ' || tax_id"


def _look_for(version: int) -> None:
    with op.get_context().autocommit_block():
        drop_indexes("account", _INDEX)
        build_index(_INDEX, "account", ["id"], postgresql_where=sa.text(_TO_KEY.format(version)))


def upgrade() -> None:
    """Apply: the rows to fill are found by an index that is built beside the traffic."""
    _look_for(4)


def downgrade() -> None:
    """Take back."""
    _look_for(3)
