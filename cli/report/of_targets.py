"""Attainment against plan, the tree of targets, and the alerts on them."""

from __future__ import annotations

from typing import Any

from cli.report import charts
from cli.report.numbers import major
from cli.report.sections import Json, Nothing, Scope, Section, Table

TREE_ROWS = 40
ALERTS = 50


async def root_of(scope: Scope) -> Json:
    """The target of the unit and the period. Raises Nothing."""
    text = f"No target of {scope.unit_name} has exactly this period."
    about = {"unit_id": scope.unit_id, "period_start": scope.first, "period_end": scope.last, "metric": "revenue"}
    for state in ("active", "closed", "approved"):
        found = await scope.rows("/v1/targets", limit=1, state=state, **about)
        if found:
            return found[0]
    raise Nothing(text)


async def attainment(scope: Scope) -> Section:
    """Actual and plan month by month, the forecast's P10, P50 and P90 at the end."""
    numbers, currency = scope.numbers, scope.currency
    target = await root_of(scope)
    whole = (await scope.api.get("/v1/attainment", target_id=target["id"]))["items"][0]
    months = await _months(scope, target["id"])
    forecast = await scope.api.get("/v1/forecasts", target_id=target["id"])
    done = planned = 0
    lines = [_point(scope.first, 0, line, currency) for line in ("plan", "actual")] if months else []
    for month in months:
        planned += month.get("amount") or 0
        lines.append(_point(month["period_end"], planned, "plan", currency))
        if month["period_start"] <= scope.as_of:
            done += month["actual"]
            lines.append(_point(min(month["period_end"], scope.as_of), done, "actual", currency))
    band = []
    if forecast["p10"] is not None:
        band = [
            {
                "day": scope.last,
                "low": _float(forecast["p10"], currency),
                "middle": _float(forecast["p50"], currency),
                "high": _float(forecast["p90"], currency),
            }
        ]
    rows = [
        ("Target", numbers.money(whole.get("amount"), currency)),
        ("Actual", numbers.money(whole["actual"], currency)),
        ("Attainment", numbers.share(whole.get("attainment"))),
        ("Expected by now", numbers.money(whole.get("expected"), currency)),
        ("Pace", numbers.share(whole.get("pace"))),
        ("Probability of reaching it", numbers.share(forecast["p_hit"])),
        ("P10, P50, P90", ", ".join(numbers.money(forecast[name], currency) for name in ("p10", "p50", "p90"))),
    ]
    by_month = [
        (numbers.day(m["period_start"]), numbers.money(m.get("amount"), currency), numbers.money(m["actual"], currency))
        for m in months
    ]
    lack = forecast["insufficient_data"]
    done_of = f"{numbers.money(whole['actual'], currency)} of {numbers.money(whole.get('amount'), currency)}"
    summary = f"{target['name']}: {done_of}, {numbers.share(whole.get('attainment'))}."
    if lack:
        summary += f" No forecast: {lack['reason']} ({lack['have']} of {lack['need']})."
    return Section(
        "attainment",
        "Attainment against plan",
        summary,
        charts.progress(lines, band, currency) if lines else None,
        (Table(("", ""), rows), Table(("Month from", "Plan", "Actual"), by_month)),
    )


async def _months(scope: Scope, target_id: str) -> list[Json]:
    """Rows of the target's months, in order; of the whole period where it is not decomposed by month."""
    path = f"/v1/targets/{target_id}/decompositions"
    by_month = await scope.rows(path, dimension="month", limit=1)
    if not by_month:
        return list((await scope.api.get("/v1/attainment", target_id=target_id))["items"])
    answer = await scope.api.get("/v1/attainment", target_id=target_id, children="true")
    months = [
        row for row in answer["items"] if row.get("decomposition_id") == by_month[0]["id"] and row.get("target_id")
    ]
    return sorted(months, key=lambda row: str(row["period_start"]))


