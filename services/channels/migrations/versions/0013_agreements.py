"""Agreements with partners, and the cells of region and product line that they hold."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# A region covers those whose code it begins by whole parts: [cn, cn.) holds cn-sh, for '-' stands before '.' in "C".
_GUARD = """
ALTER TABLE agreement_cell ADD CONSTRAINT ex_agreement_cell_guarded EXCLUDE USING gist (
    (code_range(region, region || '.')) WITH &&,
    (CASE WHEN product_line = '' THEN code_range(NULL, NULL) ELSE code_range(product_line, product_line, '[]') END)
        WITH &&,
    (CASE mode WHEN 'online' THEN int4range(0, 1) WHEN 'offline' THEN int4range(1, 2) ELSE int4range(0, 2) END)
        WITH &&,
    (daterange(valid_from, valid_to, '[]')) WITH &&
) WHERE (exclusivity <> 'none')
"""


def _owned() -> list[sa.Column[Any]]:
    now = sa.text("now()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)
            for name in ("created_at", "updated_at")
        ),
    ]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _dates(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=nullable) for name in names]


def _lists(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.ARRAY(sa.Text()), nullable=False) for name in names]


def _documents(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False) for name in names]


def _words(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("mode IN ('online', 'offline', 'all')", name=op.f(f"ck_{table}_mode")),
        sa.CheckConstraint("exclusivity IN ('none', 'sole', 'exclusive')", name=op.f(f"ck_{table}_exclusivity")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f(f"ck_{table}_validity")),
    ]


def _add_agreements() -> None:
    op.execute("CREATE SEQUENCE agreement_number_seq AS bigint")
    states = "'draft', 'proposed', 'signed', 'expired', 'terminated'"
    op.create_table(
        "agreement",
        *_owned(),
        *_text("number"),
        sa.Column("agreement_version", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        *_text("state"),
        *_lists("territory", "product_lines"),
        *_text("mode", "exclusivity"),
        *_documents("discounts"),
        sa.Column("max_discount", sa.BigInteger(), nullable=True),
        sa.Column("minimum_volume_base", sa.BigInteger(), nullable=True),
        sa.Column("programme_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        *_documents("clauses"),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        *_dates("valid_from"),
        *_dates("valid_to", nullable=True),
        *_text("document_reference"),
        *_text("document_sha256", nullable=True),
        *_text("written_by"),
        *_text("signed_by", nullable=True),
        *_dates("signed_on", "ends_on", "terminated_on", nullable=True),
        *_text("termination_reason", nullable=True),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("next_warning", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_agreement_state")),
        *_words("agreement"),
        sa.CheckConstraint("due_at IS NULL OR state = 'signed'", name=op.f("ck_agreement_due_at")),
        sa.CheckConstraint(
            "(state IN ('draft', 'proposed')) = (signed_on IS NULL)", name=op.f("ck_agreement_signed_on")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("number", "agreement_version", name=op.f("uq_agreement_number_agreement_version")),
    )
    is_open = sa.text("state IN ('draft', 'proposed')")
    op.create_index("uq_agreement_open", "agreement", ["number"], unique=True, postgresql_where=is_open)
    op.create_index("ix_agreement_valid_from_id", "agreement", ["valid_from", "id"])
    op.create_index("ix_agreement_partner_id_valid_from_id", "agreement", ["partner_id", "valid_from", "id"])
    op.create_index("ix_agreement_due_at", "agreement", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def _add_cells() -> None:
    op.execute('CREATE TYPE code_range AS RANGE (subtype = text, collation = "C")')
    op.create_table(
        "agreement_cell",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        *_text("region", "product_line", "number"),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        *_text("mode", "exclusivity"),
        *_dates("valid_from"),
        *_dates("valid_to", nullable=True),
        *_words("agreement_cell"),
        sa.PrimaryKeyConstraint("agreement_id", "region", "product_line", name=op.f("pk_agreement_cell")),
    )
    op.execute(_GUARD)


def upgrade() -> None:
    """Apply."""
    _add_agreements()
    _add_cells()


def downgrade() -> None:
    """Take back."""
    op.drop_table("agreement_cell")
    op.drop_table("agreement")
    op.execute("DROP TYPE code_range")
    op.execute("DROP SEQUENCE agreement_number_seq")
