"""The Grafana dashboard: rows of panels, each one or two queries. Thresholds are those of the table slo.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 8, 7
RATE = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Panel:
    """A time series panel; `queries` are (legend, PromQL)."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    limit: str = ""
    """Name of the limit of the table whose bound is drawn."""


def quantiles(metric: str, by: str, matchers: str = "") -> tuple[tuple[str, str], ...]:
    """Median and 99th percentile of a histogram."""
    return tuple(
        (
            f"p{percent} {{{{{by}}}}}",
            f"histogram_quantile(0.{percent}, sum by (le, {by}) (rate({metric}_bucket{matchers}[{RATE}])))",
        )
        for percent in (50, 99)
    )


V1 = '{route=~"/v1/.+",service=~"$service"}'
ONE = '{service=~"$service"}'
CONFIRMED = '{service="targets",type="customer.order.confirmed.v1"}'

ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Business",
        (
            Panel("Orders by state", "short", (("{{state}}", "max by (state) (crmesh_orders)"),)),
            Panel(
                "Credit decisions per second",
                "ops",
                (
                    (
                        "{{type}}",
                        f'sum by (type) (rate(crmesh_events_published_total{{type=~"risk.credit.re.+"}}[{RATE}]))',
                    ),
                ),
            ),
            Panel("Confirmed until credited", "s", quantiles("crmesh_event_delivery_seconds", "type", CONFIRMED)),
        ),
    ),
    (
        "Requests",
        (
            Panel(
                "Requests per second",
                "reqps",
                (("{{service}}", f"sum by (service) (rate(crmesh_http_requests_total{V1}[{RATE}]))"),),
            ),
            Panel(
                "Share of server errors", "percentunit", (("{{service}}", "crmesh:availability_errors:ratio_rate5m"),)
            ),
            Panel("Latency", "s", quantiles("crmesh_http_request_duration_seconds", "service", V1)),
            Panel(
                "Slowest routes (p99)",
                "s",
                (
                    (
                        "{{service}} {{method}} {{route}}",
                        "topk(10, histogram_quantile(0.99, sum by (le, service, method, route) "
                        f"(rate(crmesh_http_request_duration_seconds_bucket{V1}[{RATE}]))))",
                    ),
                ),
            ),
            Panel(
                "On their way through the gateway",
                "short",
                (
                    ("{{upstream}}", "sum by (upstream) (crmesh_gateway_requests_in_flight)"),
                    ("breaker {{upstream}}", "max by (upstream) (crmesh_gateway_breaker_open)"),
                ),
            ),
            Panel(
                "Database connections in use",
                "percentunit",
                (
                    (
                        "{{service}} {{pool}}",
                        f"max by (service, pool) (crmesh_db_pool_connections_in_use{ONE} "
                        "/ crmesh_db_pool_connections_max)",
                    ),
                ),
                limit="PoolExhausted",
            ),
        ),
    ),
    (
        "Events",
        (
            Panel(
                "Oldest event not yet sent",
                "s",
                (("{{service}}", f"max by (service) (crmesh_outbox_oldest_age_seconds{ONE})"),),
                limit="OutboxAge",
            ),
            Panel(
                "Events not yet sent",
                "short",
                (
                    ("{{service}}", f"max by (service) (crmesh_outbox_unpublished_events{ONE})"),
                    ("relays {{service}}", f"sum by (service) (crmesh_relay_active{ONE})"),
                ),
            ),
            Panel(
                "Sent per second",
                "ops",
                (("{{type}}", f"sum by (type) (rate(crmesh_events_published_total{ONE}[{RATE}]))"),),
            ),
            Panel(
                "Behind the log",
                "s",
                (("{{service}} {{lane}}", f"max by (service, lane) (crmesh_consumer_lag_seconds{ONE})"),),
                limit="ConsumerLag",
            ),
            Panel(
                "Records not yet applied",
                "short",
                (("{{service}} {{lane}}", f"max by (service, lane) (crmesh_consumer_lag_records{ONE})"),),
            ),
            Panel(
                "Applied per second",
                "ops",
                (("{{service}} {{type}}", f"sum by (service, type) (rate(crmesh_events_handled_total{ONE}[{RATE}]))"),),
            ),
            Panel("Recorded until applied", "s", quantiles("crmesh_event_delivery_seconds", "service", ONE)),
            Panel(
                "Parked keys",
                "short",
                (("{{service}}", f"max by (service) (crmesh_parked_keys{ONE})"),),
                limit="ParkedKeys",
            ),
            Panel(
                "Projections filled",
                "percentunit",
                (
                    (
                        "{{service}} {{projection}}",
                        f"min by (service, projection) (crmesh_projection_filled_share{ONE})",
                    ),
                    (
                        "aside {{service}} {{projection}}",
                        f"max by (service, projection) (crmesh_projection_aside{ONE})",
                    ),
                ),
            ),
            Panel(
                "Dead letters",
                "short",
                (("{{service}}", f"sum by (service) (increase(crmesh_dead_letters_total{ONE}[15m]))"),),
            ),
        ),
    ),
    (
        "Work beside",
        (
            Panel(
                "Open jobs", "short", (("{{service}} {{state}}", f"max by (service, state) (crmesh_jobs_open{ONE})"),)
            ),
            Panel(
                "Oldest job",
                "s",
                (("{{service}} {{state}}", f"max by (service, state) (crmesh_job_oldest_seconds{ONE})"),),
                limit="JobWaiting",
            ),
            Panel(
                "Finished jobs per hour",
                "short",
                (
                    (
                        "{{service}} {{kind}} {{state}}",
                        f"sum by (service, kind, state) (increase(crmesh_jobs_finished_total{ONE}[1h]))",
                    ),
                ),
            ),
            Panel(
                "Oldest due row",
                "s",
                (("{{service}} {{due}}", f"max by (service, due) (crmesh_due_oldest_seconds{ONE})"),),
                limit="DueLate",
            ),
            Panel(
                "Due rows per hour",
                "short",
                (
                    ("{{service}} {{due}}", f"sum by (service, due) (increase(crmesh_due_worked_total{ONE}[1h]))"),
                    ("failing {{service}} {{due}}", f"max by (service, due) (crmesh_due_failing{ONE})"),
                ),
            ),
            Panel(
                "Oldest audit row not yet sealed",
                "s",
                (
                    ("{{service}}", f"max by (service) (crmesh_audit_unsealed_age_seconds{ONE})"),
                    ("broken {{service}}", f"max by (service) (crmesh_audit_chain_broken{ONE})"),
                ),
                limit="AuditUnsealed",
            ),
            Panel(
                "Age of the workers' figures",
                "s",
                (("{{service}}", f"time() - max by (service) (crmesh_worker_measured_timestamp_seconds{ONE})"),),
                limit="FiguresOld",
            ),
            Panel("Memory", "bytes", (("{{instance}}", "process_resident_memory_bytes"),)),
        ),
    ),
)


