"""Stages are read in the order of an index that holds all of them, and by whose the accounts are."""

from __future__ import annotations

from typing import Any

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_BESIDE: dict[str, Any] = {"postgresql_concurrently": True}


def upgrade() -> None:
    """Apply; nobody waits while indexes are built."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_kpi_stage_newest",
            "kpi_stage",
            ["account_id", "day", "sequence"],
            postgresql_include=["owner_id", "stage"],
            if_not_exists=True,
            **_BESIDE,
        )
        op.create_index("ix_kpi_stage_owner_id", "kpi_stage", ["owner_id", "account_id"], if_not_exists=True, **_BESIDE)
        op.drop_index("ix_kpi_stage_account_id_day", "kpi_stage", if_exists=True, **_BESIDE)


def downgrade() -> None:
    """Take back."""
    op.create_index("ix_kpi_stage_account_id_day", "kpi_stage", ["account_id", "day", "sequence"], if_not_exists=True)
    op.drop_index("ix_kpi_stage_owner_id", "kpi_stage", if_exists=True)
    op.drop_index("ix_kpi_stage_newest", "kpi_stage", if_exists=True)
