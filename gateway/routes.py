"""Which service answers which path: an explicit table, nothing else is reachable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Route:
    """Paths under `prefix` go to `service`, where the prefix reads `upstream_prefix`.

    `timeout_seconds`: the longest wait without any byte moving, in either direction.
    """

    prefix: str
    service: str
    upstream_prefix: str
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS

    def upstream_path(self, raw_path: str) -> str:
        """Path as the service knows it; `raw_path` (still percent-encoded) must be under `prefix`."""
        return self.upstream_prefix + raw_path[len(self.prefix) :]

    def public_path(self, upstream_path: str) -> str:
        """The inverse of `upstream_path`."""
        return self.prefix + upstream_path[len(self.upstream_prefix) :]


class RouteTable:
    """Longest prefix wins, compared by whole path segments. Two routes of one prefix are a ValueError."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._by_segments: dict[tuple[str, ...], Route] = {}
        self._by_upstream: dict[tuple[str, tuple[str, ...]], Route] = {}
        for route in self.routes:
            if _segments(route.prefix) in self._by_segments:
                raise ValueError(f"{route.prefix} is routed twice")
            self._by_segments[_segments(route.prefix)] = route
            self._by_upstream[route.service, _segments(route.upstream_prefix)] = route
        self._depth = max((len(segments) for segments in self._by_segments), default=0)

    def match(self, path: str) -> Route | None:
        """Route of a public path."""
        segments = _segments(path)
        for length in range(min(len(segments), self._depth), 0, -1):
            route = self._by_segments.get(segments[:length])
            if route is not None:
                return route
        return None

    def of_service(self, service: str, upstream_path: str) -> Route | None:
        """Route by which `upstream_path` of `service` can be reached from outside."""
        segments = _segments(upstream_path)
        for length in range(len(segments), 0, -1):
            route = self._by_upstream.get((service, segments[:length]))
            if route is not None:
                return route
        return None


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


RESOURCES: dict[str, tuple[str, ...]] = {
    "customer": (
        "accounts",
        "activities",
        "contacts",
        "orders",
        "payments",
        "returns",
        "exchange-rates",
        "sellers",
        "rule-sets",
    ),
    "targets": (
        "units",
        "members",
        "metrics",
        "target-policies",
        "targets",
        "attainment",
        "credit-lines",
        "calendar-days",
    ),
    "channels": (
        "channel-costs",
        "channels",
        "competitor-prices",
        "partners",
        "price-books",
        "product-costs",
        "products",
        "promotion-groups",
        "promotions",
        "rebate-programmes",
        "rebate-accounts",
        "rebate-entries",
    ),
    "risk": (
        "credit-profiles",
        "credit-decisions",
        "exposures",
        "exposure-entries",
        "order-credits",
        "risk-policies",
        "receivables",
        "receivable-ageings",
        "receivable-figures",
        "contracts",
        "amendments",
        "renewals",
        "obligations",
        "risks",
        "assessments",
        "heat-maps",
        "controls",
        "incidents",
    ),
}
"""What is routed under /v1, by its owner."""

AGREED: dict[str, tuple[str, ...]] = {
    "customer": (
        "cases",
        "churn",
        "churn-fits",
        "churn-warnings",
        "custom-fields",
        "customer-policies",
        "duplicate-candidates",
        "duplicate-scans",
        "funnel",
        "grading-runs",
        "imports",
        "leads",
        "merges",
        "opportunities",
        "pipelines",
        "rfm-migrations",
        "rfm-runs",
        "segments",
        "survey-forms",
        "surveys",
    ),
    "targets": (
        "action-plans",
        "adjustments",
        "alerts",
        "forecasts",
        "kpis",
        "observations",
        "plans",
        "report-schedules",
        "reports",
        "roles",
        "territories",
    ),
    "channels": (
        "agreements",
        "channel-policies",
        "conflicts",
        "deals",
        "partner-contacts",
        "partner-criteria",
        "partner-documents",
        "partner-logs",
        "partner-tasks",
        "points-accounts",
        "points-draws",
        "points-programmes",
        "price-approvals",
        "quotes",
        "rebate-adjustments",
        "rebate-simulations",
        "rebate-statements",
        "terms-reservations",
        "tier-evaluations",
        "tier-programmes",
        "trainings",
    ),
    "risk": (
        "calibrations",
        "credit-holds",
        "credit-reports",
        "credit-scores",
        "disputes",
        "financial-statements",
        "indicators",
        "risk-alerts",
        "risk-dashboards",
        "risk-snapshots",
        "scenarios",
        "scoring-runs",
        "studies",
        "target-adjustments",
        "treatments",
    ),
}
"""Names that have an owner and that nobody serves yet: they answer 404 until they move to `RESOURCES`."""

COMPOSED: tuple[str, ...] = ("customers", "dashboards", "me")
"""Names under which the gateway itself answers, out of several services."""


def default_routes() -> RouteTable:
    """The resources of every service under /v1, and its operational endpoints under /admin/<service>."""
    resources = [Route(f"/v1/{name}", service, f"/v1/{name}") for service, names in RESOURCES.items() for name in names]
    return RouteTable([*resources, *(Route(f"/admin/{service}", service, "/admin") for service in RESOURCES)])