async def tree(scope: Scope) -> Section:
    """The targets below the unit's, two levels deep."""
    numbers, currency = scope.numbers, scope.currency
    target = await root_of(scope)
    items = (await scope.api.get("/v1/attainment", root_id=target["root_id"]))["items"]
    children: dict[Any, list[Json]] = {}
    for item in items:
        if item.get("target_id"):
            children.setdefault(item.get("parent_id"), []).append(item)
    of_root = [item for item in items if item.get("target_id") == target["id"]]
    shown = _below(of_root, children, 0)[:TREE_ROWS]
    names = _distinct([(item.get("name") or NAMELESS, depth) for item, depth in shown])
    values = [
        {
            "name": name,
            "value": _float(item["actual"], currency),
            "mark": _float(item.get("amount") or 0, currency),
            "label": numbers.share(item.get("attainment")),
        }
        for name, (item, _) in zip(names, shown, strict=True)
    ]
    rows = [
        (
            name,
            numbers.money(item.get("amount"), currency),
            numbers.money(item["actual"], currency),
            numbers.share(item.get("attainment")),
        )
        for name, (item, _) in zip(names, shown, strict=True)
    ]
    all_of = sum(len(part) for part in children.values())
    summary = f"{len(shown)} of {all_of} targets. A bar is what was sold, the tick what was planned."
    return Section(
        "tree",
        "The tree of targets",
        summary,
        charts.bars(values, currency, mark_title="Plan", steps=22),
        (Table(("Target", "Plan", "Actual", "Attainment"), rows),),
    )


NAMELESS = "(no name)"


def _below(items: list[Json], children: dict[Any, list[Json]], depth: int) -> list[tuple[Json, int]]:
    """The items, each followed by those below it, at most two levels down."""
    found = []
    for item in sorted(
        items, key=lambda row: (str(row["period_start"]), -(row.get("amount") or 0), str(row["target_id"]))
    ):
        found.append((item, depth))
        if depth < 2:
            found += _below(children.get(item["target_id"], []), children, depth + 1)
    return found


def _distinct(names: list[tuple[str, int]]) -> list[str]:
    """Indented by depth; equal ones get a number, for a chart has a row per name."""
    seen: dict[str, int] = {}
    texts = []
    for name, depth in names:
        text = "\u2003" * depth + name
        seen[text] = seen.get(text, 0) + 1
        texts.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return texts


async def alerts(scope: Scope) -> Section:
    """What stands: on targets, and on the indicators of risk."""
    numbers = scope.numbers
    of_targets = await scope.rows("/v1/alerts", limit=ALERTS, **{"state[ne]": "cleared"})
    of_risk = await scope.rows("/v1/risk-alerts", limit=ALERTS, **{"state[ne]": "resolved"})
    rows = [
        (item["name"], "target", item["level"], item["measure"], numbers.day(item["raised_on"]), item["state"])
        for item in of_targets
    ]
    rows += [
        (item["measure"], "risk", item["level"], item["measure"], numbers.day(item["raised_on"]), item["state"])
        for item in of_risk
    ]
    if not rows:
        raise Nothing("No alert stands today.")
    values = [
        {"name": kind, "part": level, "value": sum(row[1] == kind and row[2] == level for row in rows)}
        for kind in ("target", "risk")
        for level in ("red", "amber")
    ]
    return Section(
        "alerts",
        "Standing alerts",
        f"{numbers.count(len(rows))} alerts stand today, whatever the period.",
        charts.stacked(values, "alerts", ["red", "amber"]),
        (Table(("What", "Kind", "Level", "Measure", "Raised on", "State"), rows),),
    )


def _point(day: str, minor: int, line: str, currency: str) -> Json:
    return {"day": day, "value": _float(minor, currency), "line": line}


def _float(minor: int, currency: str) -> float:
    """For the position of a mark; the text beside it is exact."""
    return float(major(minor, currency))
