"""Activities are known by their ids in other systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

INDEX = "uq_activity_external_id"
_BOTH = """
-- widens: the release before leaves both columns null
ALTER TABLE activity ADD CONSTRAINT ck_activity_external
CHECK ((external_source IS NULL) = (external_id IS NULL)) NOT VALID
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("activity", sa.Column("external_source", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("external_id", sa.Text(), nullable=True))
    op.execute(_BOTH)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE activity VALIDATE CONSTRAINT ck_activity_external")
        build_index(
            INDEX,
            "activity",
            ["external_id", "external_source"],
            unique=True,
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )


def downgrade() -> None:
    """Take back; a batch that is sent again makes its activities anew."""
    with op.get_context().autocommit_block():
        drop_indexes("activity", INDEX)
    for name in ("external_id", "external_source"):
        op.drop_column("activity", name)
