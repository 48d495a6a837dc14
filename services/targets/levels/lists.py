"""The values of metrics that are read off a day, as what follows SELECT, of a row that says what they are of.

Customers count by the stages they are in, in the unit of their owner on that day; a share of a market is the revenue of
the days of the newest observation of its size.
"""

from __future__ import annotations

from typing import Final

from services.targets.metrics.enums import MetricName

PROJECTIONS: Final = ("kpi_stage", "kpi_account", "account_redirect")
"""What stages are known from."""
ACCOUNT_KEYS: Final = {
    "unit": "u.id::text",
    "member": "x.owner_id::text",
    "region": "c.region",
    "customer_type": "c.customer_type",
}
"""By group: what customers are counted by."""
MARKET_KEYS: Final = {"region": "o.region", "product_line": "o.product_line"}
"""By group: what markets are summed by."""

_LIVING = "('new', 'active', 'at_risk', 'won_back')"
_RETAINED, _ACTIVE = f"'{MetricName.RETENTION_RATE}'", f"'{MetricName.ACTIVE_CUSTOMERS}'"
_APART = "NOT EXISTS (SELECT FROM account_root r WHERE r.account_id = {0}.account_id)"
_COUNTED = "({0}.metric = " + _ACTIVE + " OR z.stage <> 'churned')"


def _newest(of: str) -> str:
    """The stage of each account at the end of the day `d`: of everybody's in the order of the index, of a member's or a
    unit's by their own."""
    return f"""
        (SELECT DISTINCT ON (g.account_id) g.account_id, g.owner_id, g.stage FROM kpi_stage g
         WHERE {of}.unit_id IS NULL AND {of}.member_id IS NULL AND g.day <= d.day AND {_APART.format("g")}
         ORDER BY g.account_id DESC, g.day DESC, g.sequence DESC)
        UNION ALL
        SELECT n.account_id, n.owner_id, n.stage FROM (
            SELECT DISTINCT k.account_id FROM kpi_stage k
            WHERE ({of}.unit_id IS NOT NULL OR {of}.member_id IS NOT NULL) AND k.owner_id = ANY(ARRAY(
                SELECT {of}.member_id WHERE {of}.member_id IS NOT NULL
                UNION ALL SELECT m.member_id FROM unit u JOIN membership m ON m.unit_id = u.id
                WHERE {of}.member_id IS NULL AND u.path @> ARRAY[{of}.unit_id] AND m.valid_from <= d.day
                  AND (m.valid_to IS NULL OR m.valid_to > d.day)))
        ) k CROSS JOIN LATERAL (
            SELECT g.account_id, g.owner_id, g.stage FROM kpi_stage g
            WHERE g.account_id = k.account_id AND g.day <= d.day
            ORDER BY g.day DESC, g.sequence DESC LIMIT 1
        ) n WHERE {_APART.format("n")}
    """


def accounts_sql(of: str, until: str, keys: str = "", where: str = "TRUE") -> str:
    """Customers in thousandths, of the row `of` at the end of a day: those that live, or of those that lived on the eve
    of its period (the base) those that are not lost; `keys` lead each row of a grouping."""
    counts = _COUNTED.format(of)
    return f"""{keys} 1000 * count(*) FILTER (WHERE {counts}) AS actual, count(*) AS lines,
           1000 * count(*) FILTER (WHERE {counts} AND u.id IS NULL) AS unassigned,
           CASE WHEN {of}.metric = {_RETAINED} THEN 1000 * count(*) ELSE 0 END AS base, 0 AS net
    FROM (SELECT CASE WHEN {of}.metric = {_RETAINED} THEN {of}.period_start - 1 ELSE {until} END AS day) d
    CROSS JOIN LATERAL ({_newest(of)}) x
    LEFT JOIN LATERAL (
        SELECT g.stage FROM kpi_stage g WHERE g.account_id = x.account_id AND g.day <= {until}
        ORDER BY g.day DESC, g.sequence DESC LIMIT 1
    ) z ON {of}.metric = {_RETAINED}
    LEFT JOIN kpi_account c ON c.id = x.account_id
    LEFT JOIN membership m ON m.member_id = x.owner_id AND m.valid_from <= d.day
        AND (m.valid_to IS NULL OR m.valid_to > d.day)
    LEFT JOIN unit u ON u.id = m.unit_id
    WHERE {of}.metric IN ({_RETAINED}, {_ACTIVE}) AND {of}.period_start <= {until} AND x.stage IN {_LIVING}
      AND ({of}.unit_id IS NULL OR u.path @> ARRAY[{of}.unit_id])
      AND ({of}.member_id IS NULL OR x.owner_id = {of}.member_id)
      AND ({of}.region IS NULL OR c.region = {of}.region)
      AND ({of}.customer_type IS NULL OR c.customer_type = {of}.customer_type) AND {where}
    """


def markets_sql(of: str, until: str, keys: str = "", where: str = "TRUE", grouped: tuple[str, ...] = ()) -> str:
    """The revenue and the size of the market of the row `of`, by the newest size that lies in its period and had ended
    by a day; of those `grouped` by a dimension, the markets of each of its values."""
    of_market = " AND ".join(
        f"o.{name} IS NOT NULL AND ({of}.{name} IS NULL OR o.{name} = {of}.{name})"
        if name in grouped
        else f"o.{name} IS NOT DISTINCT FROM {of}.{name}"
        for name in MARKET_KEYS
    )
    return f"""{keys} sum(b.amount) AS actual, sum(b.lines) AS lines, sum(b.unassigned) AS unassigned,
           sum(o.value) AS base, 0 AS net
    FROM (
        SELECT DISTINCT ON (o.region, o.product_line) o.region, o.product_line, o.period_start, o.period_end, o.value
        FROM observation o
        WHERE {of}.metric = '{MetricName.MARKET_SHARE}' AND o.kind = 'size' AND o.unit_id IS NULL
          AND o.channel_id IS NULL AND o.period_start >= {of}.period_start AND o.period_end <= {until}
          AND {of_market} AND NOT EXISTS (SELECT FROM observation later WHERE later.corrects_id = o.id)
        ORDER BY o.region, o.product_line, o.period_end DESC, o.observed_on DESC, o.period_start, o.id DESC
    ) o
    CROSS JOIN LATERAL (
        SELECT sum(b.amount) AS amount, sum(b.lines) AS lines,
               sum(b.amount) FILTER (WHERE b.unit_path = '{{}}') AS unassigned
        FROM credit_bucket b
        WHERE b.day BETWEEN o.period_start AND o.period_end AND (o.region IS NULL OR b.region = o.region)
          AND (o.product_line IS NULL OR b.product_line = o.product_line) AND {where}
    ) b
    """


def level_sql(of: str, until: str) -> str:
    """Both together: of one row one of them tells something."""
    return f"{accounts_sql(of, until)} UNION ALL SELECT {markets_sql(of, until)}"
