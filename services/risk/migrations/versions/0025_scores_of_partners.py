"""Scores of partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_OF_PARTNERS = sa.text("partner_id IS NOT NULL")
_CHECKS = {
    "credit_score": {"subject": "(account_id IS NULL) <> (partner_id IS NULL)"},
    "scoring_run": {"partners": "partners >= 0"},
}


def upgrade() -> None:
    """Apply; nobody waits while old rows are checked or an index is built."""
    op.execute("ALTER TABLE credit_score ADD COLUMN IF NOT EXISTS partner_id uuid")
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE credit_score ALTER COLUMN account_id DROP NOT NULL")
    op.execute("ALTER TABLE scoring_run ADD COLUMN IF NOT EXISTS partners integer")
    for table, checks in _CHECKS.items():
        for name, check in checks.items():
            op.execute(
                "-- widens: what the release before writes has an account, and no partners\n"
                f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({check}) NOT VALID"
            )
    with op.get_context().autocommit_block():
        for table, checks in _CHECKS.items():
            for name in checks:
                op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")
        build_index(
            "uq_credit_score_run_id_partner_id",
            "credit_score",
            ["run_id", "partner_id"],
            unique=True,
            postgresql_where=_OF_PARTNERS,
        )
        build_index(
            "ix_credit_score_partner_id_as_of_id",
            "credit_score",
            ["partner_id", "as_of", "id"],
            postgresql_where=_OF_PARTNERS,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        drop_indexes("credit_score", "uq_credit_score_run_id_partner_id", "ix_credit_score_partner_id_as_of_id")
    op.execute("DELETE FROM credit_score WHERE partner_id IS NOT NULL")
    for table, checks in _CHECKS.items():
        for name in checks:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
    op.execute("ALTER TABLE credit_score ALTER COLUMN account_id SET NOT NULL")
    op.drop_column("credit_score", "partner_id")
    op.drop_column("scoring_run", "partners")