def bound_of(table: dict[str, Any], name: str) -> float:
    """The number that a limit's expression compares with last."""
    (expr,) = [limit["expr"] for limit in table["limits"] if limit["name"] == name]
    return float(re.findall(r"[><]=? ([\d.]+)", expr)[-1])


def panel_json(panel: Panel, table: dict[str, Any], number: int, x: int, y: int) -> dict[str, Any]:
    """A panel at its place; the limit is a red line."""
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    custom: dict[str, Any] = {"fillOpacity": 8}
    if panel.limit:
        steps.append({"color": "red", "value": bound_of(table, panel.limit)})
        custom["thresholdsStyle"] = {"mode": "dashed"}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "custom": custom, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + index), "legendFormat": legend, "expr": expr}
            for index, (legend, expr) in enumerate(panel.queries)
        ],
    }


def make_dashboard(table: dict[str, Any]) -> dict[str, Any]:
    """The whole dashboard, three panels a line."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS:
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": title, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
        )
        y += 1
        for index, panel in enumerate(row):
            place = (index % 3 * WIDTH, y + index // 3 * HEIGHT)
            panels.append(panel_json(panel, table, len(panels) + 1, *place))
        y += (len(row) + 2) // 3 * HEIGHT
    services = "label_values(crmesh_http_requests_total, service)"
    variables = [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
        {
            "name": "service",
            "type": "query",
            "label": "Service",
            "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "query": services,
            "definition": services,
            "includeAll": True,
            "multi": True,
            "allValue": ".+",
            "current": {"text": "All", "value": "$__all"},
            "refresh": 2,
        },
    ]
    return {
        "uid": "crmesh",
        "title": "crmesh",
        "tags": ["crmesh"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": variables},
        "panels": panels,
    }
