import asyncio
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client.parser import text_string_to_metric_families

from kit.telemetry.metrics import Metrics, MetricsMiddleware


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Values of one sample name by its labels but `service`, in the order of their names."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            if sample.name == name:
                labels = dict(sample.labels)
                assert labels.pop("service") == metrics.service
                found[tuple(labels[key] for key in sorted(labels))] = sample.value
    return found


def application(metrics: Metrics) -> FastAPI:
    app, router = FastAPI(), APIRouter(prefix="/v1/things")

    @router.get("/{thing_id}")
    async def read(thing_id: int) -> dict[str, int]:
        return {"id": thing_id}

    @router.post("/{thing_id}/break")
    async def broken(thing_id: int) -> None:
        raise RuntimeError(thing_id)

    app.include_router(router)
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    return app


async def test_requests_are_counted_by_template_method_and_status() -> None:
    metrics = Metrics("customer")
    transport = httpx.ASGITransport(application(metrics), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for number in range(3):
            assert (await client.get(f"/v1/things/{number}")).status_code == 200
        await client.get("/v1/things/none")
        await client.get("/nowhere/7")
        await client.get("/nowhere/8")
        await client.post("/v1/things/1/break")
        await client.request("BREW", "/v1/things/1")
        await client.request("STEEP", "/nowhere")
    assert samples(metrics, "crmesh_http_requests_total") == {
        ("GET", "/v1/things/{thing_id}", "200"): 3,
        ("GET", "/v1/things/{thing_id}", "422"): 1,
        ("GET", "unmatched", "404"): 2,
        ("POST", "/v1/things/{thing_id}/break", "500"): 1,
        ("OTHER", "/v1/things/{thing_id}", "405"): 1,
        ("OTHER", "unmatched", "404"): 1,
    }
    latency = samples(metrics, "crmesh_http_request_duration_seconds_count")
    assert latency["GET", "/v1/things/{thing_id}"] == 4


async def test_client_that_leaves_is_counted_and_the_cancellation_passes() -> None:
    async def hang(_scope: Any, _receive: Any, _send: Any) -> None:
        await asyncio.sleep(60)

    metrics = Metrics("risk")
    scope = {"type": "http", "method": "GET", "path": "/"}
    task = asyncio.create_task(MetricsMiddleware(hang, metrics)(scope, None, None))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert samples(metrics, "crmesh_http_requests_total") == {("GET", "unmatched", "500"): 1}


def test_services_of_one_process_are_apart() -> None:
    first, second = Metrics("customer"), Metrics("risk")
    first.published("customer.order.placed.v1", 5)
    second.published("risk.credit.reserved.v1")
    assert samples(first, "crmesh_events_published_total") == {("customer.order.placed.v1",): 5}
    assert samples(second, "crmesh_events_published_total") == {("risk.credit.reserved.v1",): 1}


def test_figures_of_events_and_pools() -> None:
    metrics = Metrics("targets")
    in_use = 2
    metrics.outbox(7, 1.5)
    metrics.lag("core", 120, 4.5)
    metrics.parked(1)
    metrics.dead_lettered(2)
    metrics.handled("customer.order.placed.v1", [0.01, 0.3])
    metrics.watch_pool("write", 4, lambda: in_use)
    assert samples(metrics, "crmesh_outbox_unpublished_events") == {(): 7}
    assert samples(metrics, "crmesh_outbox_oldest_age_seconds") == {(): 1.5}
    assert samples(metrics, "crmesh_consumer_lag_records") == {("core",): 120}
    assert samples(metrics, "crmesh_parked_keys") == {(): 1}
    assert samples(metrics, "crmesh_dead_letters_total") == {(): 2}
    assert samples(metrics, "crmesh_events_handled_total") == {("customer.order.placed.v1",): 2}
    assert samples(metrics, "crmesh_event_delivery_seconds_sum") == {("customer.order.placed.v1",): 0.31}
    assert samples(metrics, "crmesh_consumer_lag_seconds") == {("core",): 4.5}
    assert samples(metrics, "crmesh_db_pool_connections_max") == {("write",): 4}
    assert samples(metrics, "crmesh_db_pool_connections_in_use") == {("write",): 2}
    in_use = 3
    assert samples(metrics, "crmesh_db_pool_connections_in_use") == {("write",): 3}
