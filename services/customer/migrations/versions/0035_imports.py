"""Imports of files: what they are, the pieces of their files, what became of their rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_COUNTS = ("done", "created", "updated", "unchanged", "failed", "reverted", "kept")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "import_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("encoding", sa.Text(), nullable=True),
        sa.Column("delimiter", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("columns", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("mapping", JSONB(), nullable=True),
        sa.Column("constants", JSONB(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("options", JSONB(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_detail", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('accounts', 'contacts', 'orders', 'payments', 'leads', 'opportunities')",
            name=op.f("ck_import_run_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'running', 'succeeded', 'failed', 'cancelled', 'reverting', 'reverted')",
            name=op.f("ck_import_run_state"),
        ),
        sa.CheckConstraint("format IN ('csv', 'xlsx')", name=op.f("ck_import_run_format")),
        sa.CheckConstraint("encoding IN ('utf-8', 'gb18030')", name=op.f("ck_import_run_encoding")),
        sa.CheckConstraint("(due_at IS NULL) = (purged_at IS NOT NULL)", name=op.f("ck_import_run_purged")),
        sa.CheckConstraint("done = created + updated + unchanged", name=op.f("ck_import_run_done")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_created_at_id", "import_run", ["created_at", "id"])
    op.create_index("ix_import_run_owner_id_created_at_id", "import_run", ["owner_id", "created_at", "id"])
    op.create_index("ix_import_run_created_by_created_at_id", "import_run", ["created_by", "created_at", "id"])
    op.create_index("ix_import_run_due_at", "import_run", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_table(
        "import_chunk",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("part_no", sa.Integer(), nullable=False),
        sa.Column("chunk_no", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("part_no > 0 AND size > 0", name=op.f("ck_import_chunk_part")),
        sa.PrimaryKeyConstraint("import_id", "part_no", "chunk_no", name=op.f("pk_import_chunk")),
    )
    op.create_table(
        "import_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("resource_version", sa.Integer(), nullable=True),
        sa.Column("key_hash", sa.LargeBinary(), nullable=True),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("is_reverted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("kept_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('created', 'updated', 'unchanged', 'failed')", name=op.f("ck_import_row_outcome")
        ),
        sa.PrimaryKeyConstraint("import_id", "row_no", name=op.f("pk_import_row")),
    )
    op.create_index(
        "uq_import_row_import_id_key_hash",
        "import_row",
        ["import_id", "key_hash"],
        unique=True,
        postgresql_where=sa.text("key_hash IS NOT NULL"),
    )
    op.create_index("ix_import_row_import_id_outcome_row_no", "import_row", ["import_id", "outcome", "row_no"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("import_row")
    op.drop_table("import_chunk")
    op.drop_table("import_run")
