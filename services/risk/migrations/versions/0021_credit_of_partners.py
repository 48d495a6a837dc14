"""Raises of limits, which end by themselves, what secures what is owed, days of review; the credit of partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_COLUMNS = {
    "subject_kind": "text NOT NULL DEFAULT 'account'",
    "limit_before": "bigint",
    "raised_until": "date",
    "securities": "jsonb NOT NULL DEFAULT '[]'",
    "review_on": "date",
}
_CHECKS = {
    "subject_kind": "subject_kind IN ('account', 'partner')",
    "bound": "subject_kind = 'partner' OR credit_limit IS NOT NULL",
    "raised": "(limit_before IS NULL) = (raised_until IS NULL) AND limit_before < credit_limit",
}
_DECIDED = {"partner_id": "uuid", "partner_limit": "bigint", "partner_exposure": "bigint"}
# Partners that began to sell before this release; what was said of their holds has numbers of its own, from which those
# of the profile go on.
_PARTNERS = """
INSERT INTO credit_profile (id, stream_key, subject_kind, version, terms_days, pd, lgd, is_on_hold, hold_reasons)
SELECT p.id, p.id, 'partner', coalesce(h.version, 0) + 1, t.terms_days, t.pd, t.lgd,
       coalesce(h.hold_reasons, '{}') <> '{}', coalesce(h.hold_reasons, '{}')
FROM partner_directory p
CROSS JOIN (
    SELECT (g->>'terms_days')::int AS terms_days, (g->>'pd')::int AS pd, (body->>'lgd')::int AS lgd
    FROM (
        SELECT body FROM risk_policy WHERE kind = 'terms' AND effective_from <= CURRENT_DATE
        ORDER BY activation DESC LIMIT 1
    ) b CROSS JOIN jsonb_array_elements(body->'grades') g WHERE g->>'grade' = 'NR'
) t
LEFT JOIN (
    SELECT subject_id, sum(version)::int AS version,
           array_agg(hold_reason ORDER BY hold_reason) FILTER (WHERE state = 'standing') AS hold_reasons
    FROM credit_hold GROUP BY subject_id
) h ON h.subject_id = p.id
WHERE p.state IN ('active', 'suspended')
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Apply; nobody waits while old rows are checked or an index is built."""
    for name, kind in _COLUMNS.items():
        op.execute(f"ALTER TABLE credit_profile ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE credit_profile ALTER COLUMN credit_limit DROP NOT NULL")
    op.execute("ALTER TABLE order_credit ADD COLUMN IF NOT EXISTS partner_id uuid")
    for name, kind in _DECIDED.items():
        op.execute(f"ALTER TABLE credit_decision ADD COLUMN IF NOT EXISTS {name} {kind}")
    for name, check in _CHECKS.items():
        op.execute(
            "-- widens: what the release before writes has the defaults, or nothing\n"
            f"ALTER TABLE credit_profile ADD CONSTRAINT ck_credit_profile_{name} CHECK ({check}) NOT VALID"
        )
    op.create_table(
        "limit_raise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["credit_profile.id"], name=op.f("fk_limit_raise_profile_id_credit_profile")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_raise")),
    )
    op.create_index("ix_limit_raise_due_at", "limit_raise", ["due_at"])
    op.create_table(
        "exposure_partner",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_exposure_partner")),
    )
    op.execute(_PARTNERS)
    with op.get_context().autocommit_block():
        for name in _CHECKS:
            op.execute(f"ALTER TABLE credit_profile VALIDATE CONSTRAINT ck_credit_profile_{name}")
        build_index(
            "ix_order_credit_partner_id_order_id",
            "order_credit",
            ["partner_id", "order_id"],
            postgresql_where=sa.text("partner_id IS NOT NULL"),
        )


def downgrade() -> None:
    """Take back; limits that are raised stay so."""
    with op.get_context().autocommit_block():
        drop_indexes("order_credit", "ix_order_credit_partner_id_order_id")
    op.drop_table("exposure_partner")
    op.drop_table("limit_raise")
    op.execute("DELETE FROM credit_profile WHERE subject_kind = 'partner'")
    for name in _CHECKS:
        op.execute(f"ALTER TABLE credit_profile DROP CONSTRAINT ck_credit_profile_{name}")
    op.execute("ALTER TABLE credit_profile ALTER COLUMN credit_limit SET NOT NULL")
    for name in _COLUMNS:
        op.drop_column("credit_profile", name)
    for name in _DECIDED:
        op.drop_column("credit_decision", name)
    op.drop_column("order_credit", "partner_id")
