"""Sums of credits are kept by channel, results are found by what they are about; targets of rates have a base."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_KEYS = {
    "credit_bucket": ("member_id", "day", "unit_path", "product_line", "region", "customer_type"),
    "credit_month": ("month", "unit", "product_line", "region", "customer_type"),
}
_SUMMED = (
    *("amount", "margin", "costed_net", "gross", "cash", "units", "new_product", "new_customers", "visits", "won"),
    *("lost", "answers", "csat_top", "promoters", "detractors", "lines"),
)
_COUNTED = ("credit_line", "credit_bucket", "credit_month")


def upgrade() -> None:
    """Apply; nobody waits for indexes that are built beside the traffic."""
    beside: dict[str, Any] = {"postgresql_concurrently": True, "if_not_exists": True}
    with op.get_context().autocommit_block():
        for table, columns in _KEYS.items():
            op.create_index(f"uq_{table}_channel", table, [*columns, "channel"], unique=True, **beside)
        where = sa.text("subject_id IS NOT NULL")
        op.create_index(
            "ix_credit_line_subject_id", "credit_line", ["subject_id", "sequence"], postgresql_where=where, **beside
        )
        op.create_index("ix_product_directory_sku", "product_directory", ["sku"], **beside)
    for table in _KEYS:
        op.execute(
            f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT pk_{table}, "
            f"ADD CONSTRAINT pk_{table} PRIMARY KEY USING INDEX uq_{table}_channel"
        )
    op.add_column("target", sa.Column("base", sa.BigInteger(), nullable=True))
    for table in _COUNTED:
        op.add_column(table, sa.Column("nps_answers", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Take back; sums of several channels fall into one."""
    for table in _COUNTED:
        op.drop_column(table, "nps_answers")
    op.drop_column("target", "base")
    for table, columns in _KEYS.items():
        names = ", ".join(columns)
        sums = ", ".join(f"sum({name})::bigint AS {name}" for name in _SUMMED)
        op.execute(
            f"CREATE TEMPORARY TABLE {table}_sum ON COMMIT DROP AS SELECT {names}, {sums} FROM {table} GROUP BY {names}"
        )
        op.execute(f"DELETE FROM {table}")
        op.drop_constraint(f"pk_{table}", table)
        op.create_primary_key(f"pk_{table}", table, list(columns))
        listed = f"{names}, {', '.join(_SUMMED)}"
        op.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {table}_sum")
    op.drop_index("ix_product_directory_sku", "product_directory", if_exists=True)
    op.drop_index("ix_credit_line_subject_id", "credit_line", if_exists=True)
