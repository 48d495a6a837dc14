"""Prometheus metrics of one service. Each has its own registry: several services may share a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.telemetry.tracing import PROBES, describe_request

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LATENCY_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DELIVERY_BUCKETS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """Request counters of a process, in a registry of its own; every sample carries `service`."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self._own: dict[str, Gauge] = {}
        self._answered = self.counter("crmesh_http_requests", "HTTP requests", "method", "route", "status")
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
        return render([self])

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

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge of its owner's, made once; the first label is `service`."""
        if name not in self._own:
            self._own[name] = Gauge(name, text, ("service", *labels), registry=self.registry)
        return self._own[name]

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A counter of its owner's (`_total` is added to its name); the first label is `service`."""
        return Counter(name, text, ("service", *labels), registry=self.registry)


class Metrics(HttpMetrics):
    """Adds the figures of a service's database and events.

    Whoever owns a figure sets it: the relay and the consumer their counts, the housekeeping what it measures.
    """

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self._depth = self.gauge("crmesh_outbox_unpublished_events", "Events not yet on the bus")
        self._age = self.gauge("crmesh_outbox_oldest_age_seconds", "Age of the oldest event not yet on the bus")
        self._parked = self.gauge("crmesh_parked_keys", "Keys held back after a failure")
        self._aside = self.gauge("crmesh_projection_aside", "1 when it kept failing and is left out", "projection")
        self._filled = self.gauge("crmesh_projection_filled_share", "1 when it stands, less while filled", "projection")
        self._lag = self.gauge("crmesh_consumer_lag_records", "Records not yet handled", "lane")
        self._behind = self.gauge("crmesh_consumer_lag_seconds", "Age of the oldest record not yet handled", "lane")
        self._pool = self.gauge("crmesh_db_pool_connections_in_use", "Database connections in use", "pool")
        self._pool_size = self.gauge("crmesh_db_pool_connections_max", "Most connections of a pool", "pool")
        self._relay = self.gauge("crmesh_relay_active", "1 in the process that sends the service's events")
        self._jobs = self.gauge("crmesh_jobs_open", "Jobs by state", "state")
        self._job_age = self.gauge("crmesh_job_oldest_seconds", "How long the oldest job waits or runs", "state")
        self._due_late = self.gauge("crmesh_due_oldest_seconds", "How late the oldest due row is", "due")
        self._due_failing = self.gauge("crmesh_due_failing", "Due rows that wait for another attempt", "due")
        self._unsealed = self.gauge("crmesh_audit_unsealed_age_seconds", "Age of the oldest audit row not yet sealed")
        self._broken = self.gauge("crmesh_audit_chain_broken", "1 when a sealed audit row is not as it was sealed")
        self._measured = self.gauge("crmesh_worker_measured_timestamp_seconds", "When a worker last took its figures")
        self._dead = self.counter("crmesh_dead_letters", "Messages sent to the dead-letter topic")
        self._published = self.counter("crmesh_events_published", "Events acknowledged by the bus", "type")
        self._handled = self.counter("crmesh_events_handled", "Events handled", "type")
        self._due_worked = self.counter("crmesh_due_worked", "Due rows that were worked", "due")
        self._finished = self.counter("crmesh_jobs_finished", "Jobs by kind and outcome", "kind", "state")
        self._delivery = Histogram(
            "crmesh_event_delivery_seconds",
            "From the moment a fact was recorded to the commit of its effects here",
            ("service", "type"),
            buckets=DELIVERY_BUCKETS,
            registry=self.registry,
        )

    def outbox(self, depth: int, oldest_age_seconds: float) -> None:
        """What waits in the outbox."""
        self._depth.labels(self.service).set(depth)
        self._age.labels(self.service).set(oldest_age_seconds)

    def lag(self, lane: str, records: int, seconds: float) -> None:
        """How many records a lane has not handled, and how old the oldest is."""
        self._lag.labels(self.service, lane).set(records)
        self._behind.labels(self.service, lane).set(seconds)

    def parked(self, keys: int) -> None:
        """How many keys are parked."""
        self._parked.labels(self.service).set(keys)

    def projection(self, name: str, *, is_aside: bool, filled: float) -> None:
        """Whether a projection is set aside, and how much of it is filled (0 to 1)."""
        self._aside.labels(self.service, name).set(is_aside)
        self._filled.labels(self.service, name).set(filled)

    def jobs(self, state: str, count: int, oldest_seconds: float) -> None:
        """Jobs that are queued or running, and how long the oldest has been so."""
        self._jobs.labels(self.service, state).set(count)
        self._job_age.labels(self.service, state).set(oldest_seconds)

    def job_finished(self, kind: str, state: str, count: int = 1) -> None:
        """Jobs came to their end."""
        self._finished.labels(self.service, kind, state).inc(count)

    def due(self, name: str, late_seconds: float, failing: int) -> None:
        """Rows that are due: how late the oldest is, and how many wait for another attempt."""
        self._due_late.labels(self.service, name).set(late_seconds)
        self._due_failing.labels(self.service, name).set(failing)

    def due_worked(self, name: str, count: int) -> None:
        """Due rows were worked."""
        self._due_worked.labels(self.service, name).inc(count)

    def audit(self, unsealed_seconds: float, *, is_whole: bool) -> None:
        """The audit log: how long the oldest row waits for its seal, and whether sealed ones are as they were."""
        self._unsealed.labels(self.service).set(unsealed_seconds)
        self._broken.labels(self.service).set(not is_whole)

    def measured(self, timestamp: float) -> None:
        """The gauges above were refreshed (seconds since 1970)."""
        self._measured.labels(self.service).set(timestamp)

    def dead_lettered(self, count: int = 1) -> None:
        """Messages went to the dead-letter topic."""
        self._dead.labels(self.service).inc(count)

    def published(self, event_type: str, count: int = 1) -> None:
        """The bus acknowledged events."""
        self._published.labels(self.service, event_type).inc(count)

    def handled(self, event_type: str, seconds: Sequence[float]) -> None:
        """Events were handled (committed), so many seconds after they were recorded."""
        self._handled.labels(self.service, event_type).inc(len(seconds))
        delivery = self._delivery.labels(self.service, event_type)
        for each in seconds:
            delivery.observe(each)

    def watch_pool(self, pool: str, size: int, in_use: Callable[[], float]) -> None:
        """Read a pool's connections in use (`db.connections_in_use`) whenever the metrics are rendered."""
        self._pool.labels(self.service, pool).set_function(in_use)
        self._pool_size.labels(self.service, pool).set(size)

    def watch_relay(self, is_active: Callable[[], float]) -> None:
        """Read whether this process is the one that sends, whenever the metrics are rendered."""
        self._relay.labels(self.service).set_function(is_active)


class _Together(Collector):
    """Several registries as one: samples of one name stand under one heading."""

    def __init__(self, registries: Sequence[CollectorRegistry]) -> None:
        self._registries = registries

    def collect(self) -> Iterator[Metric]:
        """Families of all registries, each name once."""
        families: dict[str, Metric] = {}
        for registry in self._registries:
            for family in registry.collect():
                if family.name in families:
                    families[family.name].samples.extend(family.samples)
                else:
                    families[family.name] = family
        yield from families.values()


_process = CollectorRegistry()
ProcessCollector(registry=_process)


def render(metrics: Sequence[HttpMetrics]) -> bytes:
    """Text exposition (CONTENT_TYPE) of all that runs in this process, and of the process: memory, CPU, files."""
    together = CollectorRegistry()
    together.register(_Together([*(one.registry for one in metrics), _process]))
    return generate_latest(together)


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
            route = _template(scope)
            self.metrics.observe_request(scope["method"], route, status, time.perf_counter() - begun)
            describe_request(scope["method"], route, status)


def _template(scope: Scope) -> str:
    route: Any = scope.get("route")
    path = getattr(route, "path", None)
    if isinstance(path, str):
        return path
    asked: str = scope["path"]
    return asked if asked in PROBES else "unmatched"
