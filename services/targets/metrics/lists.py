"""The values of metrics as sums over the columns of the credits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.targets.metrics.enums import MetricName

VALUES: Final[Mapping[MetricName, str]] = {
    MetricName.REVENUE: "{0}.amount",
    MetricName.GROSS_MARGIN: "{0}.margin",
    MetricName.NEW_PRODUCT_REVENUE: "{0}.new_product",
    MetricName.UNITS: "{0}.units",
    MetricName.NEW_CUSTOMERS: "{0}.new_customers",
    MetricName.VISIT_COUNT: "{0}.visits",
    MetricName.COLLECTED_CASH: "{0}.cash",
    MetricName.CONVERSION_RATE: "{0}.won",
    MetricName.CSAT: "{0}.csat_top",
    MetricName.NPS: "({0}.promoters - {0}.detractors)",
}
"""What is summed of buckets or months (their alias), of a ratio its numerator; revenue, which most ask for, comes
first."""


BASES: Final[Mapping[MetricName, str]] = {
    MetricName.GROSS_MARGIN: "{0}.costed_net",
    MetricName.CONVERSION_RATE: "({0}.won + {0}.lost)",
    MetricName.CSAT: "({0}.answers - {0}.nps_answers)",
    MetricName.NPS: "{0}.nps_answers",
}
"""What a value is to be seen against: of a ratio its denominator, of the margin the part of the net amount whose cost
is known."""
RATIOS: Final = frozenset(
    name.value
    for name in (
        *(MetricName.CONVERSION_RATE, MetricName.CSAT, MetricName.NPS),
        *(MetricName.RETENTION_RATE, MetricName.MARKET_SHARE),
    )
)
LEVELS: Final = frozenset(
    name.value for name in (MetricName.RETENTION_RATE, MetricName.ACTIVE_CUSTOMERS, MetricName.MARKET_SHARE)
)
"""What is read off a day instead of summed over days: credits tell nothing of it."""
NOT_SUMMED: Final = RATIOS | LEVELS
"""What no day brings a part of."""


def cost_sql(metric: str) -> str:
    """Whether the metric that an expression names tells of costs."""
    return f"{metric} = '{MetricName.GROSS_MARGIN}'"


def base_sql(metric: str, alias: str) -> str:
    """What the value of a bucket or month is seen against; 0 where there is nothing of the kind."""
    return BASES.get(MetricName(metric), "0").format(alias)


def any_base_sql(metric: str, alias: str) -> str:
    """The same for the metric that an expression names."""
    cases = " ".join(f"WHEN '{name}' THEN {base.format(alias)}" for name, base in BASES.items())
    return f"CASE {metric} {cases} ELSE 0 END"


def value_sql(metric: str, alias: str) -> str:
    """What counts of a bucket or month for a metric; nothing of one that is read off a day."""
    return VALUES.get(MetricName(metric), "0").format(alias)


def any_value_sql(metric: str, alias: str) -> str:
    """What counts for the metric that an expression names; nothing of one that is not summed."""
    cases = " ".join(f"WHEN '{name}' THEN {value.format(alias)}" for name, value in VALUES.items())
    return f"CASE {metric} {cases} END"


def volume_sql(metric: str, alias: str) -> str:
    """What shares and profiles of a metric go by: its value, of a ratio its denominator."""
    return base_sql(metric, alias) if metric in RATIOS else value_sql(metric, alias)


def any_volume_sql(metric: str, alias: str) -> str:
    """The same for the metric that an expression names."""
    cases = " ".join(f"WHEN '{name}' THEN {volume_sql(name, alias)}" for name in VALUES)
    return f"CASE {metric} {cases} END"
