"""Custom fields of accounts and contacts, and the values of indexed ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_TYPES = "'text', 'int', 'decimal', 'money', 'date', 'bool', 'enum', 'multi_enum'"


def upgrade() -> None:
    """Apply; rows have no values yet."""
    op.create_table(
        "custom_field",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("indexed", sa.Boolean(), nullable=False),
        sa.Column("index_no", sa.Integer(), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("resource IN ('account', 'contact')", name=op.f("ck_custom_field_resource")),
        sa.CheckConstraint(f"type IN ({_TYPES})", name=op.f("ck_custom_field_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_field")),
        sa.UniqueConstraint("resource", "key", name=op.f("uq_custom_field_resource_key")),
    )
    op.create_index("ix_custom_field_created_at_id", "custom_field", ["created_at", "id"])
    op.create_table(
        "custom_value",
        sa.Column("field_id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text_value", sa.Text(collation="C"), nullable=True),
        sa.Column("number_value", sa.Numeric(), nullable=True),
        sa.Column("date_value", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("field_id", "row_id", "place", name=op.f("pk_custom_value")),
    )
    op.create_index(
        "ix_custom_value_text",
        "custom_value",
        ["field_id", "text_value", "number_value", "row_id"],
        postgresql_where=sa.text("text_value IS NOT NULL"),
    )
    op.create_index(
        "ix_custom_value_number",
        "custom_value",
        ["field_id", "number_value", "row_id"],
        postgresql_where=sa.text("text_value IS NULL AND number_value IS NOT NULL"),
    )
    op.create_index(
        "ix_custom_value_date",
        "custom_value",
        ["field_id", "date_value", "row_id"],
        postgresql_where=sa.text("date_value IS NOT NULL"),
    )
    op.create_table(
        "custom_field_use",
        sa.Column("field_id", sa.Uuid(), nullable=False),
        sa.Column("used_by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("field_id", "used_by", "user_id", name=op.f("pk_custom_field_use")),
    )
    op.create_index(op.f("ix_custom_field_use_used_by_user_id"), "custom_field_use", ["used_by", "user_id"])
    for table in ("account", "contact"):
        op.add_column(table, sa.Column("custom", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    """Take back; values of custom fields are gone."""
    for table in ("contact", "account"):
        op.drop_column(table, "custom")
    op.drop_table("custom_field_use")
    op.drop_table("custom_value")
    op.drop_table("custom_field")
