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
}
"""What is summed of buckets or months (their alias); revenue, which most ask for, comes first."""


BASES: Final[Mapping[MetricName, str]] = {MetricName.GROSS_MARGIN: "{0}.costed_net"}
"""What a value is to be seen against: of the margin the part of the net amount whose cost is known."""


def base_sql(metric: str, alias: str) -> str:
    """What the value of a bucket or month is seen against; 0 where there is nothing of the kind."""
    return BASES.get(MetricName(metric), "0").format(alias)


def any_base_sql(metric: str, alias: str) -> str:
    """The same for the metric that an expression names."""
    cases = " ".join(f"WHEN '{name}' THEN {base.format(alias)}" for name, base in BASES.items())
    return f"CASE {metric} {cases} ELSE 0 END"


def value_sql(metric: str, alias: str) -> str:
    """What counts of a bucket or month for a metric that is known."""
    return VALUES[MetricName(metric)].format(alias)


def any_value_sql(metric: str, alias: str) -> str:
    """What counts for the metric that an expression names; nothing of one that is not summed."""
    cases = " ".join(f"WHEN '{name}' THEN {value.format(alias)}" for name, value in VALUES.items())
    return f"CASE {metric} {cases} END"
