"""Leads with what they said, the lead of an activity, the first policy of scores."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, build_key_indexes

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_STATES = "'new', 'working', 'qualified', 'converted', 'disqualified'"
_BASES = "'consent', 'contract', 'legal_obligation', 'vital_interests', 'public_task', 'legitimate_interests'"
_HASHES = ("email_index_1", "email_index_2", "phone_index_1", "phone_index_2")
SCORE: dict[str, Any] = {
    "rules": [
        {"label": "company", "filter": "has_company=true", "points": 20},
        {"label": "person", "filter": "has_person=true", "points": 20},
        {"label": "email", "filter": "has_email=true", "points": 30},
        {"label": "phone", "filter": "has_phone=true", "points": 30},
    ]
}
_INSTALL = """
INSERT INTO customer_policy (id, kind, policy_version, body, reason, state, created_by, valid_from, activation)
VALUES ('{id}', 'lead_score', 1, '{body}', 'Installed', 'active', 'system', '1900-01-01', 1)
"""
_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE customer_policy DROP CONSTRAINT ck_customer_policy_kind,
ADD CONSTRAINT ck_customer_policy_kind CHECK (kind IN ({})) NOT VALID
"""
_REFERS = """
-- widens: what refers is a column of this release, empty in rows of the release before
ALTER TABLE activity ADD CONSTRAINT fk_activity_lead_id_lead FOREIGN KEY (lead_id) REFERENCES lead (id) NOT VALID
"""


def upgrade() -> None:
    """Apply; the activities are not held up while their index is built."""
    _allow("'sla', 'grading', 'lifecycle', 'churn', 'lead_score'")
    op.execute(_INSTALL.format(id="01989f2e-0000-7000-8000-000000000005", body=json.dumps(SCORE)))
    _leads()
    _indexes()
    _consents()
    op.add_column("activity", sa.Column("lead_id", sa.Uuid(), nullable=True))
    op.execute(_REFERS)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE activity VALIDATE CONSTRAINT fk_activity_lead_id_lead")
        build_key_indexes("lead", "1.1", ("name", "company", "person_name"), "owner_id")
        build_index("ix_activity_lead_id", "activity", ["lead_id"], postgresql_where=sa.text("lead_id IS NOT NULL"))


def _allow(words: str) -> None:
    op.execute(_KINDS.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE customer_policy VALIDATE CONSTRAINT ck_customer_policy_kind")


def _leads() -> None:
    op.create_table(
        "lead",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("company", "person_name", "country", "source", "campaign")
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("score_version", sa.Integer(), nullable=False),
        sa.Column("score_rules", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("disqualified_reason", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("account_id", "contact_id", "opportunity_id")),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("converted_on", sa.Date(), nullable=True),
        sa.Column("days_to_convert", sa.Integer(), nullable=True),
        sa.Column("external_source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in ("email", "phone", *_HASHES)),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_lead_state")),
        sa.CheckConstraint("company IS NOT NULL OR person_name IS NOT NULL", name=op.f("ck_lead_named")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_lead_score")),
        sa.CheckConstraint(
            "(state = 'disqualified') = (disqualified_reason IS NOT NULL)", name=op.f("ck_lead_disqualified")
        ),
        sa.CheckConstraint(
            "num_nulls(account_id, converted_at, converted_on, days_to_convert) = "
            "CASE WHEN state = 'converted' THEN 0 ELSE 4 END "
            "AND (state = 'converted' OR num_nulls(contact_id, opportunity_id) = 2)",
            name=op.f("ck_lead_converted"),
        ),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name=op.f("ck_lead_external")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_lead_account_id_account")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_lead_contact_id_contact")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunity.id"], name=op.f("fk_lead_opportunity_id_opportunity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
        sa.UniqueConstraint("external_source", "external_id", name=op.f("uq_lead_external_source_external_id")),
    )


def _indexes() -> None:
    op.create_index("ix_lead_created_at_id", "lead", ["created_at", "id"])
    op.create_index("ix_lead_owner_id_created_at_id", "lead", ["owner_id", "created_at", "id"])
    op.create_index("ix_lead_score_id", "lead", ["score", "id"])
    for name in ("account_id", "contact_id", "opportunity_id", *_HASHES):
        op.create_index(f"ix_lead_{name}", "lead", [name], postgresql_where=sa.text(f"{name} IS NOT NULL"))


def _consents() -> None:
    op.create_table(
        "lead_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lawful_basis", sa.Text(), nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("withdraws", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"lawful_basis IN ({_BASES})", name=op.f("ck_lead_consent_lawful_basis")),
        sa.CheckConstraint(
            "is_granted = (withdraws IS NULL) AND is_granted = (lawful_basis IS NOT NULL)",
            name=op.f("ck_lead_consent_kind"),
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_consent_lead_id_lead")),
        sa.ForeignKeyConstraint(
            ["withdraws"], ["lead_consent.id"], name=op.f("fk_lead_consent_withdraws_lead_consent")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_consent")),
        sa.UniqueConstraint("withdraws", name=op.f("uq_lead_consent_withdraws")),
    )
    op.create_index("ix_lead_consent_lead_id_at_id", "lead_consent", ["lead_id", "at", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_column("activity", "lead_id")
    for table in ("lead_consent", "lead"):
        op.drop_table(table)
    op.execute("DELETE FROM customer_policy WHERE kind = 'lead_score'")
    _allow("'sla', 'grading', 'lifecycle', 'churn'")
