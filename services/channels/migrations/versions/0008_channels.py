"""Channels: the ways things are sold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KINDS = (
    "kind IN ('field', 'own_site', 'marketplace', 'shop', 'distributor', 'dealer', 'agent', 'reseller', "
    "'livestream', 'social')"
)
_PILOT = "(pilot_from IS NULL) = (pilot_to IS NULL) AND pilot_from <= pilot_to"
_TO_KEY = "keyed_of IS DISTINCT FROM '1.1 ' || coalesce(name, '') || chr(10) || coalesce(code, '')"
_FOLDED = 'lower(code COLLATE "C")'


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel",
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_direct", sa.Boolean(), nullable=False),
        sa.Column("regions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("pilot_from", sa.Date(), nullable=True),
        sa.Column("pilot_to", sa.Date(), nullable=True),
        sa.Column("pilot_goals", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            _KINDS,
            name=op.f("ck_channel_kind"),
        ),
        sa.CheckConstraint("state IN ('active', 'archived')", name=op.f("ck_channel_state")),
        sa.CheckConstraint(_PILOT, name=op.f("ck_channel_pilot")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_channel_parent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("code", name=op.f("uq_channel_code")),
    )
    op.create_index("ix_channel_code_folded_id", "channel", [sa.literal_column(_FOLDED), "id"], unique=False)
    op.create_index(
        "ix_channel_grams",
        "channel",
        [sa.literal_column("text_grams(search_key)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_channel_name_folded", "channel", [sa.literal_column("split_part(search_key, chr(10), 1)")], unique=False
    )
    op.create_index("ix_channel_name_sort_id", "channel", ["name_sort", "id"], unique=False)
    op.create_index("ix_channel_parent_id", "channel", ["parent_id"], unique=False)
    op.create_index(
        "ix_channel_to_key",
        "channel",
        ["id"],
        unique=False,
        postgresql_where=sa.text(_TO_KEY),
    )
    op.create_index(
        "ix_channel_unkeyed", "channel", ["id"], unique=False, postgresql_where=sa.text("search_key IS NULL")
    )
    op.create_index(
        "uq_channel_code_folded",
        "channel",
        [sa.literal_column(_FOLDED)],
        unique=True,
        postgresql_where=sa.text("NOT is_code_twin"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("uq_channel_code_folded", table_name="channel", postgresql_where=sa.text("NOT is_code_twin"))
    op.drop_index("ix_channel_unkeyed", table_name="channel", postgresql_where=sa.text("search_key IS NULL"))
    op.drop_index(
        "ix_channel_to_key",
        table_name="channel",
        postgresql_where=sa.text(_TO_KEY),
    )
    op.drop_index("ix_channel_parent_id", table_name="channel")
    op.drop_index("ix_channel_name_sort_id", table_name="channel")
    op.drop_index("ix_channel_name_folded", table_name="channel")
    op.drop_index("ix_channel_grams", table_name="channel", postgresql_using="gin")
    op.drop_index("ix_channel_code_folded_id", table_name="channel")
    op.drop_table("channel")
