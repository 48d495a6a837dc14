"""SQL of what is read off a day, of any slice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from services.targets.levels.lists import ACCOUNT_KEYS, MARKET_KEYS, accounts_sql, markets_sql
from services.targets.metrics.enums import MetricName

_OF = """
(SELECT $1::text AS metric, $2::date AS period_start, $4::uuid AS unit_id, $5::uuid AS member_id,
        $6::text AS product_line, $7::text AS region, $8::text AS customer_type) t
"""
_ACCOUNT_SEEN = "($9::bool OR x.owner_id = ANY($10::uuid[]) OR u.path && $11::uuid[])"
_MARKET_SEEN = "($9::bool OR b.member_id = ANY($10::uuid[]) OR b.unit_path && $11::uuid[])"


class LevelSum(NamedTuple):
    """What is read off for a group (or pair of groups), from how many lines, and what it is seen against."""

    key: str | None
    second_key: str | None
    actual: int
    lines: int
    base: int


class LevelPart(NamedTuple):
    """Of what: a metric, from a day until the end of one, narrowed by what is not None; and who is visible."""

    metric: str
    first: date
    until: date
    unit_id: UUID | None
    member_id: UUID | None
    product_line: str | None
    region: str | None
    customer_type: str | None
    visible: tuple[bool, Sequence[UUID], Sequence[UUID]]


async def sum_levels(tx: Tx, part: LevelPart, groups: Sequence[str], limit: int) -> list[LevelSum]:
    """Values per group or pair of groups; one alone without groups."""
    is_market = part.metric == MetricName.MARKET_SHARE
    known = MARKET_KEYS if is_market else ACCOUNT_KEYS
    names = [known[group] for group in groups]
    first, second = (*names, "NULL::text", "NULL::text")[:2]
    keys = f"{first} AS key, {second} AS second_key,"
    told = (
        markets_sql("t", "$3::date", keys, _MARKET_SEEN, tuple(groups))
        if is_market
        else accounts_sql("t", "$3::date", keys, _ACCOUNT_SEEN)
    )
    grouped = f"GROUP BY {', '.join(names)}" if names else ""
    sql = f"""
    SELECT s.key, s.second_key, coalesce(s.actual, 0)::bigint AS actual, coalesce(s.lines, 0)::bigint AS lines,
           coalesce(s.base, 0)::bigint AS base
    FROM {_OF} CROSS JOIN LATERAL (SELECT {told} {grouped}) s ORDER BY 1, 2 LIMIT {limit}
    """
    return await tx.rows(LevelSum, sql, *part[:-1], *part.visible)
