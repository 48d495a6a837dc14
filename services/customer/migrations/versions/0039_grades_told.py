"""Grades that accounts were given, for their timelines: the database notes them, whichever release grades."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_GRADES = "'A', 'B', 'C', 'D'"
_ENTRIES = """
    INSERT INTO account_grade (id, account_id, run_id, former, grade, as_of, recorded_at)
    SELECT md5(concat_ws(' ', s.run_id, s.account_id))::uuid, s.account_id, s.run_id, s.former, s.grade, {as_of}, {at}
    FROM grade_result s{joined} AND s.former IS DISTINCT FROM s.grade
    ON CONFLICT (id) DO NOTHING
"""
_OF_RUN = f"""
CREATE OR REPLACE FUNCTION account_grades_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{_ENTRIES.format(as_of="NEW.as_of", at="NEW.updated_at", joined=" WHERE s.run_id = NEW.id")};
    RETURN NULL;
END $$
"""
_ON_RUN = """
CREATE OR REPLACE TRIGGER account_grades_of_run AFTER UPDATE OF sample_size ON grading_run
FOR EACH ROW WHEN (OLD.sample_size IS NULL AND NEW.sample_size IS NOT NULL AND NEW.dry_reason IS NULL)
EXECUTE FUNCTION account_grades_of_run()
"""
_BEFORE = " JOIN grading_run r ON r.id = s.run_id WHERE r.sample_size IS NOT NULL AND r.dry_reason IS NULL"
_FILL = _ENTRIES.format(as_of="r.as_of", at="r.updated_at", joined=_BEFORE)


def upgrade() -> None:
    """Apply; what runs said before is taken over, as of when they were asked for."""
    op.create_table(
        "account_grade",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("former", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"former IN ({_GRADES})", name=op.f("ck_account_grade_former")),
        sa.CheckConstraint(f"grade IN ({_GRADES})", name=op.f("ck_account_grade_grade")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_grade")),
    )
    op.create_index("ix_account_grade_account_id_recorded_at_id", "account_grade", ["account_id", "recorded_at", "id"])
    for statement in (_OF_RUN, _ON_RUN, _FILL):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER IF EXISTS account_grades_of_run ON grading_run")
    op.execute("DROP FUNCTION IF EXISTS account_grades_of_run()")
    op.drop_table("account_grade")
