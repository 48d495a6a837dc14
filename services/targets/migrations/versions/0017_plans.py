"""Plans: copies of active trees, which count nowhere; an edit of what was proposed or approved makes its plan open."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BRANCH = """
-- widens: the column is new, no row belongs to a plan
ALTER TABLE target ADD CONSTRAINT ck_target_branch CHECK (
    plan_id IS NULL OR (state <> 'active' AND external_id IS NULL AND due_at IS NULL)
) NOT VALID
"""
_REOPEN = """
CREATE FUNCTION target_plan_reopen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE target_plan SET state = 'open', proposed_by = NULL, approved_by = NULL, version = version + 1,
        updated_at = NEW.updated_at
    WHERE id = NEW.plan_id AND state IN ('proposed', 'approved');
    RETURN NULL;
END $$
"""
_TRIGGER = """
-- widens: only roots of plans, of which there are none yet
CREATE TRIGGER target_plan_edited AFTER UPDATE OF state ON target FOR EACH ROW
WHEN (NEW.plan_id IS NOT NULL AND NEW.parent_id IS NULL AND NEW.state = 'draft'
      AND OLD.state IN ('proposed', 'approved'))
EXECUTE FUNCTION target_plan_reopen()
"""
_OF_PLAN = "IN (SELECT id FROM target WHERE plan_id IS NOT NULL)"
_NO_PLANS = (
    f"DELETE FROM target_commit WHERE target_id {_OF_PLAN}",
    f"DELETE FROM two_way_table WHERE target_id {_OF_PLAN}",
    "WITH plans AS (DELETE FROM target_plan RETURNING branch_id), "
    "branches AS (DELETE FROM target WHERE plan_id IS NOT NULL) "
    "DELETE FROM decomposition WHERE root_id IN (SELECT branch_id FROM plans)",
)
_BESIDE: dict[str, Any] = {"postgresql_concurrently": True, "if_not_exists": True}


def _index_names() -> None:
    op.create_index("ix_target_plan_grams", "target_plan", [sa.text("text_grams(search_key)")], postgresql_using="gin")
    op.create_index("ix_target_plan_name_folded", "target_plan", [sa.text("split_part(search_key, chr(10), 1)")])
    op.create_index("ix_target_plan_name_sort_id", "target_plan", ["name_sort", "id"])
    op.create_index(
        "ix_target_plan_to_key",
        "target_plan",
        ["id"],
        postgresql_where=sa.text("keyed_of IS DISTINCT FROM '1.1 ' || coalesce(name, '')"),
    )
    op.create_index("ix_target_plan_unkeyed", "target_plan", ["id"], postgresql_where=sa.text("search_key IS NULL"))


def upgrade() -> None:
    """Apply; nobody waits while the index is built."""
    for name, kind in (("plan_id", sa.Uuid()), ("origin_id", sa.Uuid()), ("base_amount", sa.BigInteger())):
        op.add_column("target", sa.Column(name, kind, nullable=True))
    op.add_column("target", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.add_column("decomposition", sa.Column("carried", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("decomposition", sa.Column("origin_id", sa.Uuid(), nullable=True))
    op.add_column("two_way_table", sa.Column("origin_id", sa.Uuid(), nullable=True))
    op.create_table(
        "target_plan",
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("base_revision", sa.Integer(), nullable=False),
        sa.Column("authored_by", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("promoted_by", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("carry", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'proposed', 'approved', 'promoted', 'dropped')", name=op.f("ck_target_plan_state")
        ),
        sa.CheckConstraint("carry IN ('none', 'gap')", name=op.f("ck_target_plan_carry")),
        sa.ForeignKeyConstraint(["branch_id"], ["target.id"], name=op.f("fk_target_plan_branch_id_target")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_plan")),
    )
    _index_names()
    op.create_index("ix_target_plan_root_id", "target_plan", ["root_id", "state"])
    op.create_index("ix_target_plan_branch_id", "target_plan", ["branch_id"], unique=True)
    op.execute(_BRANCH)
    op.execute(_REOPEN)
    op.execute(_TRIGGER)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE target VALIDATE CONSTRAINT ck_target_branch")
        op.create_index(
            "ix_target_plan_id", "target", ["plan_id"], postgresql_where=sa.text("plan_id IS NOT NULL"), **_BESIDE
        )


def downgrade() -> None:
    """Take back; the plans go, as their targets would count."""
    for statement in _NO_PLANS:
        op.execute(statement)
    op.execute("DROP TRIGGER target_plan_edited ON target")
    op.execute("DROP FUNCTION target_plan_reopen()")
    with op.get_context().autocommit_block():
        op.drop_index("ix_target_plan_id", table_name="target", postgresql_concurrently=True, if_exists=True)
    op.drop_constraint(op.f("ck_target_branch"), "target", type_="check")
    op.drop_table("target_plan")
    op.drop_column("two_way_table", "origin_id")
    for name in ("origin_id", "carried"):
        op.drop_column("decomposition", name)
    for name in ("revision", "base_amount", "origin_id", "plan_id"):
        op.drop_column("target", name)
