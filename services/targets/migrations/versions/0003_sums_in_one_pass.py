"""Changed targets are found in one pass: joined with each other, the rows before and after took the square of their
number once a session had planned the statement for a few."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FUNCTION = """
CREATE OR REPLACE FUNCTION target_keep_children_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A change of 0 makes the decompositions of a changed parent be compared again at commit.
    IF TG_OP = 'INSERT' THEN
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM (SELECT decomposition_id, sum(amount)::bigint AS delta FROM after_rows
              WHERE decomposition_id IS NOT NULL GROUP BY decomposition_id) c
        WHERE d.id = c.decomposition_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE decomposition d SET children_sum = d.children_sum + c.delta
        FROM (SELECT id, sum(delta)::bigint AS delta FROM (
                  SELECT decomposition_id AS id, -amount AS delta FROM before_rows WHERE decomposition_id IS NOT NULL
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
                  SELECT p.id, 0 FROM decomposition p {changed}
              ) changes GROUP BY id HAVING sum(delta) <> 0 OR bool_or(delta = 0)) c
        WHERE d.id = c.id;
    END IF;
    RETURN NULL;
END $$
"""
_ONE_PASS = """
                  JOIN (SELECT id FROM (SELECT id, amount AS before, NULL::bigint AS after FROM before_rows
                                        UNION ALL
                                        SELECT id, NULL, amount FROM after_rows) both_rows
                        GROUP BY id HAVING max(before) IS DISTINCT FROM max(after)) changed
                  ON p.target_id = changed.id"""
_JOINED = """JOIN after_rows a ON p.target_id = a.id
                  JOIN before_rows b ON b.id = a.id WHERE a.amount <> b.amount
                  UNION ALL
                  SELECT p.id, 0 FROM decomposition p JOIN before_rows b ON p.target_id = b.id
                  WHERE NOT EXISTS (SELECT 1 FROM after_rows a WHERE a.id = b.id)"""


def upgrade() -> None:
    """Apply."""
    op.execute(_FUNCTION.format(changed=_ONE_PASS))


def downgrade() -> None:
    """Take back."""
    op.execute(_FUNCTION.format(changed=_JOINED))
