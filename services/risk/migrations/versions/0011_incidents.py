"""Incidents and their versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CLASSES = "'market', 'customer', 'competition', 'policy', 'operation', 'credit', 'supply', 'compliance'"
_STATES = "'recorded', 'analysed', 'closed'"


def _facts() -> list[sa.Column[object]]:
    return [
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("discovered_on", sa.Date(), nullable=False),
        sa.Column("risk_class", sa.Text(), nullable=False),
        sa.Column("risk_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("gross_loss", sa.BigInteger(), nullable=False),
        sa.Column("recoveries", sa.BigInteger(), nullable=False),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
    ]


def _checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(f"risk_class IN ({_CLASSES})", name=op.f(f"ck_{table}_risk_class")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f(f"ck_{table}_state")),
        sa.CheckConstraint("occurred_on <= discovered_on", name=op.f(f"ck_{table}_dates")),
        sa.CheckConstraint("recoveries BETWEEN 0 AND gross_loss", name=op.f(f"ck_{table}_recoveries")),
    ]


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        *_facts(),
        *_checks("incident"),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_incident_risk_id_risk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("external_id", name=op.f("uq_incident_external_id")),
    )
    op.create_index("ix_incident_created_at_id", "incident", ["created_at", "id"])
    op.create_index("ix_incident_occurred_on_id", "incident", ["occurred_on", "id"])
    op.create_index("ix_incident_owner_id_created_at_id", "incident", ["owner_id", "created_at", "id"])
    op.create_index("ix_incident_risk_id", "incident", ["risk_id"])
    op.create_table(
        "incident_version",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_facts(),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        *_checks("incident_version"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_version_incident_id_incident")
        ),
        sa.PrimaryKeyConstraint("incident_id", "version", name=op.f("pk_incident_version")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("incident_version")
    op.drop_table("incident")
