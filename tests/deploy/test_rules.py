"""The rules of Prometheus and the dashboard: what the table says, each alert tried, no figure that does not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest
import yaml

from deploy.observability import generate, rules
from deploy.observability.dashboard import bound_of
from gateway.app import create_app
from gateway.issuer import DevelopmentIssuer
from gateway.settings import GatewaySettings
from kit.telemetry.metrics import Metrics
from services.customer.orders.metrics import orders_by_state
from tests.architecture.source import ROOT
from tests.deploy.cluster import of_kind
from tests.deploy.promql import World, expand, increase, seconds

FOLDER = ROOT / "deploy" / "observability"
RULES = [rule for group in yaml.safe_load((FOLDER / "rules.yaml").read_text())["groups"] for rule in group["rules"]]
RECORDS = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
ALERTS = [rule for rule in RULES if "alert" in rule]
NAMES = sorted({rule["alert"] for rule in ALERTS})
CASES = yaml.safe_load((FOLDER / "rules.test.yaml").read_text())
STEP = seconds(CASES["evaluation_interval"])
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "crmesh.json").read_text())


def firing(world: World, rule: dict[str, Any], at: float) -> list[dict[str, str]]:
    """Labels of the alerts of a rule that fire: their expression held at every evaluation of its `for`."""
    first = at - (seconds(rule["for"]) if "for" in rule else 0)
    moments = [number * STEP for number in range(int(at / STEP) + 1) if number * STEP >= first]
    if first < 0:
        return []
    held = set.intersection(*(set(world.query(rule["expr"], moment)) for moment in moments))
    return [{**dict(labels), **rule["labels"]} for labels in held]


def filled(text: str, labels: dict[str, str]) -> str:
    return re.sub(r"{{ \$labels\.(\w+) }}", lambda match: labels[match[1]], text)


@pytest.mark.parametrize("case", CASES["tests"], ids=lambda case: case["name"])
def test_alerts_fire_when_they_should_and_only_then(case: dict[str, Any]) -> None:
    world = World(RECORDS)
    for series in case["input_series"]:
        world.add(series["series"], series["values"], seconds(case["interval"]))
    for expected in case["alert_rule_test"]:
        at = seconds(expected["eval_time"])
        found = [
            {"exp_labels": labels, "exp_annotations": {k: filled(v, labels) for k, v in rule["annotations"].items()}}
            for rule in ALERTS
            if rule["alert"] == expected["alertname"]
            for labels in firing(world, rule, at)
        ]
        assert sorted(found, key=str) == sorted(expected["exp_alerts"], key=str), (expected["alertname"], at)


def test_every_alert_is_tried_both_ways() -> None:
    tried = [(one["alertname"], bool(one["exp_alerts"])) for case in CASES["tests"] for one in case["alert_rule_test"]]
    assert {name for name, fires in tried if fires} == {name for name, fires in tried if not fires} == set(NAMES)


def test_every_alert_has_its_page() -> None:
    pages = {path.stem for path in (ROOT / rules.RUNBOOKS).glob("*.md")} - {"README"}
    assert pages == set(NAMES)
    assert {rule["annotations"]["runbook"] for rule in ALERTS} == {f"{rules.RUNBOOKS}/{name}.md" for name in NAMES}


def test_pages_name_workloads_that_exist() -> None:
    text = "".join(path.read_text() for path in (ROOT / rules.RUNBOOKS).glob("*.md"))
    named = set(re.findall(r"deploy/([\w-]+)", text)) - {"observability", "grafana"}
    assert named
    assert named <= {one["metadata"]["name"] for one in of_kind("production", "Deployment")}


def test_the_production_overlay_has_the_rules() -> None:
    (resource,) = of_kind("production", "PrometheusRule")
    assert resource["spec"] == yaml.safe_load((FOLDER / "rules.yaml").read_text())


def test_files_are_what_the_table_says() -> None:
    assert {path: path.read_text() for path in generate.make_files()} == generate.make_files()


def test_the_resource_of_the_operator_holds_the_same_rules() -> None:
    resource = yaml.safe_load((FOLDER / "prometheusrule.yaml").read_text())
    assert resource["spec"] == yaml.safe_load((FOLDER / "rules.yaml").read_text())


@pytest.fixture(scope="module")
def known(tmp_path_factory: Any) -> set[str]:
    """Every sample name that a process can show."""
    settings = GatewaySettings(env="test", data_dir=tmp_path_factory.mktemp("gateway"))
    service = Metrics("customer")
    orders_by_state(service)
    edge = create_app(settings, {}, issuer=DevelopmentIssuer(settings), others=[service])
    names = {"process_resident_memory_bytes"}
    for metrics in (edge.metrics, service):
        for family in metrics.registry.collect():
            suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
            names |= {family.name + suffix for suffix in suffixes}
    return names | set(RECORDS)


def selectors(expr: str) -> Iterator[Any]:
    """Every selector of an expression."""
    pending = [promql.parse(expr.replace("$__rate_interval", "5m"))]
    while pending:
        node = pending.pop()
        if isinstance(node, promql.VectorSelector):
            yield node
        elif isinstance(node, promql.MatrixSelector):
            pending.append(node.vector_selector)
        else:
            parts = [getattr(node, name, None) for name in ("lhs", "rhs", "expr", "param")]
            pending += [part for part in [*parts, *getattr(node, "args", [])] if isinstance(part, promql.Expr)]


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def test_rules_and_dashboard_ask_for_figures_that_exist(known: set[str]) -> None:
    asked = {node.name for expr in [*queries(), *(rule["expr"] for rule in RULES)] for node in selectors(expr)}
    assert len(asked) > 20
    assert asked <= known


def test_every_figure_is_on_the_dashboard(known: set[str]) -> None:
    shown = {re.sub(r"_(bucket|count|sum)$", "", node.name) for expr in queries() for node in selectors(expr)}
    crmesh = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known if name.startswith("crmesh_")}
    assert crmesh - shown == set()


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_limits_on_the_dashboard_are_those_of_the_table() -> None:
    table = rules.read_table()
    lines = {
        panel["title"]: steps[1]["value"]
        for panel in DASHBOARD["panels"]
        if "fieldConfig" in panel and len(steps := panel["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1
    }
    assert lines["Oldest event not yet sent"] == bound_of(table, "OutboxAge") == 60
    assert lines["Database connections in use"] == 1


def test_rates_are_those_of_prometheus() -> None:
    """Values that promtool gives for the same samples."""
    points = [(number * 60.0, value) for number, value in enumerate(expand("0+3x10"))]
    assert increase(points, 0, 600) == 30
    assert increase(points, -300, 600) == 30  # never below zero, where the counter began
    assert increase(points[3:6], 120, 330) == pytest.approx(10.5)
    assert increase([(0.0, 5.0), (60.0, 2.0)], 0, 60) == 2  # a reset
    assert increase([(0.0, 5.0)], 0, 60) is None
