"""Which service answers which path: an explicit table, nothing else is reachable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Route:
    """Paths under `prefix` go to `service`, where the prefix reads `upstream_prefix`.

    `timeout_seconds`: the longest wait without any byte moving, in either direction. `public`: the operations under the
    prefix that ask for no bearer token, as `GET /*`; `*` is the one segment by whose secret they are opened.
    """

    prefix: str
    service: str
    upstream_prefix: str
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    public: tuple[str, ...] = ()

    def upstream_path(self, raw_path: str) -> str:
        """Path as the service knows it; `raw_path` (still percent-encoded) must be under `prefix`."""
        return self.upstream_prefix + raw_path[len(self.prefix) :]

    def public_path(self, upstream_path: str) -> str:
        """The inverse of `upstream_path`."""
        return self.prefix + upstream_path[len(self.upstream_prefix) :]

    def secret_of(self, method: str, path: str) -> str | None:
        """The segment by which a public operation is opened; None where a bearer token is asked for."""
        given = _segments(path[len(self.prefix) :])
        for operation in self.public:
            verb, _, pattern = operation.partition(" ")
            wanted = _segments(pattern)
            if (verb == method or (verb, method) == ("GET", "HEAD")) and len(wanted) == len(given):
                secret = given[wanted.index("*")]
                if secret and all(part in ("*", found) for part, found in zip(wanted, given, strict=True)):
                    return secret
        return None


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
        "cases",
        "contacts",
        "leads",
        "segments",
        "pipelines",
        "opportunities",
        "funnel",
        "imports",
        "custom-fields",
        "customer-policies",
        "orders",
        "payments",
        "returns",
        "exchange-rates",
        "sellers",
        "rule-sets",
        "churn",
        "churn-fits",
        "churn-warnings",
        "grading-runs",
        "rfm-runs",
        "rfm-migrations",
        "duplicate-candidates",
        "duplicate-scans",
        "merges",
        "survey-forms",
        "surveys",
    ),
    "targets": (
        "units",
        "members",
        "roles",
        "metrics",
        "target-policies",
        "targets",
        "territories",
        "plans",
        "attainment",
        "forecasts",
        "alerts",
        "report-schedules",
        "reports",
        "action-plans",
        "adjustments",
        "credit-lines",
        "calendar-days",
        "kpis",
        "measures",
        "observations",
    ),
    "channels": (
        "agreements",
        "channel-costs",
        "channel-overviews",
        "channels",
        "competitor-prices",
        "deals",
        "partner-certificates",
        "partner-contacts",
        "partner-criteria",
        "partner-documents",
        "partner-logs",
        "partner-screenings",
        "partner-tasks",
        "partners",
        "points-accounts",
        "points-adjustments",
        "points-balances",
        "points-draws",
        "points-programmes",
        "points-tickets",
        "price-approvals",
        "price-books",
        "product-costs",
        "products",
        "promotion-groups",
        "promotions",
        "quotes",
        "channel-policies",
        "conflicts",
        "rebate-programmes",
        "rebate-accounts",
        "rebate-adjustments",
        "rebate-entries",
        "rebate-simulations",
        "rebate-statements",
        "terms-reservations",
        "tier-evaluations",
        "tier-programmes",
        "trainings",
    ),
    "risk": (
        "credit-profiles",
        "credit-decisions",
        "credit-holds",
        "credit-scores",
        "scoring-runs",
        "financial-statements",
        "credit-reports",
        "exposures",
        "exposure-entries",
        "order-credits",
        "risk-policies",
        "risk-policy-simulations",
        "receivables",
        "receivable-ageings",
        "receivable-figures",
        "contracts",
        "amendments",
        "renewals",
        "obligations",
        "disputes",
        "risks",
        "assessments",
        "heat-maps",
        "controls",
        "incidents",
        "scenarios",
        "studies",
        "target-adjustments",
        "treatments",
        "calibrations",
        "indicators",
        "risk-alerts",
        "risk-dashboards",
        "risk-overviews",
        "risk-snapshots",
    ),
}
"""What is routed under /v1, by its owner."""

PUBLIC: dict[str, tuple[str, ...]] = {"survey-forms": ("GET /*", "POST /*/answer")}
"""What is reached without a bearer token, by its resource: nothing else is."""

COMPOSED: tuple[str, ...] = ("customers", "dashboards", "me")
"""Names under which the gateway itself answers, out of several services."""


def default_routes() -> RouteTable:
    """The resources of every service under /v1, and its operational endpoints under /admin/<service>."""
    resources = [
        Route(f"/v1/{name}", service, f"/v1/{name}", public=PUBLIC.get(name, ()))
        for service, names in RESOURCES.items()
        for name in names
    ]
    return RouteTable([*resources, *(Route(f"/admin/{service}", service, "/admin") for service in RESOURCES)])
