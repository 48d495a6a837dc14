"""Targets' side: quarters with pace and probability, the tree of one, alerts of a running tree, a plan promoted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from cli.load.cdnow import CURRENCY, QUARTERS, quarter_bounds
from cli.load.client import Api
from cli.showcase import steps
from cli.showcase.steps import Law

TREE = "1998Q1"
RUNNING_AMOUNT = 4_000_003
RUNNING_MONTHS = (-1, 2)
RAISE = 110
PLAN = "Showcase: a stronger last month"
REASON = "showcase"
BEST = 3
UNALLOCATED = "unallocated"
ROOTS = {"parent_id[null]": "true"}


@dataclass(frozen=True, slots=True)
class Quarter:
    """A target in the middle of its period, and what came of it. Shares in millionths, None: too little is known."""

    name: str
    as_of: date
    amount: int
    actual: int
    pace: int | None
    low: int | None
    expected: int | None
    high: int | None
    p_hit: int | None
    final: int
    attainment: int


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of the tree with the sellers that came closest to theirs; `parts_sum` is what its own parts make."""

    name: str
    amount: int
    actual: int
    attainment: int | None
    parts_sum: int
    best: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """One quarter by month."""

    name: str
    amount: int
    actual: int
    unallocated: int
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """A target that falls behind."""

    name: str
    state: str
    level: str
    measure: str
    figure: int | None
    threshold: int
    raised_on: str


@dataclass(frozen=True, slots=True)
class Change:
    """A month before the plan and with it."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that is what is active now."""

    name: str
    state: str
    valid_from: str
    root_amount: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class TargetsSide:
    """All that is shown."""

    quarters: tuple[Quarter, ...]
    tree: Tree
    running: str
    alerts: tuple[Alert, ...]
    plan: Plan

    def laws(self) -> tuple[Law, ...]:
        """What must hold."""
        tree, plan = self.tree, self.plan
        credited = sum(branch.actual for branch in tree.branches) + tree.unallocated
        spreads = [(q.low, q.expected, q.high) for q in self.quarters]
        return (
            Law("months make the quarter", sum(branch.amount for branch in tree.branches) == tree.amount),
            Law("sellers make each month", all(branch.parts_sum == branch.amount for branch in tree.branches)),
            Law("what was credited to the months is the quarter's", credited == tree.actual),
            Law(
                "P10 <= P50 <= P90",
                all(a <= b <= c for a, b, c in spreads if not (a is None or b is None or c is None)),
            ),
            Law("the plan is promoted", plan.state == "promoted"),
            Law("the promoted plan's months make its root", sum(c.after for c in plan.changes) == plan.root_amount),
            Law("the plan left the root as it was", sum(c.before for c in plan.changes) == plan.root_amount),
            Law("the running tree was judged, and fell behind", bool(self.alerts)),
        )


