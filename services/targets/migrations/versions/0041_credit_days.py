"""Sums of the credits by day of what was sold, of regions and of members, and by month of what members sold, filled
from the daily ones, which are found by their unit; live targets are found by their scope."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_MEASURES = (
    *("margin", "costed_net", "gross", "cash", "units", "new_product", "new_customers", "visits", "won", "lost"),
    *("answers", "csat_top", "promoters", "detractors", "nps_answers"),
)
_VALUES = {
    "unit": "unit_path[cardinality(unit_path)]::text",
    "product_line": "product_line",
    "region": "region",
    "customer_type": "customer_type",
    "channel": "channel",
}


def _label(kind: str) -> str:
    digest = f"encode(substr(sha256(convert_to('{kind}:' || nullif({_VALUES[kind]}, ''), 'UTF8')), 1, 8), 'hex')"
    return f"coalesce(('x' || {digest})::bit(64)::bigint, 0)"


def _labels(*kinds: str) -> dict[str, str]:
    return {kind: _label(kind) for kind in kinds}


def _number(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=default, nullable=False)


_TYPES: dict[str, sa.types.TypeEngine[Any]] = {"day": sa.Date(), "month": sa.Date(), "member_id": sa.Uuid()}
_TABLES = {
    "credit_offer_day": {"day": "day", **_labels("product_line", "customer_type", "channel")},
    "credit_region_day": {"day": "day", **_labels("region", "customer_type", "channel")},
    "credit_member_day": {"day": "day", "member_id": "member_id", **_labels("unit")},
    "credit_member_product": {
        **{"month": "date_trunc('month', day)::date", "member_id": "member_id"},
        **_labels("unit", "product_line"),
    },
}


def upgrade() -> None:
    """Apply; nobody waits for indexes that are built beside the traffic."""
    beside: dict[str, Any] = {"postgresql_concurrently": True, "if_not_exists": True}
    with op.get_context().autocommit_block():
        place = sa.text("(unit_path[cardinality(unit_path)])")
        op.create_index("ix_credit_bucket_unit_day", "credit_bucket", [place, "day"], **beside)
        where = sa.text("state = 'active'")
        op.create_index(
            "ix_target_live", "target", ["unit_id", "member_id", "metric"], postgresql_where=where, **beside
        )
    sums = ", ".join(f"sum({name})::bigint" for name in ("amount", *_MEASURES, "lines"))
    for table, keys in _TABLES.items():
        op.create_table(
            table,
            *(sa.Column(name, _TYPES.get(name, sa.BigInteger()), nullable=False) for name in keys),
            _number("amount"),  # what most ask for is read first
            _number("lines"),
            *(_number(name, "0") for name in _MEASURES),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        )
        places = ", ".join(str(number) for number in range(1, len(keys) + 1))
        op.execute(
            f"INSERT INTO {table} ({', '.join(keys)}, amount, {', '.join(_MEASURES)}, lines) "
            f"SELECT {', '.join(keys.values())}, {sums} FROM credit_bucket GROUP BY {places}"
        )
    op.create_index("ix_credit_member_day_unit", "credit_member_day", ["unit", "day"])


def downgrade() -> None:
    """Take back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_target_live", "target", if_exists=True)
    op.drop_index("ix_credit_bucket_unit_day", "credit_bucket", if_exists=True)
