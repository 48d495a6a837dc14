"""Bodies of the catalogue of metrics."""

from __future__ import annotations

from kit.web.schema import Schema
from services.targets.metrics.enums import Combined, MetricName, Unit


class MetricRead(Schema):
    """A metric. `unit` is what amounts are counted in (of a ratio its numerator); `over_time` and `over_dimensions` say
    how the values of parts make that of the whole; a dimension that is not named cannot be its scope. Targets take the
    metrics that are measured."""

    metric: MetricName
    actual: str
    unit: Unit
    over_time: Combined
    over_dimensions: Combined
    dimensions: list[str]
    is_measured: bool


class MetricsRead(Schema):
    """The catalogue."""

    items: list[MetricRead]
