"""Claims that are evidence of a conflict."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_ALLOW = """
-- widens: a word is added
-- squawk-ignore ban-drop-constraint
ALTER TABLE conflict_evidence DROP CONSTRAINT ck_conflict_evidence_subject,
    ADD CONSTRAINT ck_conflict_evidence_subject CHECK (subject IN ({})) NOT VALID
"""
_VALIDATE = "ALTER TABLE conflict_evidence VALIDATE CONSTRAINT ck_conflict_evidence_subject"


def _allow(words: str) -> None:
    op.execute(_ALLOW.format(words))
    with op.get_context().autocommit_block():
        op.execute(_VALIDATE)


def upgrade() -> None:
    """Apply."""
    _allow("'order', 'opportunity', 'deal'")


def downgrade() -> None:
    """Take back: what shows no orders and no opportunities is not known then."""
    op.execute("DELETE FROM conflict_evidence WHERE subject = 'deal'")
    _allow("'order', 'opportunity'")
