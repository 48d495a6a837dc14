"""Price books, their entries, and what competitors ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "competitor_price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("competitor", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitor_price")),
        sa.UniqueConstraint(
            "sku", "competitor", "observed_on", name=op.f("uq_competitor_price_sku_competitor_observed_on")
        ),
    )
    op.create_index("ix_competitor_price_observed_on_id", "competitor_price", ["observed_on", "id"], unique=False)
    op.create_table(
        "price_book",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("book_version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("round_to", sa.BigInteger(), nullable=False),
        sa.Column("ending", sa.BigInteger(), nullable=False),
        sa.Column("min_markup", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("entries_sha256", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'published') = (published_by IS NOT NULL AND published_on IS NOT NULL)",
            name=op.f("ck_price_book_published"),
        ),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_price_book_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_book")),
        sa.UniqueConstraint("code", "book_version", name=op.f("uq_price_book_code_book_version")),
    )
    op.create_index("ix_price_book_valid_from_id", "price_book", ["valid_from", "id"], unique=False)
    op.create_index(
        "uq_price_book_draft", "price_book", ["code"], unique=True, postgresql_where=sa.text("state = 'draft'")
    )
    op.create_index(
        "uq_price_book_valid_from",
        "price_book",
        ["code", "valid_from"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "price_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("product_line", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("segment_id", sa.Uuid(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("breaks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("markup", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("min_sources", sa.Integer(), nullable=True),
        sa.Column("adjustment", sa.Integer(), nullable=True),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("cell", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "method IN ('fixed', 'cost_plus', 'market', 'differentiated')", name=op.f("ck_price_entry_method")
        ),
        sa.CheckConstraint("(sku IS NULL) <> (product_line IS NULL)", name=op.f("ck_price_entry_product")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_price_entry_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_entry")),
        sa.UniqueConstraint("book_id", "code", name=op.f("uq_price_entry_book_id_code")),
    )
    op.create_index("ix_price_entry_cell", "price_entry", ["cell"], unique=False)
    op.create_index("ix_price_entry_product_line_currency", "price_entry", ["product_line", "currency"], unique=False)
    op.create_index("ix_price_entry_sku_currency", "price_entry", ["sku", "currency"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_price_entry_sku_currency", table_name="price_entry")
    op.drop_index("ix_price_entry_product_line_currency", table_name="price_entry")
    op.drop_index("ix_price_entry_cell", table_name="price_entry")
    op.drop_table("price_entry")
    op.drop_index("uq_price_book_valid_from", table_name="price_book", postgresql_where=sa.text("state = 'published'"))
    op.drop_index("uq_price_book_draft", table_name="price_book", postgresql_where=sa.text("state = 'draft'"))
    op.drop_index("ix_price_book_valid_from_id", table_name="price_book")
    op.drop_table("price_book")
    op.drop_index("ix_competitor_price_observed_on_id", table_name="competitor_price")
    op.drop_table("competitor_price")
