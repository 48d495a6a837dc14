"""What is kept of partners: contacts, sealed, documents, tasks, entries; how they are screened and trained."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.key_migrations import build_code_index, build_key_indexes, forbid_code_twins

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_INDEXES = ("email_index_1", "email_index_2", "phone_index_1", "phone_index_2")
_ROLES = "'owner', 'sales', 'technical', 'service', 'finance', 'legal', 'logistics', 'other'"

_STATES = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE partner DROP CONSTRAINT ck_partner_state,
  ADD CONSTRAINT ck_partner_state CHECK (state IN ({states})) NOT VALID
"""


def _owned() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
    ]


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _days(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=nullable) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=nullable) for name in names]


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _add_contacts() -> None:
    op.create_table(
        "data_key",
        *_ids("person_id"),
        *_text("key_id"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(wrapped IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_data_key_erased")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_data_key")),
    )
    op.create_table(
        "partner_contact",
        *_owned(),
        *_ids("partner_id"),
        *_text("name"),
        *_text("title", nullable=True),
        *_text("role"),
        _flag("is_archived"),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in ("email", "phone", *_INDEXES)),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.CheckConstraint(f"role IN ({_ROLES})", name=op.f("ck_partner_contact_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_contact")),
    )
    for name in _INDEXES:
        known = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_partner_contact_{name}", "partner_contact", [name], postgresql_where=known)


def _add_documents() -> None:
    op.create_table(
        "partner_document",
        *_owned(),
        *_ids("partner_id"),
        *_text("kind", "number"),
        _flag("is_mandatory"),
        *_days("valid_to", nullable=True),
        *_text("reference"),
        *_text("sha256", nullable=True),
        *_days("warned_on", nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "due_at IS NULL OR (valid_to IS NOT NULL AND warned_on IS NULL)", name=op.f("ck_partner_document_due_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_document")),
        sa.UniqueConstraint("partner_id", "kind", "number", name=op.f("uq_partner_document_partner_id_kind_number")),
    )
    folded = sa.text('lower(number COLLATE "C")')
    op.create_index("ix_partner_document_number_folded_id", "partner_document", [folded, "id"])
    op.create_index("ix_partner_document_valid_to_id", "partner_document", ["valid_to", "id"])
    op.create_index("ix_partner_document_created_at_id", "partner_document", ["created_at", "id"])
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_partner_document_due_at", "partner_document", ["due_at"], postgresql_where=due)


