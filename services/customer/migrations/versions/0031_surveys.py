"""Surveys, their invitations and answers; how satisfied accounts are, and which of them are to be looked at.

Who answers a survey of recommendation has the account looked at for churn too; a merge lets both accounts be looked at
for satisfaction: the database notes it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.db.key_migrations import build_key_indexes

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_KINDS = "'nps', 'csat', 'ces', 'custom'"
_LEVELS = "'high', 'mid', 'low'"
_ADD_LEVEL = f"""
ALTER TABLE account ADD COLUMN IF NOT EXISTS satisfaction_level text
CONSTRAINT ck_account_satisfaction_level CHECK (satisfaction_level IN ({_LEVELS}))
"""
_OF_ANSWER = """
CREATE OR REPLACE FUNCTION lifecycle_mark_answerer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lifecycle_mark (id, account_id, due_at)
    SELECT gen_random_uuid(), id, NEW.answered_at FROM account_lifecycle WHERE id = NEW.account_id;
    RETURN NULL;
END $$
"""
_ON_ANSWER = """
CREATE OR REPLACE TRIGGER lifecycle_of_answer AFTER INSERT ON survey_answer
FOR EACH ROW WHEN (NEW.kind = 'nps') EXECUTE FUNCTION lifecycle_mark_answerer()
"""
_OF_MERGE = """
CREATE OR REPLACE FUNCTION satisfaction_mark_merged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[] := array_remove(ARRAY[NEW.id, OLD.root_id, NEW.root_id], NULL);
BEGIN
    INSERT INTO satisfaction_mark (id, account_id, due_at)
    SELECT gen_random_uuid(), k.id, NEW.updated_at FROM unnest(ids) AS k (id)
    WHERE EXISTS (SELECT FROM account_satisfaction s WHERE s.id = ANY(ids));
    RETURN NULL;
END $$
"""
_ON_MERGE = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER satisfaction_of_merge AFTER UPDATE OF root_id ON account
FOR EACH ROW WHEN (OLD.root_id IS DISTINCT FROM NEW.root_id) EXECUTE FUNCTION satisfaction_mark_merged()
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_ADD_LEVEL)
    _surveys()
    _invitations()
    _answers()
    _satisfaction()
    for statement in (_OF_ANSWER, _ON_ANSWER, _OF_MERGE, _ON_MERGE):
        op.execute(statement)
    with op.get_context().autocommit_block():
        build_key_indexes("survey", "1.1", ("name",))


def _surveys() -> None:
    op.create_table(
        "survey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channels", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("questions", postgresql.JSONB(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        *_key_columns(),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_survey_kind")),
        sa.CheckConstraint("valid_days BETWEEN 1 AND 365", name=op.f("ck_survey_valid_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
    )
    op.create_index("ix_survey_created_at_id", "survey", ["created_at", "id"])


def _key_columns() -> list[sa.Column[str]]:
    return [
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
    ]


def _about() -> list[sa.Column[Any]]:
    return [
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("product_line", sa.Text(), nullable=True),
        sa.Column("promotion_id", sa.Uuid(), nullable=True),
    ]


def _invitations() -> None:
    op.create_table(
        "survey_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        *_about(),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(token_sha256) = 32", name=op.f("ck_survey_invitation_token")),
        sa.CheckConstraint("expires_at > invited_at", name=op.f("ck_survey_invitation_expires")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_invitation_survey_id_survey")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_survey_invitation_contact_id_contact")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_survey_invitation_account_id_account")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_survey_invitation_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_invitation")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_survey_invitation_token_sha256")),
    )
    for first in ("survey_id", "contact_id"):
        op.create_index(f"ix_survey_invitation_{first}_invited_at_id", "survey_invitation", [first, "invited_at", "id"])
    op.create_table(
        "survey_contact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("last_invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_survey_contact_contact_id_contact")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_survey_contact")),
    )


def _answers() -> None:
    references = {"survey_id": "survey", "invitation_id": "survey_invitation", "contact_id": "contact",
                  "account_id": "account", "order_id": "orders", "case_id": "service_case"}  # fmt: skip
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        *_about(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("twelfths", sa.Integer(), nullable=True),
        sa.Column("choices", postgresql.JSONB(), nullable=False),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_survey_answer_kind")),
        sa.CheckConstraint(
            "(kind = 'custom') = (score IS NULL) AND (score IS NULL OR (kind = 'nps' AND score BETWEEN 0 AND 10) "
            "OR (kind = 'csat' AND score BETWEEN 1 AND 5) OR (kind = 'ces' AND score BETWEEN 1 AND 7))",
            name=op.f("ck_survey_answer_score"),
        ),
        sa.CheckConstraint(
            "(score IS NULL) = (twelfths IS NULL) AND twelfths BETWEEN 0 AND 1200",
            name=op.f("ck_survey_answer_twelfths"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_survey_answer_{column}_{table}"))
            for column, table in references.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_survey_answer_invitation_id")),
    )
    for columns in (
        ["account_id", "answered_at", "id"],
        ["account_id", "business_date"],
        ["survey_id", "business_date", "id"],
        ["survey_id", "answered_at", "id"],
    ):
        op.create_index(f"ix_survey_answer_{'_'.join(columns)}", "survey_answer", columns)


def _satisfaction() -> None:
    op.create_table(
        "account_satisfaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"level IN ({_LEVELS})", name=op.f("ck_account_satisfaction_level")),
        sa.CheckConstraint(
            "(level IS NULL) = (sample_size = 0) AND (score IS NULL) = (sample_size = 0) AND score BETWEEN 0 AND 100",
            name=op.f("ck_account_satisfaction_figures"),
        ),
        sa.ForeignKeyConstraint(["id"], ["account.id"], name=op.f("fk_account_satisfaction_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_satisfaction")),
    )
    op.create_index(
        "ix_account_satisfaction_due_at",
        "account_satisfaction",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "satisfaction_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_satisfaction_mark")),
    )
    op.create_index("ix_satisfaction_mark_due_at", "satisfaction_mark", ["due_at"])


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER IF EXISTS satisfaction_of_merge ON account")
    for table in (
        "satisfaction_mark",
        "account_satisfaction",
        "survey_answer",
        "survey_contact",
        "survey_invitation",
        "survey",
    ):
        op.drop_table(table)
    for function in ("satisfaction_mark_merged()", "lifecycle_mark_answerer()"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    op.drop_column("account", "satisfaction_level")
    op.execute("DELETE FROM due_failure WHERE name IN ('satisfaction', 'satisfaction_mark')")
