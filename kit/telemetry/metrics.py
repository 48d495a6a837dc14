"""Prometheus metrics of one service. Each has its own registry: several services may share a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LATENCY_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """Counters and gauges of a service; every sample carries `service`.

    Whoever owns a figure sets it: the relay its depth and age, the consumer its lag, the pool by `watch_pool`.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self._depth = self._gauge("crmesh_outbox_unpublished_events", "Events not yet on the bus")
        self._age = self._gauge("crmesh_outbox_oldest_age_seconds", "Age of the oldest event not yet on the bus")
        self._parked = self._gauge("crmesh_parked_keys", "Keys held back after a failure")
        self._lag = self._gauge("crmesh_consumer_lag_records", "Records of other topics not yet handled")
        self._pool = self._gauge("crmesh_db_pool_connections_in_use", "Database connections in use", "pool")
        self._dead = self._counter("crmesh_dead_letters", "Messages sent to the dead-letter topic")
        self._published = self._counter("crmesh_events_published", "Events acknowledged by the bus", "type")
        self._handled = self._counter("crmesh_events_handled", "Events handled", "type")
        self._answered = self._counter("crmesh_http_requests", "HTTP requests", "method", "route", "status")
        self._latency = Histogram(
            "crmesh_http_request_duration_seconds",
            "Time to the last byte of the answer",
            ("service", "method", "route"),
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def render(self) -> bytes:
        """Text exposition of this service (CONTENT_TYPE)."""
        return generate_latest(self.registry)

    def outbox(self, depth: int, oldest_age_seconds: float) -> None:
        """What waits in the outbox."""
        self._depth.labels(self.service).set(depth)
        self._age.labels(self.service).set(oldest_age_seconds)

    def lag(self, records: int) -> None:
        """How many records the service has not handled."""
        self._lag.labels(self.service).set(records)

    def parked(self, keys: int) -> None:
        """How many keys are parked."""
        self._parked.labels(self.service).set(keys)

    def dead_lettered(self, count: int = 1) -> None:
        """Messages went to the dead-letter topic."""
        self._dead.labels(self.service).inc(count)

    def published(self, event_type: str, count: int = 1) -> None:
        """The bus acknowledged events."""
        self._published.labels(self.service, event_type).inc(count)

    def handled(self, event_type: str, count: int = 1) -> None:
        """Events were handled (committed)."""
        self._handled.labels(self.service, event_type).inc(count)

    def watch_pool(self, pool: str, in_use: Callable[[], float]) -> None:
        """Read a pool's connections in use (`db.connections_in_use`) whenever the metrics are rendered."""
        self._pool.labels(self.service, pool).set_function(in_use)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the template, so that the number of series is bounded."""
        key = (method, route, status)
        found = self._requests.get(key)
        if found is None:
            known = method if method in _METHODS else "OTHER"
            found = (
                self._answered.labels(self.service, known, route, str(status)),
                self._latency.labels(self.service, known, route),
            )
            if known == method:
                self._requests[key] = found
        found[0].inc()
        found[1].observe(seconds)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, ("service", *labels), registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, ("service", *labels), registry=self.registry)


class MetricsMiddleware:
    """Counts and times HTTP requests by route template, method and status (raw ASGI, a few microseconds).

    A request that ends without an answer counts as 500; a path no route knows is `unmatched`.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begun = time.perf_counter()
        try:
            await self.app(scope, receive, seen)
        finally:
            self.metrics.observe_request(scope["method"], _template(scope), status, time.perf_counter() - begun)


def _template(scope: Scope) -> str:
    route: Any = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else "unmatched"
