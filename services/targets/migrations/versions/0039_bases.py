"""Decompositions of before whose denominators do not sum are marked, and stay: what is written from now on sums."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_COMPARE = """
CREATE OR REPLACE FUNCTION decomposition_compare_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing record;
    bases bigint;
BEGIN
    SELECT d.amount, d.children_sum, d.target_id, d.retired_on, {mark}t.amount AS parent_amount, t.base AS parent_base
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
    IF standing.parent_base IS NOT NULL{marked} THEN
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
_MARK = """
UPDATE decomposition d SET bases_sum = false FROM target t
WHERE t.id = d.target_id AND t.base IS NOT NULL AND d.retired_on IS NULL
  AND t.base IS DISTINCT FROM (SELECT sum(c.base) FROM target c WHERE c.decomposition_id = d.id OR c.cross_id = d.id)
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("decomposition", sa.Column("bases_sum", sa.Boolean(), server_default="true", nullable=False))
    op.execute(_COMPARE.format(mark="d.bases_sum, ", marked=" AND standing.bases_sum"))
    op.execute(_MARK)


def downgrade() -> None:
    """Take back."""
    op.execute(_COMPARE.format(mark="", marked=""))
    op.drop_column("decomposition", "bases_sum")
