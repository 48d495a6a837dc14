"""Activities are of a case, too, with who takes part and where."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.db.key_migrations import build_index

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_OF_CASE = """
-- widens: the release before leaves the column null
ALTER TABLE activity ADD CONSTRAINT fk_activity_case_id_service_case FOREIGN KEY (case_id)
REFERENCES service_case (id) NOT VALID
"""


def upgrade() -> None:
    """Apply; nobody waits while rows are read or an index is built."""
    op.add_column("activity", sa.Column("case_id", sa.Uuid(), nullable=True))
    op.add_column("activity", sa.Column("participants", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False))
    op.add_column("activity", sa.Column("position", postgresql.JSONB(), nullable=True))
    op.execute(_OF_CASE)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE activity VALIDATE CONSTRAINT fk_activity_case_id_service_case")
        build_index("ix_activity_case_id", "activity", ["case_id"], postgresql_where=sa.text("case_id IS NOT NULL"))
        build_index("ix_activity_due_on_id", "activity", ["due_on", "id"])


def downgrade() -> None:
    """Take back; activities are of no case."""
    for name in ("position", "participants", "case_id"):
        op.drop_column("activity", name)
    op.drop_index("ix_activity_due_on_id", table_name="activity")
