"""Conflicts with their evidence and statements, policies of channels, where merged accounts lead, shared rebates."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_KINDS = "'same_customer', 'partner_direct', 'territory_breach', 'cross_region', 'exclusivity_breach', 'price_undercut'"
_STATES = "'opened', 'assessed', 'mediation', 'proposed', 'agreed', 'arbitrated', 'closed', 'dismissed'"
_ONE_OF_A_PARTNER = """
-- widens: it refuses less than the constraint that it takes the place of
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_rebate_accrual_event_partner
  ON rebate_accrual (source_event_id, programme_id, partner_id)
"""
_ONE_PARTNER = """
-- widens: an event moves an account of a programme for each partner that has a part of the order
-- squawk-ignore ban-drop-constraint
ALTER TABLE rebate_accrual DROP CONSTRAINT IF EXISTS uq_rebate_accrual_source_event_id_programme_id
"""
_SPLIT = "ALTER TABLE rebate_accrual ADD COLUMN split jsonb, ADD COLUMN order_volume bigint"
_FIRST_POLICY = """
INSERT INTO channel_policy (id, kind, version, valid_from, rules, reason, author) VALUES (
    '01900000-0000-7000-8000-000000000c01', 'conflict', 1, '1900-01-01',
    '{"window_days": 90, "tolerance": 10000, "severities": {"same_customer": "medium", "partner_direct": "medium",
      "territory_breach": "high", "cross_region": "high", "exclusivity_breach": "high", "price_undercut": "medium"}}',
    'installed', 'system'
)
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


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _dates(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=nullable) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _counts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _id_lists(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.ARRAY(sa.Uuid()), nullable=False) for name in names]


def _documents(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, postgresql.JSONB(), nullable=False) for name in names]


