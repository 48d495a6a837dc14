"""The catalogue of metrics. A ratio is a pair of sums: it is never averaged, summed or split as a percentage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kit.errors import Conflict, FieldError, Invalid
from services.targets.metrics.enums import Combined, MetricName, Unit
from services.targets.metrics.lists import LEVELS, VALUES

_OF_ACCOUNTS = ("unit", "member", "region", "customer_type")
_OF_LINES = (*_OF_ACCOUNTS, "product_line", "channel")
_OF_MARKETS = ("region", "product_line")


class Entry(NamedTuple):
    """A metric: what its value is, how values combine, which dimensions it has; `is_measured` once results count."""

    metric: MetricName
    actual: str
    unit: Unit
    over_time: Combined
    over_dimensions: Combined
    dimensions: tuple[str, ...]
    is_measured: bool


def _entry(
    metric: MetricName,
    actual: str,
    unit: Unit,
    over_time: Combined = Combined.SUM,
    over_dimensions: Combined = Combined.SUM,
    dimensions: tuple[str, ...] = _OF_LINES,
) -> Entry:
    return Entry(
        metric, actual, unit, over_time, over_dimensions, dimensions, metric in VALUES or metric.value in LEVELS
    )


_MONEY, _COUNT, _RATIO = Unit.MINOR_UNIT, Unit.THOUSANDTH, Combined.RATIO

CATALOGUE: tuple[Entry, ...] = (
    _entry(MetricName.REVENUE, "net of confirmed lines, less returns", _MONEY),
    _entry(MetricName.GROSS_MARGIN, "net less unit cost x pieces, of lines whose cost is known", _MONEY),
    _entry(MetricName.NEW_PRODUCT_REVENUE, "net of lines ordered within 365 days of the product's launch", _MONEY),
    _entry(MetricName.UNITS, "pieces, less those returned", _COUNT),
    _entry(MetricName.NEW_CUSTOMERS, "first orders of their accounts, less those returned in full", _COUNT),
    _entry(MetricName.VISIT_COUNT, "completed visits", _COUNT, dimensions=_OF_ACCOUNTS),
    _entry(
        MetricName.COLLECTED_CASH,
        "gross allocated to orders, on the day it was received, less refunds and voids",
        _MONEY,
    ),
    _entry(
        MetricName.CONVERSION_RATE,
        "won / (won + lost) opportunities by closing day",
        _COUNT,
        _RATIO,
        _RATIO,
        _OF_ACCOUNTS,
    ),
    _entry(MetricName.CSAT, "answers of 4 and 5 / answers", _COUNT, _RATIO, _RATIO),
    _entry(
        MetricName.NPS, "(answers of 9 and 10 less those up to 6) / answers; may be negative", _COUNT, _RATIO, _RATIO
    ),
    _entry(
        MetricName.RETENTION_RATE,
        "accounts not churned / accounts new, active, at risk or won back on the eve of the period",
        _COUNT,
        Combined.NOT,
        _RATIO,
        _OF_ACCOUNTS,
    ),
    _entry(
        MetricName.ACTIVE_CUSTOMERS,
        "accounts new, active, at risk or won back at the end of the day",
        _COUNT,
        Combined.LAST,
        dimensions=_OF_ACCOUNTS,
    ),
    _entry(
        MetricName.MARKET_SHARE,
        "revenue / size of the newest observation of region and product line",
        _MONEY,
        Combined.LAST,
        _RATIO,
        _OF_MARKETS,
    ),
)

ENTRIES: Mapping[str, Entry] = {entry.metric.value: entry for entry in CATALOGUE}
COSTS = frozenset({MetricName.GROSS_MARGIN.value})
"""Metrics that tell of costs."""
COVERED = 950_000
"""The least share of the net amount whose cost is known for a margin to be told by."""


class DimensionNotSupported(Invalid):
    code, title = "dimension-not-supported", "The metric does not have this dimension"


def check_dimensions(metric: str, pointers: Mapping[str, str]) -> None:
    """Raises DimensionNotSupported where a metric has not a dimension, by the pointer to where it is named."""
    entry = ENTRIES[metric]
    errors = [
        FieldError(pointer, DimensionNotSupported.code, f"{metric} has {', '.join(entry.dimensions)}")
        for dimension, pointer in pointers.items()
        if dimension not in entry.dimensions
    ]
    if errors:
        raise DimensionNotSupported(errors=errors)


class RateOutside(Invalid):
    code, title = "rate-outside", "The rate is not one that the metric may have"


class MetricNotDivisible(Conflict):
    code, title = "metric-not-divisible", "The metric cannot be split this way"


def check_rate(metric: str, amount: int, base: int, pointer: str) -> None:
    """A rate is from 0 to 1, that of promoters less detractors from -1. Raises RateOutside."""
    low = -base if metric == MetricName.NPS else 0
    if not low <= amount <= base:
        raise RateOutside(errors=[FieldError(pointer, RateOutside.code, f"from {'-1' if low else '0'} to 1")])


def unit_of(metric: str) -> Unit:
    """What amounts of a metric are counted in."""
    return ENTRIES[metric].unit
