"""Lists of targets and of their versions, and what of them other statements use."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.targets.metrics.enums import MetricName, Unit
from services.targets.metrics.lists import any_value_sql, cost_sql
from services.targets.metrics.rules import ENTRIES
from services.targets.targets.enums import Horizon
from services.targets.targets.models import Target, TargetVersion
from services.targets.targets.rules import MEDIUM_DAYS, SHORT_DAYS

_SHOWN = ("computed", "weight", "locked", "floor", "cap", "reason", "driver_values", "fitted", "version")
_HIDDEN = ("due_at", "base_amount")
_HORIZON = (
    f"CASE WHEN t.period_end - t.period_start < {SHORT_DAYS} THEN 'short' "
    f"WHEN t.period_end - t.period_start < {MEDIUM_DAYS} THEN 'medium' ELSE 'long' END"
)

_HALVES = "(2000000 * t.amount::numeric + t.base)"
_RATE = (
    f"CASE WHEN t.base > 0 THEN floor({_HALVES} / (2 * t.base))::bigint - CASE WHEN mod({_HALVES}, 2 * t.base) = 0 "
    f"AND mod(floor({_HALVES} / (2 * t.base)), 2) <> 0 THEN 1 ELSE 0 END END"
)
"""`rate_of`, half-even."""
BY_COST = f'd.drivers @> \'[{{"params": {{"metric": "{MetricName.GROSS_MARGIN}"}}}}]\''
"""Whether a decomposition goes by margins."""
_COUNTS = ", ".join(f"'{name}'" for name, entry in ENTRIES.items() if entry.unit is Unit.THOUSANDTH)

TARGETS = ListSpec(
    source="target t",
    fields={
        **fields_of(Target, "t", sortable=("name", "amount", "period_start"), unfiltered=_SHOWN, without=_HIDDEN),
        "currency": Field("t.currency", "currency"),
        "horizon": Field(_HORIZON, enum=tuple(Horizon)),
        "rate": Field(_RATE, "int", nullable=True),
        "amount_unit": Field(
            f"CASE WHEN t.metric IN ({_COUNTS}) THEN 'thousandth' ELSE 'minor_unit' END", enum=tuple(Unit)
        ),
        "below_unit_id": Field(
            "''", "uuid", match="EXISTS (SELECT FROM unit u WHERE u.id = t.unit_id AND u.path && {})", output=False
        ),
    },
    search=("t.name",),
    search_key=search_of(Target, "t"),
)
FIGURES = ("closed_value", "driver_values")
"""What of a target tells what was credited."""
_ITS_SPLITS = "d.id IN (t.decomposition_id, t.cross_id)"
COST = f"({cost_sql('t.metric')} OR EXISTS (SELECT FROM decomposition d WHERE {_ITS_SPLITS} AND {BY_COST}))"
"""Whether that is of costs: it is of a margin, or was split by one."""
VISIBLE = "t.member_id = ANY($1::uuid[]) OR t.unit_id = ANY($2::uuid[])"
"""Condition of what a caller sees."""
LIVE = "t.plan_id IS NULL"
"""Condition of what belongs to no plan."""

VERSIONS = ListSpec(
    source=(
        "(SELECT v.target_id, v.number, v.valid_from, v.amount, coalesce(v.base, t.base) AS base, v.stretch, v.reason, "
        "v.plan_id, v.author, v.approver, v.recorded_at FROM target_version v JOIN target t ON t.id = v.target_id "
        "UNION ALL "
        "SELECT t.id, 1, t.period_start, t.amount, t.base, t.stretch, NULL, NULL, NULL, NULL, t.updated_at "
        "FROM target t WHERE t.state IN ('active', 'closed') AND t.plan_id IS NULL "
        "AND NOT EXISTS (SELECT FROM target_version o WHERE o.target_id = t.id)"
        ") v"
    ),
    fields=fields_of(TargetVersion, "v"),
    key="number",
    default_sort="number",
)
"""What an early release activated has no row of its own: its first version is what it is."""
OF_TARGET = "v.target_id = $1::uuid"

OF_SCOPE = (
    "NOT t.is_balancing AND (t.unit_id IS NULL OR b.unit_path @> ARRAY[t.unit_id]) "
    "AND (t.member_id IS NULL OR b.member_id = t.member_id) "
    "AND (t.product_line IS NULL OR b.product_line = t.product_line) "
    "AND (t.region IS NULL OR b.region = t.region) "
    "AND (t.customer_type IS NULL OR b.customer_type = t.customer_type) "
    "AND (t.channel_id IS NULL OR b.channel = t.channel_id::text)"
)
"""Whether bucket `b` of the credits is of the scope of target `t`."""
VALUE = any_value_sql("t.metric", "b")
"""What bucket `b` of the credits is worth to target `t`."""
IN_SCOPE = f"b.day BETWEEN t.period_start AND t.period_end AND {OF_SCOPE}"
"""Whether it counts for it."""


def held_on(alias: str, day: str) -> str:
    """A join that gives what a target amounted to on a day as `held`: by the newest version that had begun, else by the
    first one; nothing of what never counted."""
    return f"""
LEFT JOIN LATERAL (
    SELECT v.amount, v.base, v.stretch, true AS is_known FROM target_version v WHERE v.target_id = {alias}.id
    ORDER BY v.valid_from <= {day} DESC, CASE WHEN v.valid_from <= {day} THEN -v.number ELSE v.number END LIMIT 1
) held ON true
"""
