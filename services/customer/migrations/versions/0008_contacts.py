"""Contacts, what they are found by, their consents, and the keys under which their personal values are sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ROLES = "roles <@ ARRAY['decision_maker', 'user', 'finance', 'technical', 'legal', 'other']::text[]"
_BASES = (
    "lawful_basis IN ('consent', 'contract', 'legal_obligation', 'vital_interests', 'public_task', "
    "'legitimate_interests')"
)
_NOW = sa.text("now()")


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("preferred_channel", sa.Text(), nullable=True),
        sa.Column("channels", postgresql.JSONB(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("emails", sa.LargeBinary(), nullable=True),
        sa.Column("phones", sa.LargeBinary(), nullable=True),
        sa.Column("birthday", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(_ROLES, name=op.f("ck_contact_roles")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index("ix_contact_account_id_name_id", "contact", ["account_id", "name", "id"])
    op.create_index("ix_contact_created_at_id", "contact", ["created_at", "id"])
    op.create_index("ix_contact_name_id", "contact", ["name", "id"])


def _found_by() -> None:
    op.create_table(
        "contact_external_id",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_external_id_contact_id_contact"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("source", "external_id", name=op.f("pk_contact_external_id")),
        sa.UniqueConstraint("contact_id", "source", name=op.f("uq_contact_external_id_contact_id_source")),
    )
    op.create_table(
        "contact_point",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("value_index_1", sa.LargeBinary(), nullable=True),
        sa.Column("value_index_2", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("kind IN ('email', 'phone')", name=op.f("ck_contact_point_kind")),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_point_contact_id_contact"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("contact_id", "kind", "number", name=op.f("pk_contact_point")),
    )
    op.create_index("ix_contact_point_value_index_1", "contact_point", ["value_index_1", "kind"])
    op.create_index("ix_contact_point_value_index_2", "contact_point", ["value_index_2", "kind"])


def _consents() -> None:
    op.create_table(
        "contact_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("is_granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lawful_basis", sa.Text(), nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("withdraws", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_BASES, name=op.f("ck_contact_consent_lawful_basis")),
        sa.CheckConstraint(
            "is_granted = (withdraws IS NULL) AND is_granted = (lawful_basis IS NOT NULL)",
            name=op.f("ck_contact_consent_kind"),
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_consent_contact_id_contact")),
        sa.ForeignKeyConstraint(
            ["withdraws"], ["contact_consent.id"], name=op.f("fk_contact_consent_withdraws_contact_consent")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_consent")),
        sa.UniqueConstraint("withdraws", name=op.f("uq_contact_consent_withdraws")),
    )
    op.create_index("ix_contact_consent_contact_id_at_id", "contact_consent", ["contact_id", "at", "id"])


def _keys() -> None:
    op.create_table(
        "data_key",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(wrapped IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_data_key_erased")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_data_key")),
    )


def upgrade() -> None:
    """Apply."""
    _contacts()
    _found_by()
    _consents()
    _keys()


def downgrade() -> None:
    """Take back; contacts are gone with it."""
    for table in ("contact_consent", "contact_point", "contact_external_id", "contact", "data_key"):
        op.drop_table(table)
