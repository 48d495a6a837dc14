"""Rebate programmes in versions: what each of them holds of an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.key_migrations import build_index, drop_indexes

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_LINEAGE = """
ALTER TABLE rebate_programme ADD CONSTRAINT ck_rebate_programme_lineage
  CHECK ((revision = 1) = (lineage_id IS NULL) AND (revision = 1) = (lineage_version IS NULL)) NOT VALID
"""


def upgrade() -> None:
    """Apply; what is there is a first version."""
    op.add_column("rebate_programme", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.add_column("rebate_programme", sa.Column("lineage_id", sa.Uuid(), nullable=True))
    op.add_column("rebate_programme", sa.Column("lineage_version", sa.Integer(), nullable=True))
    op.add_column("rebate_accrual", sa.Column("lineage", JSONB(), nullable=True))
    op.create_table(
        "rebate_layer",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.Column("focus", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "programme_id", name=op.f("pk_rebate_layer")),
    )
    op.execute(_LINEAGE)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE rebate_programme VALIDATE CONSTRAINT ck_rebate_programme_lineage")
        build_index(
            "uq_rebate_programme_lineage_id_revision",
            "rebate_programme",
            ["lineage_id", "revision"],
            unique=True,
            postgresql_where=sa.text("lineage_id IS NOT NULL"),
        )


def downgrade() -> None:
    """Take back; later versions are programmes of their own then."""
    with op.get_context().autocommit_block():
        drop_indexes("rebate_programme", "uq_rebate_programme_lineage_id_revision")
    op.drop_constraint("ck_rebate_programme_lineage", "rebate_programme")
    op.drop_table("rebate_layer")
    op.drop_column("rebate_accrual", "lineage")
    for name in ("lineage_version", "lineage_id", "revision"):
        op.drop_column("rebate_programme", name)
