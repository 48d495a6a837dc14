"""Deals that partners register, lines of their orders, identities of accounts, partners on hold."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_REJECTIONS = "'duplicate', 'existing_customer', 'too_early', 'outside_territory', 'incomplete', 'direct_active'"


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


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _dates(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=nullable) for name in names]


def _amounts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _lists(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.ARRAY(sa.Text()), nullable=False) for name in names]


def _add_deals() -> None:
    op.execute("CREATE SEQUENCE deal_number_seq AS bigint")
    states = "'registered', 'approved', 'rejected', 'won', 'expired', 'withdrawn'"
    op.create_table(
        "deal",
        *_owned(),
        *_text("number"),
        *_ids("partner_id"),
        *_ids("account_id", "owner_id", nullable=True),
        *_text("state", "customer_name", "country"),
        *_text("domain", nullable=True),
        *_text("name_key"),
        *_text("tax_id_hash", "domain_hash", nullable=True),
        *_lists("identity_hashes", "product_lines"),
        *_amounts("value"),
        *_text("currency"),
        *_amounts("value_base"),
        *_dates("expected_close", nullable=True),
        *_text("evidence", "registered_by"),
        *_dates("registered_on"),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        *_dates("review_due_on"),
        sa.Column("is_review_late", sa.Boolean(), nullable=False),
        *_text("decided_by", "rejection", nullable=True),
        *_text("decision_note"),
        *_dates("protected_until", nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("next_warning", sa.Integer(), nullable=True),
        *_amounts("realised_base"),
        *_ids("won_order_id", nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_deal_state")),
        sa.CheckConstraint(f"rejection IN ({_REJECTIONS})", name=op.f("ck_deal_rejection")),
        sa.CheckConstraint("(state = 'rejected') = (rejection IS NOT NULL)", name=op.f("ck_deal_rejected")),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'won', 'expired') OR protected_until IS NOT NULL",
            name=op.f("ck_deal_protected"),
        ),
        sa.CheckConstraint("due_at IS NULL OR state IN ('registered', 'approved')", name=op.f("ck_deal_due_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal")),
        sa.UniqueConstraint("number", name=op.f("uq_deal_number")),
    )
    claims = sa.text("state IN ('registered', 'approved') AND tax_id_hash IS NOT NULL")
    op.create_index("uq_deal_tax_id_hash", "deal", ["tax_id_hash"], unique=True, postgresql_where=claims)
    known = sa.text("domain_hash IS NOT NULL")
    op.create_index("ix_deal_domain_hash", "deal", ["domain_hash"], postgresql_where=known)
    op.create_index("ix_deal_name_key_country", "deal", ["name_key", "country"])
    op.create_index("ix_deal_registered_on_id", "deal", ["registered_on", "id"])
    for name in ("partner_id", "owner_id", "account_id"):
        op.create_index(f"ix_deal_{name}_registered_on_id", "deal", [name, "registered_on", "id"])
    op.create_index("ix_deal_due_at", "deal", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def _add_heard() -> None:
    op.create_table(
        "deal_order_line",
        *_ids("order_id"),
        sa.Column("line_no", sa.Integer(), nullable=False),
        *_ids("deal_id"),
        *_dates("order_date"),
        *_amounts("net_base", "returned_net_base"),
        sa.PrimaryKeyConstraint("order_id", "line_no", name=op.f("pk_deal_order_line")),
    )
    op.create_index("ix_deal_order_line_deal_id", "deal_order_line", ["deal_id"])
    op.create_table(
        "account_identity",
        *_ids("id"),
        *_text("name_key", "country", "tax_id_hash", "domain_hash", nullable=True),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_identity")),
    )
    for columns in (["name_key", "country"], ["tax_id_hash"], ["domain_hash"]):
        op.create_index(f"ix_account_identity_{'_'.join(columns)}", "account_identity", columns)
    op.create_table(
        "partner_hold",
        *_ids("partner_id"),
        *_lists("hold_reasons"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_partner_hold")),
    )


def upgrade() -> None:
    """Apply."""
    _add_deals()
    _add_heard()


def downgrade() -> None:
    """Take back."""
    for table in ("partner_hold", "account_identity", "deal_order_line", "deal"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE deal_number_seq")
