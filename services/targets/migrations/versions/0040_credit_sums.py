"""Sums of the credits by day and unit, and by month and member, filled from the daily ones."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_MEASURES = (
    *("margin", "costed_net", "gross", "cash", "units", "new_product", "new_customers", "visits", "won", "lost"),
    *("answers", "csat_top", "promoters", "detractors", "nps_answers"),
)
_VALUES = {
    "unit": "unit_path[cardinality(unit_path)]::text",
    "region": "region",
    "customer_type": "customer_type",
    "channel": "channel",
}


def _label(kind: str) -> str:
    digest = f"encode(substr(sha256(convert_to('{kind}:' || nullif({_VALUES[kind]}, ''), 'UTF8')), 1, 8), 'hex')"
    return f"coalesce(('x' || {digest})::bit(64)::bigint, 0)"


def _number(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=default, nullable=False)


_TYPES: dict[str, sa.types.TypeEngine[Any]] = {"day": sa.Date(), "month": sa.Date(), "member_id": sa.Uuid()}
_TABLES = {
    "credit_day": {"day": "day", "unit": _label("unit")},
    "credit_member_month": {
        **{"month": "date_trunc('month', day)::date", "member_id": "member_id"},
        **{kind: _label(kind) for kind in _VALUES},
    },
}


def upgrade() -> None:
    """Apply."""
    sums = ", ".join(f"sum({name})::bigint" for name in ("amount", *_MEASURES, "lines"))
    for table, keys in _TABLES.items():
        op.create_table(
            table,
            *(sa.Column(name, _TYPES.get(name, sa.BigInteger()), nullable=False) for name in keys),
            *(_number(name, "0") for name in _MEASURES),
            _number("amount"),
            _number("lines"),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        )
        places = ", ".join(str(number) for number in range(1, len(keys) + 1))
        op.execute(
            f"INSERT INTO {table} ({', '.join(keys)}, amount, {', '.join(_MEASURES)}, lines) "
            f"SELECT {', '.join(keys.values())}, {sums} FROM credit_bucket GROUP BY {places}"
        )


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
