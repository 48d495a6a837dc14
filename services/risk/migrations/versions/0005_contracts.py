"""Contracts, their versions and amendments; labels of partners; due rows whose step failed."""

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
    _add_contract()
    _add_due_failure()
    _add_partner_directory()
    _add_amendment()
    _add_contract_version()


def _add_contract() -> None:
    op.create_table(
        "contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("renewal", sa.Text(), nullable=False),
        sa.Column("renew_months", sa.Integer(), nullable=True),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("clauses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("clauses_sha256", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("terms_from", sa.Date(), nullable=True),
        sa.Column("ends_anchor", sa.Date(), nullable=True),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("notice_given_on", sa.Date(), nullable=True),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("termination_reason", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'terminated') = (terminated_on IS NOT NULL)", name=op.f("ck_contract_terminated_on")
        ),
        sa.CheckConstraint(
            "renewal <> 'automatic' OR (ends_on IS NOT NULL AND renew_months IS NOT NULL)",
            name=op.f("ck_contract_automatic"),
        ),
        sa.CheckConstraint("renewal IN ('none', 'by_agreement', 'automatic')", name=op.f("ck_contract_renewal")),
        sa.CheckConstraint(
            "state IN ('draft', 'legal_review', 'approved', 'signed', 'in_force', 'fulfilled', 'expired', "
            "'terminated')",
            name=op.f("ck_contract_state"),
        ),
        sa.CheckConstraint(
            "type IN ('sales', 'framework', 'distribution', 'service', 'nda')", name=op.f("ck_contract_type")
        ),
        sa.CheckConstraint("(account_id IS NULL) <> (partner_id IS NULL)", name=op.f("ck_contract_party")),
        sa.CheckConstraint("(signed_on IS NULL) = (terms_from IS NULL)", name=op.f("ck_contract_signed_on")),
        sa.CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_contract_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("number", name=op.f("uq_contract_number")),
    )
    op.create_index("ix_contract_account_id", "contract", ["account_id"])
    op.create_index("ix_contract_created_at_id", "contract", ["created_at", "id"])
    op.create_index("ix_contract_due_at", "contract", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index(
        "ix_contract_ends_on", "contract", ["ends_on"], postgresql_where=sa.text("state IN ('signed', 'in_force')")
    )
    op.create_index("ix_contract_partner_id", "contract", ["partner_id"])


def _add_due_failure() -> None:
    op.create_table(
        "due_failure",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "row_id", name=op.f("pk_due_failure")),
    )


def _add_partner_directory() -> None:
    op.create_table(
        "partner_directory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_directory")),
    )
    op.create_index("ix_partner_directory_owner_id", "partner_directory", ["owner_id"])


def _add_amendment() -> None:
    op.create_table(
        "amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("terms", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=True),
        sa.Column("renewal", sa.Text(), nullable=True),
        sa.Column("renew_months", sa.Integer(), nullable=True),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name=op.f("ck_amendment_signed_on")),
        sa.CheckConstraint("renewal IN ('none', 'by_agreement', 'automatic')", name=op.f("ck_amendment_renewal")),
        sa.CheckConstraint("state IN ('draft', 'approved', 'signed', 'withdrawn')", name=op.f("ck_amendment_state")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_amendment_contract_id_contract")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
    )
    op.create_index("ix_amendment_contract_id_created_at_id", "amendment", ["contract_id", "created_at", "id"])
    op.create_index(
        "uq_amendment_open",
        "amendment",
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'approved')"),
    )


def _add_contract_version() -> None:
    op.create_table(
        "contract_version",
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("renewal", sa.Text(), nullable=False),
        sa.Column("renew_months", sa.Integer(), nullable=True),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "renewal IN ('none', 'by_agreement', 'automatic')", name=op.f("ck_contract_version_renewal")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_version_contract_id_contract")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_version")),
        sa.UniqueConstraint("contract_id", "ordinal", name=op.f("uq_contract_version_contract_id_ordinal")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("contract_version")
    op.drop_table("amendment")
    op.drop_table("partner_directory")
    op.drop_table("due_failure")
    op.drop_table("contract")
