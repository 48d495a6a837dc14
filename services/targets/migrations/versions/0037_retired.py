"""Decompositions may be retired: their children need not sum to a target that changes later. Denominators of rates sum
in the database, too. Versions tell the planned denominator and their plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_KEEP = """
CREATE OR REPLACE FUNCTION target_keep_children_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A change of 0 makes the decompositions of a changed parent{and_child} be compared again at commit.
    IF TG_OP = 'INSERT' THEN
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM (SELECT decomposition_id, sum(amount)::bigint AS delta FROM (
                  SELECT decomposition_id, amount FROM after_rows WHERE decomposition_id IS NOT NULL
                  UNION ALL
                  SELECT cross_id, amount FROM after_rows WHERE cross_id IS NOT NULL
              ) added GROUP BY decomposition_id) c
        WHERE d.id = c.decomposition_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM (SELECT id, sum(delta)::bigint AS delta FROM (
                  SELECT decomposition_id AS id, -amount AS delta FROM before_rows WHERE decomposition_id IS NOT NULL
                  UNION ALL
                  SELECT cross_id, -amount FROM before_rows WHERE cross_id IS NOT NULL
                  UNION ALL
                  SELECT p.id, 0 FROM decomposition p JOIN before_rows b ON p.target_id = b.id
              ) changes GROUP BY id) c
        WHERE d.id = c.id;
    ELSE
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM (SELECT id, sum(delta)::bigint AS delta FROM (
                  SELECT decomposition_id AS id, -amount AS delta FROM before_rows WHERE decomposition_id IS NOT NULL
                  UNION ALL
                  SELECT decomposition_id, amount FROM after_rows WHERE decomposition_id IS NOT NULL
                  UNION ALL
                  SELECT cross_id, -amount FROM before_rows WHERE cross_id IS NOT NULL
                  UNION ALL
                  SELECT cross_id, amount FROM after_rows WHERE cross_id IS NOT NULL
                  UNION ALL{children}
                  SELECT p.id, 0 FROM decomposition p {joined}
                  JOIN (SELECT id FROM (SELECT id, amount AS before, NULL::bigint AS after{base} FROM before_rows
                                        UNION ALL
                                        SELECT id, NULL, amount{after_base} FROM after_rows) both_rows
                        GROUP BY id HAVING max(before) IS DISTINCT FROM max(after){or_base}) changed
                  ON p.target_id = changed.id
              ) changes GROUP BY id HAVING sum(delta) <> 0 OR bool_or(delta = 0)) c
        WHERE d.id = c.id;
    END IF;
    RETURN NULL;
END $$
"""
_BEFORE = dict.fromkeys(("and_child", "children", "joined", "base", "after_base", "or_base"), "")
_WITH_BASE = {
    **_BEFORE,
    "and_child": ", or child,",
    "children": """
                  SELECT part, 0 FROM (
                      SELECT id, decomposition_id AS part, base AS before, NULL::bigint AS after FROM before_rows
                      WHERE base IS NOT NULL
                      UNION ALL
                      SELECT id, decomposition_id, NULL, base FROM after_rows WHERE base IS NOT NULL
                  ) bases WHERE part IS NOT NULL GROUP BY id, part HAVING max(before) IS DISTINCT FROM max(after)
                  UNION ALL""",
    "base": ", base AS base_before, NULL::bigint AS base_after",
    "after_base": ", NULL, base",
    "or_base": " OR max(base_before) IS DISTINCT FROM max(base_after)",
}
_COMPARED = """
CREATE OR REPLACE FUNCTION decomposition_compare_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing record;
BEGIN
    SELECT d.amount, d.children_sum, t.amount AS parent_amount INTO standing
    FROM decomposition d LEFT JOIN target t ON t.id = d.target_id WHERE d.id = NEW.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF standing.children_sum <> standing.amount OR standing.parent_amount IS DISTINCT FROM standing.amount THEN
        RAISE EXCEPTION 'decomposition %: the children sum to %, it splits %, its target has %',
            NEW.id, standing.children_sum, standing.amount, standing.parent_amount
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_decomposition_children_sum';
    END IF;
    RETURN NULL;
END $$
"""
_COMPARE = """
CREATE OR REPLACE FUNCTION decomposition_compare_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing record;
    bases bigint;
BEGIN
    SELECT d.amount, d.children_sum, d.target_id, d.retired_on, t.amount AS parent_amount, t.base AS parent_base
    INTO standing
    FROM decomposition d LEFT JOIN target t ON t.id = d.target_id WHERE d.id = NEW.id;
    IF NOT FOUND OR standing.retired_on IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF standing.children_sum <> standing.amount OR standing.parent_amount IS DISTINCT FROM standing.amount THEN
        RAISE EXCEPTION 'decomposition %: the children sum to %, it splits %, its target has %',
            NEW.id, standing.children_sum, standing.amount, standing.parent_amount
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_decomposition_children_sum';
    END IF;
    IF standing.parent_base IS NOT NULL THEN
        SELECT sum(c.base) INTO bases FROM target c WHERE c.decomposition_id = NEW.id OR c.cross_id = NEW.id;
        IF bases IS DISTINCT FROM standing.parent_base THEN
            RAISE EXCEPTION 'decomposition %: the bases of the children sum to %, its target has %',
                NEW.id, bases, standing.parent_base
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_decomposition_bases_sum';
        END IF;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("decomposition", sa.Column("retired_on", sa.Date(), nullable=True))
    op.add_column("target_version", sa.Column("base", sa.BigInteger(), nullable=True))
    op.add_column("target_version", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.execute(_KEEP.format(**_WITH_BASE))
    op.execute(_COMPARE)


def downgrade() -> None:
    """Take back."""
    op.execute(_COMPARED)
    op.execute(_KEEP.format(**_BEFORE))
    op.drop_column("target_version", "plan_id")
    op.drop_column("target_version", "base")
    op.drop_column("decomposition", "retired_on")
