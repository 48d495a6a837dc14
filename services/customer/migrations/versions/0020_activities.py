"""Activities: calls, visits, meetings, messages, tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("follows", sa.Uuid(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('call', 'visit', 'meeting', 'message', 'email', 'task')", name=op.f("ck_activity_kind")
        ),
        sa.CheckConstraint("phase IN ('pre_sale', 'in_sale', 'after_sale')", name=op.f("ck_activity_phase")),
        sa.CheckConstraint("state IN ('planned', 'completed', 'cancelled')", name=op.f("ck_activity_state")),
        sa.CheckConstraint(
            "(state = 'completed') = (ended_at IS NOT NULL) AND (state = 'completed') = (outcome IS NOT NULL)",
            name=op.f("ck_activity_completed"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_activity_account_id_account")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_activity_contact_id_contact")),
        sa.ForeignKeyConstraint(["follows"], ["activity.id"], name=op.f("fk_activity_follows_activity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_created_at_id", "activity", ["created_at", "id"])
    op.create_index("ix_activity_account_id_created_at_id", "activity", ["account_id", "created_at", "id"])
    op.create_index("ix_activity_owner_id_created_at_id", "activity", ["owner_id", "created_at", "id"])
    op.create_index("ix_activity_due_on", "activity", ["due_on"], postgresql_where=sa.text("state = 'planned'"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("activity")
