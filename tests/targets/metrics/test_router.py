"""The catalogue of metrics."""

from __future__ import annotations

import pytest

from kit.testing.service import ServiceHarness
from services.targets.metrics.enums import MetricName
from services.targets.targets.enums import Metric


async def test_every_metric_says_how_it_combines(service: ServiceHarness) -> None:
    items = {item["metric"]: item for item in (await service.get("/v1/metrics")).json()["items"]}
    assert items.keys() == {str(name) for name in MetricName}
    combined = {name: (item["over_time"], item["over_dimensions"]) for name, item in items.items()}
    ratios = {name for name, (_, over_dimensions) in combined.items() if over_dimensions == "ratio"}
    assert ratios == {"conversion_rate", "csat", "nps", "retention_rate", "market_share"}
    assert combined["retention_rate"] == ("not_divisible", "ratio")
    assert combined["active_customers"] == ("last", "sum")
    assert combined["market_share"] == ("last", "ratio")
    assert combined["revenue"] == ("sum", "sum")
    assert "product_line" not in items["visit_count"]["dimensions"]


async def test_targets_take_what_is_measured(service: ServiceHarness) -> None:
    items = (await service.get("/v1/metrics")).json()["items"]
    assert {item["metric"] for item in items if item["is_measured"]} == {str(metric) for metric in Metric}
    body = {"name": "T", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 1}
    for item in items:
        base = {"base": 1_000} if item["over_dimensions"] == "ratio" else {}
        answer = await service.post("/v1/targets", {**body, **base, "metric": item["metric"]})
        assert answer.status_code == (201 if item["is_measured"] else 422)


@pytest.mark.parametrize(("role", "status"), [("sales_rep", 200), ("auditor", 200), ("risk_officer", 403)])
async def test_who_reads_it(service: ServiceHarness, role: str, status: int) -> None:
    assert (await service.get("/v1/metrics", headers=service.headers("x", role))).status_code == status
