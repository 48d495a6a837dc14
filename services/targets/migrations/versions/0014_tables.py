"""Tables: cells that sum to the children of two decompositions, both sums kept by the same triggers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_FUNCTION = """
CREATE OR REPLACE FUNCTION target_keep_children_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A change of 0 makes the decompositions of a changed parent be compared again at commit.
    IF TG_OP = 'INSERT' THEN
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM ({inserted}) c
        WHERE d.id = c.decomposition_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM (SELECT id, sum(delta)::bigint AS delta FROM (
                  SELECT decomposition_id AS id, -amount AS delta FROM before_rows {left}
                  UNION ALL
                  SELECT p.id, 0 FROM decomposition p JOIN before_rows b ON p.target_id = b.id
              ) changes GROUP BY id) c
        WHERE d.id = c.id;
    ELSE
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM (SELECT id, sum(delta)::bigint AS delta FROM (
                  SELECT decomposition_id AS id, -amount AS delta FROM before_rows WHERE decomposition_id IS NOT NULL
                  UNION ALL
                  SELECT decomposition_id, amount FROM after_rows WHERE decomposition_id IS NOT NULL{changed}
                  UNION ALL
                  SELECT p.id, 0 FROM decomposition p {joined}
                  JOIN (SELECT id FROM (SELECT id, amount AS before, NULL::bigint AS after FROM before_rows
                                        UNION ALL
                                        SELECT id, NULL, amount FROM after_rows) both_rows
                        GROUP BY id HAVING max(before) IS DISTINCT FROM max(after)) changed
                  ON p.target_id = changed.id
              ) changes GROUP BY id HAVING sum(delta) <> 0 OR bool_or(delta = 0)) c
        WHERE d.id = c.id;
    END IF;
    RETURN NULL;
END $$
"""
_ONE = {
    "inserted": """SELECT decomposition_id, sum(amount)::bigint AS delta FROM after_rows
              WHERE decomposition_id IS NOT NULL GROUP BY decomposition_id""",
    "left": "WHERE decomposition_id IS NOT NULL",
    "changed": "",
    "joined": "",
}
_LEFT = """
                  UNION ALL
                  SELECT cross_id, -amount FROM before_rows WHERE cross_id IS NOT NULL"""
_BOTH = {
    "inserted": """SELECT decomposition_id, sum(amount)::bigint AS delta FROM (
                  SELECT decomposition_id, amount FROM after_rows WHERE decomposition_id IS NOT NULL
                  UNION ALL
                  SELECT cross_id, amount FROM after_rows WHERE cross_id IS NOT NULL
              ) added GROUP BY decomposition_id""",
    "left": f"WHERE decomposition_id IS NOT NULL{_LEFT}",
    "changed": f"""{_LEFT}
                  UNION ALL
                  SELECT cross_id, amount FROM after_rows WHERE cross_id IS NOT NULL""",
    "joined": "",
}
_COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("cross_id", sa.Uuid()),
    ("cross_key", sa.Text()),
    ("fitted", sa.BigInteger()),
)
_BESIDE: dict[str, Any] = {"postgresql_concurrently": True, "if_not_exists": True}


def upgrade() -> None:
    """Apply; nobody waits while indexes are built."""
    for name, kind in _COLUMNS:
        op.add_column("target", sa.Column(name, kind, nullable=True))
    op.add_column("decomposition", sa.Column("table_id", sa.Uuid(), nullable=True))
    op.add_column("decomposition", sa.Column("is_cross", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "two_way_table",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("row_decomposition_id", sa.Uuid(), nullable=False),
        sa.Column("column_decomposition_id", sa.Uuid(), nullable=False),
        sa.Column("row_dimension", sa.Text(), nullable=False),
        sa.Column("column_dimension", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("drivers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rounding", sa.Text(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("error", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rounding IN ('controlled', 'nearest')", name=op.f("ck_two_way_table_rounding")),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_two_way_table_target_id_target")),
        sa.ForeignKeyConstraint(
            ["row_decomposition_id"],
            ["decomposition.id"],
            name=op.f("fk_two_way_table_row_decomposition_id_decomposition"),
        ),
        sa.ForeignKeyConstraint(
            ["column_decomposition_id"],
            ["decomposition.id"],
            name=op.f("fk_two_way_table_column_decomposition_id_decomposition"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_two_way_table")),
    )
    op.create_index("ix_two_way_table_target_id", "two_way_table", ["target_id", "created_at"])
    op.execute(_FUNCTION.format(**_BOTH))
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_target_cross",
            "target",
            ["cross_id", "cross_key"],
            unique=True,
            postgresql_where=sa.text("cross_id IS NOT NULL"),
            **_BESIDE,
        )
        op.create_index(
            "ix_decomposition_table_id",
            "decomposition",
            ["table_id"],
            postgresql_where=sa.text("table_id IS NOT NULL"),
            **_BESIDE,
        )


def downgrade() -> None:
    """Take back; the cells stay as children of their rows, the cross decompositions go."""
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_decomposition_table_id", table_name="decomposition", postgresql_concurrently=True, if_exists=True
        )
        op.drop_index("uq_target_cross", table_name="target", postgresql_concurrently=True, if_exists=True)
    op.drop_table("two_way_table")
    op.execute("DELETE FROM decomposition WHERE is_cross")
    op.execute(_FUNCTION.format(**_ONE))
    op.drop_column("decomposition", "is_cross")
    op.drop_column("decomposition", "table_id")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("target", name)
