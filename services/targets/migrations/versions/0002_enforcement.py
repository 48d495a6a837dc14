"""What may never be: children that do not sum to their parent, memberships that overlap."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEEP_SUM = """
CREATE FUNCTION target_keep_children_sum() RETURNS trigger LANGUAGE plpgsql AS $$
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
                  SELECT p.id, 0 FROM decomposition p JOIN after_rows a ON p.target_id = a.id
                  JOIN before_rows b ON b.id = a.id WHERE a.amount <> b.amount
                  UNION ALL
                  SELECT p.id, 0 FROM decomposition p JOIN before_rows b ON p.target_id = b.id
                  WHERE NOT EXISTS (SELECT 1 FROM after_rows a WHERE a.id = b.id)
              ) changes GROUP BY id HAVING sum(delta) <> 0 OR bool_or(delta = 0)) c
        WHERE d.id = c.id;
    END IF;
    RETURN NULL;
END $$
"""
_COMPARE_SUM = """
CREATE FUNCTION decomposition_compare_sum() RETURNS trigger LANGUAGE plpgsql AS $$
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
_NO_OVERLAP = """
CREATE FUNCTION membership_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The row lock makes two transactions see each other's memberships.
    PERFORM 1 FROM member WHERE id = NEW.member_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1 FROM membership m WHERE m.member_id = NEW.member_id AND m.valid_from <> NEW.valid_from
        AND daterange(m.valid_from, m.valid_to) && daterange(NEW.valid_from, NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'memberships of % overlap', NEW.member_id
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ex_membership_overlap';
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = (
    "CREATE TRIGGER target_sum_insert AFTER INSERT ON target REFERENCING NEW TABLE AS after_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION target_keep_children_sum()",
    "CREATE TRIGGER target_sum_delete AFTER DELETE ON target REFERENCING OLD TABLE AS before_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION target_keep_children_sum()",
    "CREATE TRIGGER target_sum_update AFTER UPDATE ON target "
    "REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION target_keep_children_sum()",
    "CREATE CONSTRAINT TRIGGER decomposition_sum AFTER INSERT OR UPDATE OF amount, children_sum, target_id "
    "ON decomposition DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION decomposition_compare_sum()",
    "CREATE CONSTRAINT TRIGGER membership_overlap AFTER INSERT OR UPDATE ON membership "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION membership_no_overlap()",
)


def upgrade() -> None:
    """Apply."""
    for statement in (_KEEP_SUM, _COMPARE_SUM, _NO_OVERLAP, *_TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER membership_overlap ON membership")
    op.execute("DROP TRIGGER decomposition_sum ON decomposition")
    for event in ("update", "delete", "insert"):
        op.execute(f"DROP TRIGGER target_sum_{event} ON target")
    for function in ("membership_no_overlap", "decomposition_compare_sum", "target_keep_children_sum"):
        op.execute(f"DROP FUNCTION {function}()")