def month_after(day: date, months: int) -> date:
    """First day of the month so many months after that of the day; before it, when negative."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def running_period(today: date) -> tuple[date, date]:
    """Four months, of which more than a fifth and less than a half has passed."""
    first, last = (month_after(today, months) for months in RUNNING_MONTHS)
    return first, date.fromordinal(month_after(last, 1).toordinal() - 1)


def running_name(first: date) -> str:
    """Name of the tree that begins then."""
    return f"Showcase {first:%Y-%m}"


async def prepare(api: Api) -> None:
    """Make what is missing: a tree that runs today, and a plan of it that is promoted."""
    today = await _today(api)
    root = await _running(api, today)
    await _plan(api, root, today)

    async def alerted() -> dict[str, Any] | None:
        return await steps.first(api, "/v1/alerts", root_id=root["id"])

    await steps.until("the running tree is judged", alerted)


async def _today(api: Api) -> date:
    """The business day of the service."""
    return date.fromisoformat((await api.get("/v1/attainment"))["as_of"])


async def _running(api: Api, today: date) -> dict[str, Any]:
    first, last = running_period(today)
    unit = await steps.found(api, "/v1/units", code="company")
    body = {
        "name": running_name(first),
        "metric": "revenue",
        "amount": RUNNING_AMOUNT,
        "currency": CURRENCY,
        "period_start": first,
        "period_end": last,
        "unit_id": unit["id"],
    }
    root = await steps.first(api, "/v1/targets", name=body["name"], **ROOTS) or await api.post("/v1/targets", body)
    if root["state"] == "draft":
        path = f"/v1/targets/{root['id']}"
        if not (await api.get(f"{path}/decompositions"))["items"]:
            await api.post(f"{path}/decompositions", {"dimension": "month", "is_crediting": True})
        root = await api.post(f"{path}/activate")
    return root


async def _plan(api: Api, root: dict[str, Any], today: date) -> None:
    """The last month a tenth higher, at the cost of those before it; from today on."""
    plan = await steps.first(api, "/v1/plans", root_id=root["id"], name=PLAN)
    plan = plan or await api.post("/v1/plans", {"root_id": root["id"], "name": PLAN})
    if plan["state"] == "promoted":
        return
    path = f"/v1/plans/{plan['id']}"
    if not (await api.get(f"{path}/diff"))["count"]:
        copies = [t async for t in api.pages("/v1/targets", plan_id=plan["id"]) if t["parent_id"] is not None]
        last = max(copies, key=lambda target: str(target["period_end"]))
        body = {"amount": last["amount"] * RAISE // 100, "reason": REASON}
        headers = {"If-Match": f'"{last["version"]}"'}
        await api.call("PATCH", f"/v1/targets/{last['id']}", body, headers=headers)
    await api.post(f"{path}/promote", {"valid_from": today, "reason": REASON})


async def show(api: Api) -> TargetsSide:
    """Read what is shown."""
    running = await _root(api, running_name(running_period(await _today(api))[0]))
    alerts = [item async for item in api.pages("/v1/alerts", root_id=running["id"])]
    return TargetsSide(
        quarters=tuple([await _quarter(api, quarter) for quarter in QUARTERS]),
        tree=await _tree(api, await _root(api, f"Revenue {TREE}")),
        running=running["name"],
        alerts=steps.rows_of(Alert, alerts),
        plan=await _promoted(api, running),
    )


async def _root(api: Api, name: str) -> dict[str, Any]:
    return await steps.found(api, "/v1/targets", name=name, **ROOTS)


async def _attained(api: Api, target: str, as_of: date | None = None) -> dict[str, Any]:
    days = {} if as_of is None else {"as_of": as_of}
    item: dict[str, Any] = (await api.get("/v1/attainment", target_id=target, **days))["items"][0]
    return item


async def _quarter(api: Api, quarter: str) -> Quarter:
    target = await _root(api, f"Revenue {quarter}")
    first, last = quarter_bounds(quarter)
    middle = first + (last - first) / 2
    then, now = await _attained(api, target["id"], middle), await _attained(api, target["id"])
    forecast = await api.get("/v1/forecasts", target_id=target["id"], as_of=middle)
    return Quarter(
        name=target["name"],
        as_of=middle,
        amount=target["amount"],
        actual=then["actual"],
        pace=then["pace_plan"] if then["pace_plan"] is not None else then["pace"],
        low=forecast["p10"],
        expected=forecast["p50"],
        high=forecast["p90"],
        p_hit=forecast["p_hit"],
        final=now["actual"],
        attainment=now["attainment"],
    )


async def _tree(api: Api, root: dict[str, Any]) -> Tree:
    """The root with its months; a month with what its sellers' targets sum to and who came closest."""
    items = (await api.get("/v1/attainment", target_id=root["id"], children="true"))["items"]
    months = [item for item in items[1:] if item["key"] != UNALLOCATED]
    return Tree(
        name=root["name"],
        amount=root["amount"],
        actual=items[0]["actual"],
        unallocated=sum(item["actual"] for item in items[1:] if item["key"] == UNALLOCATED),
        branches=tuple([await _branch(api, month) for month in months]),
    )


async def _branch(api: Api, month: dict[str, Any]) -> Branch:
    answer = await api.get("/v1/attainment", target_id=month["target_id"], children="true")
    sellers = [item for item in answer["items"][1:] if item["key"] != UNALLOCATED]
    ranked = sorted(sellers, key=lambda item: (item["rank"], item["name"]))
    return Branch(
        name=month["name"],
        amount=month["amount"],
        actual=month["actual"],
        attainment=month["attainment"],
        parts_sum=sum(item["amount"] for item in sellers),
        best=tuple(item["name"].rpartition(" / ")[2] for item in ranked[:BEST]),
    )


async def _promoted(api: Api, root: dict[str, Any]) -> Plan:
    """The plan of the running tree, and the first and the newest version of each month."""
    plan = await steps.found(api, "/v1/plans", root_id=root["id"], name=PLAN)
    changes = []
    async for month in api.pages("/v1/targets", parent_id=root["id"], sort="period_start"):
        versions = (await api.get(f"/v1/targets/{month['id']}/versions"))["items"]
        first = min(versions, key=lambda version: int(version["number"]))
        changes.append(Change(month["name"], first["amount"], month["amount"]))
    return Plan(plan["name"], plan["state"], plan["valid_from"], root["amount"], tuple(changes))