def _add_tasks() -> None:
    op.create_table(
        "partner_task",
        *_owned(),
        *_ids("partner_id"),
        *_text("subject"),
        _flag("is_mandatory"),
        *_days("due_on", nullable=True),
        *_text("note", "state"),
        *_days("done_on", nullable=True),
        *_text("done_by", nullable=True),
        sa.CheckConstraint("state IN ('open', 'done')", name=op.f("ck_partner_task_state")),
        sa.CheckConstraint(
            "(state = 'done') = (done_on IS NOT NULL) AND (state = 'done') = (done_by IS NOT NULL)",
            name=op.f("ck_partner_task_done"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_task")),
    )
    op.create_index("ix_partner_task_partner_id_created_at_id", "partner_task", ["partner_id", "created_at", "id"])
    op.create_index("ix_partner_task_created_at_id", "partner_task", ["created_at", "id"])
    op.create_index("ix_partner_task_due_on_id", "partner_task", ["due_on", "id"])


def _add_logs() -> None:
    op.create_table(
        "partner_log",
        *_owned(),
        *_ids("partner_id"),
        *_ids("contact_id", nullable=True),
        *_text("kind"),
        *_days("happened_on"),
        *_text("note"),
        *_days("follow_up_on", nullable=True),
        *_text("state", "outcome", "written_by"),
        sa.CheckConstraint("kind IN ('contact', 'need')", name=op.f("ck_partner_log_kind")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_partner_log_state")),
        sa.CheckConstraint("happened_on <= follow_up_on", name=op.f("ck_partner_log_follow_up_on")),
        sa.CheckConstraint("state = 'closed' OR follow_up_on IS NOT NULL", name=op.f("ck_partner_log_open")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_log")),
    )
    op.create_index("ix_partner_log_partner_id_happened_on_id", "partner_log", ["partner_id", "happened_on", "id"])
    op.create_index("ix_partner_log_happened_on_id", "partner_log", ["happened_on", "id"])
    op.create_index("ix_partner_log_follow_up_on_id", "partner_log", ["follow_up_on", "id"])


def _add_screenings() -> None:
    op.create_table(
        "partner_criteria",
        *_owned(),
        *_numbers("criteria_version", nullable=True),
        sa.Column("criteria", JSONB(), nullable=False),
        sa.Column("group_minimums", JSONB(), nullable=False),
        *_numbers("pass_mark"),
        *_text("state", "written_by"),
        *_text("published_by", nullable=True),
        *_days("published_on", nullable=True),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_partner_criteria_state")),
        sa.CheckConstraint(
            "num_nulls(criteria_version, published_by, published_on) = CASE state WHEN 'published' THEN 0 ELSE 3 END",
            name=op.f("ck_partner_criteria_published"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_criteria")),
        sa.UniqueConstraint("criteria_version", name=op.f("uq_partner_criteria_criteria_version")),
    )
    op.create_index("ix_partner_criteria_created_at_id", "partner_criteria", ["created_at", "id"])
    op.create_table(
        "partner_screening",
        *_owned(),
        *_ids("partner_id"),
        *_numbers("criteria_version"),
        *_text("state"),
        sa.Column("scores", JSONB(), nullable=False),
        *_numbers("score", nullable=True),
        sa.Column("is_passed", sa.Boolean(), nullable=True),
        sa.Column("failures", sa.ARRAY(sa.Text()), nullable=False),
        *_text("opened_by"),
        sa.Column("scored_by", sa.ARRAY(sa.Text()), nullable=False),
        *_text("decided_by", nullable=True),
        *_days("decided_on", nullable=True),
        *_text("decision_note"),
        sa.CheckConstraint("state IN ('open', 'approved', 'rejected')", name=op.f("ck_partner_screening_state")),
        sa.CheckConstraint("(score IS NULL) = (is_passed IS NULL)", name=op.f("ck_partner_screening_score")),
        sa.CheckConstraint(
            "num_nulls(decided_by, decided_on) = CASE state WHEN 'open' THEN 2 ELSE 0 END",
            name=op.f("ck_partner_screening_decided"),
        ),
        sa.CheckConstraint("state <> 'approved' OR is_passed IS TRUE", name=op.f("ck_partner_screening_approved")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_screening")),
    )
    columns, is_open = ["partner_id"], sa.text("state = 'open'")
    op.create_index("uq_partner_screening_open", "partner_screening", columns, unique=True, postgresql_where=is_open)
    columns = ["partner_id", "created_at", "id"]
    op.create_index("ix_partner_screening_partner_id_created_at_id", "partner_screening", columns)
    op.create_index("ix_partner_screening_created_at_id", "partner_screening", ["created_at", "id"])


def _add_trainings() -> None:
    op.create_table(
        "training",
        *_owned(),
        *_text("code", "name"),
        *_days("held_on"),
        *_text("certificate_kind", nullable=True),
        sa.Column("attendance", JSONB(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
        sa.UniqueConstraint("code", name=op.f("uq_training_code")),
    )
    op.create_index("ix_training_held_on_id", "training", ["held_on", "id"])
    op.create_index(
        "ix_training_attendance",
        "training",
        ["attendance"],
        postgresql_using="gin",
        postgresql_ops={"attendance": "jsonb_path_ops"},
    )


def _allow(states: str) -> None:
    """Nobody waits while the rows are read: they are checked in a transaction of its own."""
    op.execute(_STATES.format(states=states))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE partner VALIDATE CONSTRAINT ck_partner_state")


def upgrade() -> None:
    """Apply."""
    _add_contacts()
    _add_documents()
    _add_tasks()
    _add_logs()
    _add_screenings()
    _add_trainings()
    _allow("'applied', 'screening', 'approved', 'active', 'suspended', 'terminated'")
    with op.get_context().autocommit_block():
        build_key_indexes("partner_contact", "1.1", ("name",), "partner_id")
        build_key_indexes("training", "1.1", ("name", "code"))
        build_code_index("training", "code")
        forbid_code_twins("training", "code")


def downgrade() -> None:
    """Take back; contacts are gone with it. Partners that were screened have applied, a terminated one is suspended."""
    op.execute("UPDATE partner SET state = 'applied' WHERE state IN ('screening', 'approved')")
    op.execute("UPDATE partner SET state = 'suspended' WHERE state = 'terminated'")
    _allow("'applied', 'active', 'suspended'")
    for table in (
        "training",
        "partner_screening",
        "partner_criteria",
        "partner_log",
        "partner_task",
        "partner_document",
        "partner_contact",
        "data_key",
    ):
        op.drop_table(table)
