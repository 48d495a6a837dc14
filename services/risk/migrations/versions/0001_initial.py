"""initial"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account_directory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_directory")),
    )
    op.create_index(op.f("ix_account_directory_owner_id"), "account_directory", ["owner_id"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_resource", "audit_log", ["resource", "resource_id", "id"], unique=False)
    op.create_table(
        "consumer_offset",
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("grp", "topic", "partition", name=op.f("pk_consumer_offset")),
    )
    op.create_table(
        "credit_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("placement", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=True),
        sa.Column("exposure_before", sa.BigInteger(), nullable=False),
        sa.Column("shortfall", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("source_event_id", sa.Uuid(), nullable=False),
        sa.Column("fact_event_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('automatic', 'refused', 'override')", name=op.f("ck_credit_decision_decision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_decision")),
        sa.UniqueConstraint("source_event_id", name=op.f("uq_credit_decision_source_event_id")),
    )
    op.create_index(
        "ix_credit_decision_account_id_decided_at_id",
        "credit_decision",
        ["account_id", "decided_at", "id"],
        unique=False,
    )
    op.create_index("ix_credit_decision_decided_at_id", "credit_decision", ["decided_at", "id"], unique=False)
    op.create_index(
        "uq_credit_decision_override",
        "credit_decision",
        ["order_id", "placement"],
        unique=True,
        postgresql_where="decision = 'override'",
    )
    op.create_index(
        "uq_credit_decision_rule",
        "credit_decision",
        ["order_id", "placement"],
        unique=True,
        postgresql_where="decision <> 'override'",
    )
    op.create_table(
        "credit_profile",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=False),
        sa.Column("is_on_hold", sa.Boolean(), nullable=False),
        sa.CheckConstraint("credit_limit BETWEEN 0 AND 10000000000000", name=op.f("ck_credit_profile_credit_limit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_profile")),
    )
    op.create_index("ix_credit_profile_created_at_id", "credit_profile", ["created_at", "id"], unique=False)
    op.create_index("ix_credit_profile_credit_limit_id", "credit_profile", ["credit_limit", "id"], unique=False)
    op.create_table(
        "exposure_account",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_exposure_account")),
    )
    op.create_index(
        "ix_exposure_account_balance_account_id", "exposure_account", ["balance", "account_id"], unique=False
    )
    op.create_table(
        "exposure_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("placement", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("source_event_id", sa.Uuid(), nullable=False),
        sa.Column("source_ordinal", sa.Integer(), nullable=False),
        sa.Column("fact_event_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('reserved', 'paid', 'returned', 'cancelled', 'superseded', 'refunded')",
            name=op.f("ck_exposure_entry_kind"),
        ),
        sa.CheckConstraint(
            "kind IN ('reserved', 'refunded') OR amount <= 0", name=op.f("ck_exposure_entry_amount_down")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('reserved', 'refunded') OR amount >= 0", name=op.f("ck_exposure_entry_amount_up")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exposure_entry")),
        sa.UniqueConstraint(
            "source_event_id", "source_ordinal", name=op.f("uq_exposure_entry_source_event_id_source_ordinal")
        ),
    )
    op.create_index(
        "ix_exposure_entry_account_id_recorded_at_id",
        "exposure_entry",
        ["account_id", "recorded_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_exposure_entry_order_id_recorded_at_id", "exposure_entry", ["order_id", "recorded_at", "id"], unique=False
    )
    op.create_index("ix_exposure_entry_recorded_at_id", "exposure_entry", ["recorded_at", "id"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("principal", "route", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("grp", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"], unique=False)
    op.create_table(
        "job",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("progress_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("progress_total", sa.BigInteger(), nullable=True),
        sa.Column("checkpoint", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name=op.f("ck_job_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_open", "job", ["run_at", "id"], unique=False, postgresql_where=sa.text("state IN ('queued', 'running')")
    )
    op.create_table(
        "order_credit",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("placement", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("exposure", sa.BigInteger(), nullable=False),
        sa.Column("shortfall", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('none', 'reserved', 'refused', 'superseded', 'cancelled')", name=op.f("ck_order_credit_state")
        ),
        sa.CheckConstraint("reserved >= 0 AND asked >= 0 AND shortfall >= 0", name=op.f("ck_order_credit_amounts")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_credit")),
    )
    op.create_index("ix_order_credit_account_id_order_id", "order_credit", ["account_id", "order_id"], unique=False)
    op.create_index("ix_order_credit_state_order_id", "order_credit", ["state", "order_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("causation_id", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_published_at", "outbox", ["published_at"], unique=False)
    op.create_index(
        "ix_outbox_waiting", "outbox", ["id"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "parked_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("log_offset", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_event")),
        sa.UniqueConstraint("grp", "event_id", name=op.f("uq_parked_event_grp_event_id")),
    )
    op.create_index("ix_parked_event_grp_key", "parked_event", ["grp", "key", "id"], unique=False)
    op.create_table(
        "principal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("path", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.PrimaryKeyConstraint("id", "valid_from", name=op.f("pk_principal")),
    )
    op.create_index(op.f("ix_principal_subject"), "principal", ["subject"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_principal_subject"), table_name="principal")
    op.drop_table("principal")
    op.drop_index("ix_parked_event_grp_key", table_name="parked_event")
    op.drop_table("parked_event")
    op.drop_index("ix_outbox_waiting", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_outbox_published_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_order_credit_state_order_id", table_name="order_credit")
    op.drop_index("ix_order_credit_account_id_order_id", table_name="order_credit")
    op.drop_table("order_credit")
    op.drop_index("ix_job_open", table_name="job", postgresql_where=sa.text("state IN ('queued', 'running')"))
    op.drop_table("job")
    op.drop_index(op.f("ix_inbox_handled_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index("ix_exposure_entry_recorded_at_id", table_name="exposure_entry")
    op.drop_index("ix_exposure_entry_order_id_recorded_at_id", table_name="exposure_entry")
    op.drop_index("ix_exposure_entry_account_id_recorded_at_id", table_name="exposure_entry")
    op.drop_table("exposure_entry")
    op.drop_index("ix_exposure_account_balance_account_id", table_name="exposure_account")
    op.drop_table("exposure_account")
    op.drop_index("ix_credit_profile_credit_limit_id", table_name="credit_profile")
    op.drop_index("ix_credit_profile_created_at_id", table_name="credit_profile")
    op.drop_table("credit_profile")
    op.drop_index("uq_credit_decision_rule", table_name="credit_decision", postgresql_where="decision <> 'override'")
    op.drop_index("uq_credit_decision_override", table_name="credit_decision", postgresql_where="decision = 'override'")
    op.drop_index("ix_credit_decision_decided_at_id", table_name="credit_decision")
    op.drop_index("ix_credit_decision_account_id_decided_at_id", table_name="credit_decision")
    op.drop_table("credit_decision")
    op.drop_table("consumer_offset")
    op.drop_index("ix_audit_log_resource", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index(op.f("ix_account_directory_owner_id"), table_name="account_directory")
    op.drop_table("account_directory")
