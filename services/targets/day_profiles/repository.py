"""SQL of the results that a day profile rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from services.targets.metrics.enums import MetricName
from services.targets.metrics.lists import volume_sql

_IN_SCOPE = """
    ($1::uuid IS NULL OR b.unit_path @> ARRAY[$1])
AND ($2::uuid IS NULL OR b.member_id = $2)
AND ($3::text IS NULL OR b.product_line = $3)
AND ($4::text IS NULL OR b.region = $4)
AND ($5::text IS NULL OR b.customer_type = $5)
AND ($6::uuid IS NULL OR b.channel = $6::uuid::text)
"""
_FIRST_DAY = f"SELECT min(b.day) FROM credit_bucket b WHERE {_IN_SCOPE} AND {{0}} <> 0"
_BY_DAY = f"""
SELECT b.day, sum({{0}})::bigint AS amount FROM credit_bucket b
WHERE {_IN_SCOPE} AND b.day BETWEEN $7 AND $8 GROUP BY b.day
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose results of which metric count; None does not narrow."""

    unit_id: UUID | None = None
    member_id: UUID | None = None
    product_line: str | None = None
    region: str | None = None
    customer_type: str | None = None
    channel_id: UUID | None = None
    metric: str = MetricName.REVENUE

    @property
    def values(self) -> tuple[UUID | str | None, ...]:
        """As parameters of a statement."""
        return self.unit_id, self.member_id, self.product_line, self.region, self.customer_type, self.channel_id


async def first_day(tx: Tx, scope: Scope) -> date | None:
    """The first day of any result; None without any."""
    day: date | None = await tx.fetchval(_FIRST_DAY.format(volume_sql(scope.metric, "b")), *scope.values)
    return day


async def sum_by_day(tx: Tx, scope: Scope, first: date, last: date) -> dict[date, int]:
    """Results of the days that have any."""
    rows = await tx.fetch(_BY_DAY.format(volume_sql(scope.metric, "b")), *scope.values, first, last)
    return {row["day"]: int(row["amount"]) for row in rows}
