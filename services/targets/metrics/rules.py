"""The catalogue of metrics. A ratio is a pair of sums: it is never averaged, summed or split as a percentage."""

from __future__ import annotations

from typing import NamedTuple

from services.targets.metrics.enums import Combined, MetricName, Unit
from services.targets.targets.enums import Metric

_OF_ACCOUNTS = ("unit", "member", "region", "customer_type")
_OF_LINES = (*_OF_ACCOUNTS, "product_line")
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
    is_measured = metric.value in {known.value for known in Metric}
    return Entry(metric, actual, unit, over_time, over_dimensions, dimensions, is_measured)


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