def _add_policies() -> None:
    op.create_table(
        "channel_policy",
        *_owned(),
        *_text("kind"),
        *_dates("valid_from"),
        *_documents("rules"),
        *_text("reason", "author"),
        sa.CheckConstraint("kind IN ('conflict')", name=op.f("ck_channel_policy_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_policy")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_channel_policy_kind_version")),
    )
    op.create_index("ix_channel_policy_valid_from_id", "channel_policy", ["valid_from", "id"])
    op.execute(_FIRST_POLICY)


def _add_conflicts() -> None:
    op.create_table(
        "conflict_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_conflict_counter")),
    )
    op.create_table(
        "conflict",
        *_owned(),
        *_text("number", "kind", "state", "severity"),
        *_id_lists("partner_ids"),
        *_text("parties", "place"),
        *_ids("account_id", nullable=True),
        *_id_lists("order_ids"),
        sa.Column("product_lines", sa.ARRAY(sa.Text()), nullable=False),
        *_text("region", nullable=True),
        *_ids("owner_id", nullable=True),
        sa.Column("value_base", sa.BigInteger(), nullable=False),
        *_counts("evidence_count", "statement_count"),
        *_dates("opened_on"),
        *_dates("due_on", nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        *_text("assessment", "proposal"),
        *_text("proposed_by", nullable=True),
        *_id_lists("accepted_by", "refused_by"),
        *_text("outcome", nullable=True),
        *_dates("valid_from", "valid_to", nullable=True),
        *_documents("member_shares", "partner_shares"),
        *_text("decided_by", nullable=True),
        *_text("decision_note"),
        *_moments("resolved_at", "due_at", nullable=True),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_conflict_kind")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_conflict_state")),
        sa.CheckConstraint("severity IN ('low', 'medium', 'high')", name=op.f("ck_conflict_severity")),
        sa.CheckConstraint(
            "outcome IN ('keep', 'transfer', 'split', 'compensation', 'policy_change')",
            name=op.f("ck_conflict_outcome"),
        ),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_conflict_validity")),
        sa.CheckConstraint(
            "(state IN ('agreed', 'arbitrated', 'closed', 'dismissed')) = (resolved_at IS NOT NULL)",
            name=op.f("ck_conflict_resolved"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('proposed', 'agreed', 'arbitrated') OR outcome IS NOT NULL",
            name=op.f("ck_conflict_decided"),
        ),
        sa.CheckConstraint(
            "due_at IS NULL OR state IN ('opened', 'assessed', 'mediation', 'proposed')",
            name=op.f("ck_conflict_due_at"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sa.UniqueConstraint("number", name=op.f("uq_conflict_number")),
    )
    live = sa.text("state NOT IN ('closed', 'dismissed')")
    op.create_index("uq_conflict_live", "conflict", ["kind", "parties", "place"], unique=True, postgresql_where=live)
    op.create_index("ix_conflict_kind_parties", "conflict", ["kind", "parties"])
    op.create_index("ix_conflict_split", "conflict", ["account_id"], postgresql_where=sa.text("outcome = 'split'"))
    for name in ("account_id", "owner_id"):
        op.create_index(f"ix_conflict_{name}_opened_on_id", "conflict", [name, "opened_on", "id"])
    op.create_index("ix_conflict_opened_on_id", "conflict", ["opened_on", "id"])
    op.create_index("ix_conflict_due_at", "conflict", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def _add_parts() -> None:
    op.create_table(
        "conflict_evidence",
        *_ids("id", "conflict_id"),
        *_text("kind", "parties", "subject"),
        *_ids("subject_id", "source_event_id"),
        *_dates("found_on"),
        *_moments("found_at"),
        *_documents("snapshot"),
        *_text("sha256"),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_conflict_evidence_kind")),
        sa.CheckConstraint("subject IN ('order', 'opportunity')", name=op.f("ck_conflict_evidence_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_evidence")),
        sa.UniqueConstraint("subject_id", "kind", "parties", name=op.f("uq_conflict_evidence_subject_id_kind_parties")),
    )
    columns = ["conflict_id", "found_at", "id"]
    op.create_index("ix_conflict_evidence_conflict_id", "conflict_evidence", columns)
    op.create_table(
        "conflict_statement",
        *_ids("id", "conflict_id"),
        *_ids("partner_id", nullable=True),
        *_text("statement", "recorded_by"),
        *_moments("recorded_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_statement")),
    )
    op.create_index("ix_conflict_statement_conflict_id", "conflict_statement", ["conflict_id", "recorded_at", "id"])


def _add_redirects() -> None:
    op.create_table(
        "account_redirect",
        *_ids("merge_id", "survivor_id", "merged_id"),
        *_moments("merged_at"),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("pk_account_redirect")),
    )
    for name in ("survivor_id", "merged_id"):
        op.create_index(f"ix_account_redirect_{name}", "account_redirect", [name], postgresql_where=sa.text("stands"))
    op.create_table(
        "account_root",
        *_ids("account_id", "root_id"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_root")),
    )
    op.create_index("ix_account_root_root_id", "account_root", ["root_id"])


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    with op.get_context().autocommit_block():
        for column in ("partner_id", "region"):
            name = f"ix_agreement_cell_{column}"
            op.create_index(name, "agreement_cell", [column], postgresql_concurrently=True, if_not_exists=True)
        op.execute(_ONE_OF_A_PARTNER)
    _add_policies()
    _add_conflicts()
    _add_parts()
    _add_redirects()
    op.execute(_ONE_PARTNER)
    op.execute(_SPLIT)


def downgrade() -> None:
    """Take back; refused once partners share an order."""
    name, columns = "uq_rebate_accrual_source_event_id_programme_id", ["source_event_id", "programme_id"]
    op.create_unique_constraint(name, "rebate_accrual", columns)
    op.drop_index("uq_rebate_accrual_event_partner", "rebate_accrual")
    for column in ("order_volume", "split"):
        op.drop_column("rebate_accrual", column)
    for name in ("ix_agreement_cell_region", "ix_agreement_cell_partner_id"):
        op.drop_index(name, "agreement_cell", if_exists=True)
    for table in (
        "account_root",
        "account_redirect",
        "conflict_statement",
        "conflict_evidence",
        "conflict",
        "conflict_counter",
        "channel_policy",
    ):
        op.drop_table(table)
