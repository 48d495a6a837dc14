"""Prometheus rules from the table slo.yaml: error ratios over several windows, and the alerts.

Multi-window, multi-burn-rate alerts as in the Site Reliability Workbook (Google, 2018), chapter 5.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
TABLE = HERE / "slo.yaml"
RUNBOOKS = "docs/operations/runbooks"

Rule = dict[str, Any]
Table = dict[str, Any]


def read_table() -> Table:
    """The table as it is committed."""
    table: Table = yaml.safe_load(TABLE.read_text())
    return table


def windows(table: Table) -> list[str]:
    """Every window of the burn rates, once each."""
    return list(dict.fromkeys(window for rate in table["burn_rates"] for window in (rate["short"], rate["long"])))


def snake(name: str) -> str:
    """`AttainmentDelay` as `attainment_delay`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def ratio_name(objective: Table, window: str) -> str:
    """Name of the recorded share of bad outcomes over a window."""
    return f"crmesh:{snake(objective['name'])}_errors:ratio_rate{window}"


def ratio_rule(objective: Table, window: str) -> Rule:
    """Records the share of bad outcomes; none while there is no traffic."""
    by, total = objective["by"], objective["total"]
    part = objective.get("bad") or objective["good"]
    ratio = f"sum by ({by}) (rate({part}[{window}])) / sum by ({by}) (rate({total}[{window}]))"
    return {"record": ratio_name(objective, window), "expr": ratio if "bad" in objective else f"1 - {ratio}"}


def alert(name: str, severity: str, expr: str, lasting: str, summary: str, **labels: str) -> Rule:
    """An alert; the annotation `runbook` names its page in this repository."""
    rule: Rule = {"alert": f"Crmesh{name}", "expr": expr}
    if lasting != "0m":
        rule["for"] = lasting
    rule["labels"] = {"severity": severity, **labels}
    rule["annotations"] = {"summary": summary, "runbook": f"{RUNBOOKS}/Crmesh{name}.md"}
    return rule


def burn_alert(objective: Table, rate: Table) -> Rule:
    """Fires while the allowance is used `factor` times too fast over both windows."""
    bound = f"{rate['factor'] * (1 - objective['objective']):.10g}"
    expr = " and ".join(f"{ratio_name(objective, rate[window])} > {bound}" for window in ("long", "short"))
    return alert(objective["name"], rate["severity"], expr, rate["for"], objective["summary"], window=rate["long"])


def make_groups(table: Table) -> dict[str, Any]:
    """The rules file's content."""
    objectives = table["objectives"]
    recorded = [ratio_rule(objective, window) for objective in objectives for window in windows(table)]
    burning = [burn_alert(objective, rate) for objective in objectives for rate in table["burn_rates"]]
    limits = [
        alert(limit["name"], limit["severity"], limit["expr"], limit["for"], limit["summary"])
        for limit in table["limits"]
    ]
    groups = {"crmesh-ratios": recorded, "crmesh-objectives": burning, "crmesh-limits": limits}
    return {"groups": [{"name": name, "rules": rules} for name, rules in groups.items()]}


def make_resource(groups: dict[str, Any]) -> dict[str, Any]:
    """The same rules as a resource of the Prometheus operator."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "crmesh", "labels": {"app.kubernetes.io/part-of": "crmesh"}},
        "spec": groups,
    }
