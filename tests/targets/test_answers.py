"""Every answer has the shape that the OpenAPI document declares for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from kit import clock
from kit.due.loop import DueLoop
from services.targets.alerts.dues import JUDGINGS_DUE
from services.targets.reports.dues import REPORTS_DUE
from tests.targets.territories.accounts import account as account_of
from tests.targets.territories.accounts import hear


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)


class Answers:
    """Sends requests and checks status and body of each answer."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.document = world.service.app.openapi()
        self.reached: set[tuple[str, str]] = set()

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """The most literal path template that fits."""
        fitting = [
            template
            for template in self.document["paths"]
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path.partition("?")[0])
        ]
        template = min(fitting, key=lambda text: text.count("{"))
        return template, self.document["paths"][template][method.lower()]

    async def send(self, method: str, path: str, body: Any = None, by: str = "admin", **headers: str) -> Any:
        answer = await self.world.service.request(
            method, path, body, headers=self.world.service.headers(by, "administrator", **headers)
        )
        assert answer.status_code < 300, answer.text
        template, operation = self.operation(method, path)
        declared = operation["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
        validator(self.document, declared).validate(answer.json())
        self.reached.add((method, template))
        return answer.json()


def own(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, operations in document["paths"].items():
        if path.startswith("/v1/"):
            yield from ((method.upper(), path) for method in operations)


@pytest.fixture
def answers(world: Any) -> Answers:
    return Answers(world)


async def transferred(answers: Answers) -> None:
    """A member moves from one region to another and takes what is left of a target along."""
    units, members = answers.world.units, answers.world.members
    move = {"unit_id": units["team-b"], "from": "2026-03-20"}
    await answers.send("POST", f"/v1/members/{members['a1']}/move", move)
    body = {"name": "R", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    root = await answers.send("POST", "/v1/targets", body)
    both = {"dimension": "unit", "children": [{"unit_id": units[code]} for code in ("north", "south")]}
    for child in (await answers.send("POST", f"/v1/targets/{root['id']}/decompositions", both))["children"]:
        name = "a1" if child["unit_id"] == units["north"] else "b1"
        one = {"dimension": "member", "children": [{"member_id": members[name]}]}
        await answers.send("POST", f"/v1/targets/{child['target_id']}/decompositions", one)
    await answers.send("POST", f"/v1/targets/{root['id']}/activate")
    plan = await answers.send("POST", "/v1/plans", {"root_id": root["id"], "name": "Moved"})
    rows = (await answers.send("GET", f"/v1/targets?plan_id={plan['id']}"))["items"]
    moved = next(row["id"] for row in rows if row["member_id"] == members["a1"])
    parent = next(row["id"] for row in rows if row["unit_id"] == units["south"] and row["member_id"] is None)
    body = {"target_id": moved, "to_parent_id": parent, "from": "2026-03-20"}
    await answers.send("POST", f"/v1/plans/{plan['id']}/transfers", body)


async def organised(answers: Answers) -> None:
    """Who sells is entered in a batch, changes role, gets a login and a territory."""
    world = answers.world
    row = {"code": "o", "role": "sales_rep", "unit_id": world.units["team-a"], "valid_from": "2026-01-01"}
    (made, _) = (await answers.send("POST", "/v1/members/batch", {"rows": [row, {}]}))["results"]
    path = f"/v1/members/{made['id']}"
    await answers.send("POST", f"{path}/change-role", {"role": "sales_supervisor", "from": "2026-02-01"})
    await answers.send("POST", f"{path}/link", {"subject": "o"})
    await answers.send("PUT", "/v1/roles/sales_rep", {"duties": ["Visits accounts"]}, If_Match='"1"')
    body = {"code": "t", "name": "T", "regions": ["CN-SH"], "valid_from": "2026-01-01", "member_id": made["id"]}
    territory = await answers.send("POST", "/v1/territories", body)
    (account,) = await hear(world, account_of("CN-SH"))
    await answers.send("PATCH", f"/v1/territories/{territory['id']}", {"name": "U"}, If_Match='"1"')
    for where in (
        "/v1/roles",
        "/v1/roles/sales_rep",
        "/v1/territories",
        f"/v1/territories/{territory['id']}",
        f"/v1/territories/resolve?account_id={account}",
        "/v1/territories/coverage",
    ):
        await answers.send("GET", where)
    await answers.send("POST", f"/v1/territories/{territory['id']}/end", {"on": "2026-12-31"})
    body = {"code": "r", "name": "R", "kind": "team", "parent_id": world.units["north"]}
    unit = (await answers.send("POST", "/v1/units", body))["id"]
    await answers.send("POST", f"/v1/units/{unit}/lead", {"member_id": made["id"], "from": "2026-01-01"})
    body = {"new_parent_id": world.units["south"], "code": "r-2", "from": "2026-02-15", "with_plan": True}
    gone = (await answers.send("POST", f"/v1/units/{unit}/reorganise", body))["successors"]
    await answers.send("GET", f"/v1/units/{gone[0]['id']}")
    await answers.send("POST", f"/v1/units/{gone[0]['id']}/end", {"on": "2026-12-31"})


async def behind(answers: Answers) -> None:
    """A target of which nothing was reached raises an alert, and somebody says that it was seen."""
    today = clock.now().date()
    period = {"period_start": str(today - timedelta(days=300)), "period_end": str(today + timedelta(days=300))}
    body = {"name": "B", "amount": 1_000_000, "unit_id": answers.world.units["team-a"], **period}
    target = await answers.send("POST", "/v1/targets", body)
    await answers.send("POST", f"/v1/targets/{target['id']}/checks", {})
    await answers.send("GET", f"/v1/targets/{target['id']}/checks")
    await answers.send("POST", f"/v1/targets/{target['id']}/activate")
    await DueLoop(answers.world.service.runtime, [JUDGINGS_DUE]).turn()
    alert = (await answers.send("GET", "/v1/alerts"))["items"][0]
    await answers.send("GET", f"/v1/alerts/{alert['id']}")
    await answers.send("POST", f"/v1/alerts/{alert['id']}/acknowledge", {"note": "Two visits"})


async def planned(answers: Answers) -> None:
    """Something is done about a target, and it is adjusted."""
    owner = answers.world.members["a1"]
    body = {"name": "D", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 100}
    target = (await answers.send("POST", "/v1/targets", body))["id"]
    keys = ("a", "b", "c")
    items = [{"key": key, "name": key, "owner_id": owner, "due_on": "2126-03-01"} for key in keys]
    more = {"resources": [{"kind": "people", "name": "P", "amount": 1000}], "risks": [{"name": "R", "probability": 1}]}
    body = {"target_id": target, "name": "P", "owner_id": owner, "steps": items, **more}
    path = f"/v1/action-plans/{(await answers.send('POST', '/v1/action-plans', body))['id']}"
    await answers.send("PATCH", path, {"name": "Q"}, If_Match='"1"')
    await answers.send("POST", f"{path}/activate")
    for key, verb in (("a", "complete"), ("a", "reopen"), ("a", "complete"), ("b", "drop"), ("c", "complete")):
        await answers.send("POST", f"{path}/steps/{key}/{verb}")
    await answers.send("POST", f"{path}/complete")
    dropped = await answers.send("POST", "/v1/action-plans", body)
    await answers.send("POST", f"/v1/action-plans/{dropped['id']}/drop", {"reason": "x"})
    for query in (path, "/v1/action-plans", "/v1/action-plans?fields=steps,progress"):
        await answers.send("GET", query)
    body = {"target_id": target, "trigger": "manual", "strategy": "tactic", "reason": "x", "measures": items}
    path = f"/v1/adjustments/{(await answers.send('POST', '/v1/adjustments', body))['id']}"
    await answers.send("PATCH", path, {"reason": "y"}, If_Match='"1"')
    await answers.send("POST", f"{path}/propose")
    await answers.send("POST", f"{path}/reject", {"reason": "no"})
    await answers.send("POST", f"{path}/propose")
    await answers.send("POST", f"{path}/approve", by="second")
    await answers.send("POST", f"{path}/start")
    for key, verb in (("a", "complete"), ("a", "reopen"), ("a", "complete"), ("b", "drop"), ("c", "complete")):
        await answers.send("POST", f"{path}/measures/{key}/{verb}")
    await answers.send("POST", f"{path}/execute")
    dropped = await answers.send("POST", "/v1/adjustments", body)
    await answers.send("POST", f"/v1/adjustments/{dropped['id']}/drop", {"reason": "x"})
    for query in (path, f"{path}/effect", "/v1/adjustments", "/v1/adjustments?fields=measures,effect"):
        await answers.send("GET", query)


async def counted(answers: Answers) -> None:
    """KPIs of the core and one of one's own, and what was observed."""
    kpi = await answers.send("POST", "/v1/kpis", {"code": "per-order", "name": "Per order"})
    path = f"/v1/kpis/{kpi['id']}"
    await answers.send("PATCH", path, {"description": "Revenue per order"}, If_Match='"1"')
    over, under = {"measure": "revenue", "region": "CN-SH"}, {"measure": "orders"}
    await answers.send("POST", f"{path}/publish", {"numerator": over, "denominator": under, "direction": "higher"})
    benchmark = {"value": 100, "source": "Last year", "from": "2026-01-01"}
    await answers.send("PUT", f"{path}/benchmark", benchmark, If_Match="*")
    body: dict[str, Any] = {
        "external_id": "ads",
        "kind": "spend",
        "period_start": "2026-01-01",
        "period_end": "2026-03-31",
    }
    body |= {"value": 90_000, "source": "Books", "observed_on": "2026-04-02"}
    observed = await answers.send("POST", "/v1/observations", body)
    await answers.send("POST", "/v1/observations/batch", {"rows": [body, body | {"external_id": "more"}, {}]})
    of_quarter = "from=2026-01-01&to=2026-03-31"
    core = [item["id"] for item in (await answers.send("GET", "/v1/kpis"))["items"]]
    asked = [f"/v1/kpis/{each}/values?{of_quarter}&group_by=month,unit" for each in core if each != kpi["id"]]
    for where in (
        f"/v1/observations/{observed['id']}",
        "/v1/observations?is_current=true&count=exact",
        "/v1/measures",
        path,
        f"{path}/versions",
        f"{path}/values?{of_quarter}&group_by=region",
        *(each.replace("month,unit", "month") if "20009" in each else each for each in asked),
    ):
        await answers.send("GET", where)


async def reported(answers: Answers) -> None:
    """A unit is reported on, and its schedule changes."""
    body = {"unit_id": answers.world.units["north"], "cadence": "daily", "local_time": "06:00"}
    path = f"/v1/report-schedules/{(await answers.send('POST', '/v1/report-schedules', body))['id']}"
    await answers.send("PATCH", path, {"local_time": "07:30"}, If_Match='"1"')
    async with answers.world.service.transaction() as tx:
        await tx.execute("UPDATE report_schedule SET next_start = '2026-02-13', due_at = '2026-02-13T22:00Z'")
    for verb in ("pause", "resume"):
        await answers.send("POST", f"{path}/{verb}")
    async with answers.world.service.transaction() as tx:
        await tx.execute("UPDATE report_schedule SET state = 'archived', stopped_at = due_at")
    await DueLoop(answers.world.service.runtime, [REPORTS_DUE]).turn()
    report = (await answers.send("GET", "/v1/reports"))["items"][0]
    await answers.send("GET", f"/v1/reports/{report['id']}")
    again = f"/v1/report-schedules/{(await answers.send('POST', '/v1/report-schedules', body))['id']}"
    await answers.send("POST", f"{again}/archive")
    await answers.send("POST", f"{again}/restore")
    for where in ("/v1/report-schedules", "/v1/report-schedules?fields=due_at,state", path):
        await answers.send("GET", where)
    download = f"/v1/reports/{report['id']}/download"
    assert (await answers.world.service.get(download)).status_code == 200
    answers.reached.add(("GET", answers.operation("GET", download)[0]))


async def test_every_operation_answers_as_declared(answers: Answers) -> None:
    world = answers.world
    order = world.order({"a1": 600_000, "b1": 400_000}, [411, 7])
    await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 137)}))
    unit = await answers.send(
        "POST", "/v1/units", {"code": "x", "name": "X", "kind": "team", "parent_id": world.units["north"]}
    )
    await answers.send("PATCH", f"/v1/units/{unit['id']}", {"name": "Y"}, If_Match='"1"')
    body = {"code": "m", "role": "sales_rep", "unit_id": unit["id"], "valid_from": "2026-01-01"}
    member = await answers.send("POST", "/v1/members", body)
    await answers.send(
        "POST", f"/v1/members/{member['id']}/move", {"unit_id": world.units["team-a"], "from": "2026-02-01"}
    )
    await answers.send("POST", f"/v1/members/{member['id']}/leave", {"on": "2026-03-01"})
    target = await answers.send(
        "POST",
        "/v1/targets",
        {"name": "T", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100},
    )
    await answers.send("PATCH", f"/v1/targets/{target['id']}", {"amount": 101}, If_Match='"1"')
    found = await answers.send("POST", f"/v1/targets/{target['id']}/decompositions", {"dimension": "month"})
    path = f"/v1/targets/{target['id']}"
    await answers.send("POST", f"{path}/decompositions", {"dimension": "week", "dry_run": True})
    await answers.send("GET", f"{path}/strategy")
    await answers.send("PUT", f"{path}/strategy", {"product": "The new line"}, If_Match='"0"')
    await answers.send("POST", f"{path}/commits", {"amount": 90, "note": "no more"})
    await answers.send("GET", f"{path}/commits")
    await answers.send("GET", f"{path}/decompositions/{found['id']}/gap")
    await answers.send("POST", f"{path}/decompositions/{found['id']}/mark-crediting")
    await answers.send("POST", f"{path}/decompositions/{found['id']}/recompute")
    await answers.send("POST", f"{path}/decompositions/{found['id']}/reconcile", {"mode": "redistribute"})
    again = await answers.send("POST", f"{path}/decompositions", {"dimension": "week"})
    await answers.send("POST", f"{path}/decompositions/{again['id']}/retire")
    regions = {"dimension": "region", "children": [{"key": "CN-SH"}, {"key": "CN-BJ"}]}
    columns = await answers.send("POST", f"{path}/decompositions", regions)
    sides = {"row_decomposition_id": found["id"], "column_decomposition_id": columns["id"]}
    await answers.send("POST", f"{path}/tables", sides | {"dry_run": True})
    table = await answers.send("POST", f"{path}/tables", sides)
    await answers.send("GET", f"{path}/tables")
    await answers.send("GET", f"{path}/tables/{table['id']}")
    await answers.send("POST", f"{path}/cascades", {"levels": [{"dimension": "month"}, {"dimension": "week"}]})
    for verb, said in (("propose", None), ("withdraw", None), ("propose", None), ("reject", {"reason": "no"})):
        await answers.send("POST", f"{path}/{verb}", said)
    await answers.send("POST", f"{path}/propose")
    await answers.send("POST", f"{path}/approve", by="second")
    await answers.send("POST", f"{path}/activate")
    plan = await answers.send("POST", "/v1/plans", {"root_id": target["id"], "name": "What if"})
    await answers.send("PATCH", f"/v1/targets/{plan['branch_id']}", {"stretch": 200}, If_Match='"1"')
    await answers.send("GET", "/v1/plans")
    await answers.send("GET", f"/v1/plans/{plan['id']}")
    await answers.send("GET", f"/v1/plans/{plan['id']}/diff")
    await answers.send("POST", f"/v1/plans/{plan['id']}/rebase", {})
    await answers.send("POST", f"/v1/plans/{plan['id']}/propose")
    await answers.send("POST", f"/v1/plans/{plan['id']}/approve", by="second")
    await answers.send("POST", f"/v1/plans/{plan['id']}/promote", {"valid_from": "2026-01-01", "reason": "x"})
    await transferred(answers)
    await behind(answers)
    await planned(answers)
    await counted(answers)
    await reported(answers)
    dropped = await answers.send("POST", "/v1/plans", {"root_id": target["id"], "name": "What if"})
    await answers.send("POST", f"/v1/plans/{dropped['id']}/drop")
    row = {"external_id": "e", "name": "E", "period_start": "2026-01-01", "period_end": "2026-01-31", "amount": 1}
    await answers.send("POST", "/v1/targets/batch", {"rows": [row, {}]})
    job = await answers.send("POST", "/v1/attainment/rebuilds", {})
    asked = await answers.send("POST", "/v1/forecasts/backtests", {"kind": "week"})
    await answers.send("PUT", "/v1/calendar-days/2026-05-04", {"kind": "off", "reason": "Stocktaking"}, If_Match='"0"')
    await answers.send("POST", "/v1/calendar-days/2026-05-04/reset")
    policy = {"valid_from": "2100-01-01", "reason": "Two decide"}
    await answers.send("PUT", "/v1/target-policies", policy, If_Match="*")
    await organised(answers)
    for path in (
        f"/v1/units/{unit['id']}",
        "/v1/units?fields=code,path&sort=-code",
        "/v1/units?fields=leads,valid_from,successor_id",
        f"/v1/members/{member['id']}",
        "/v1/members?count=exact&fields=memberships",
        f"/v1/targets/{target['id']}",
        f"/v1/targets/{target['id']}/overview",
        f"/v1/targets/{target['id']}/versions",
        "/v1/targets?limit=2&fields=id,amount",
        "/v1/targets",
        f"/v1/targets/{target['id']}/decompositions",
        f"/v1/targets/{target['id']}/decompositions?fields=drivers",
        f"/v1/targets/{target['id']}/decompositions/{found['id']}",
        "/v1/credit-lines",
        "/v1/credit-lines?fields=amount,unit_path",
        "/v1/attainment",
        "/v1/attainment?group_by=unit",
        f"/v1/attainment?target_id={target['id']}&children=true",
        f"/v1/attainment/rebuilds/{job['id']}",
        f"/v1/forecasts?target_id={target['id']}",
        "/v1/forecasts?from=2026-01-01&to=2100-12-31",
        "/v1/forecasts/calibration?kind=week",
        f"/v1/forecasts/backtests/{asked['id']}",
        "/v1/calendar-days?from=2026-05-01&to=2026-05-31",
        "/v1/calendar-days/2026-05-04",
        "/v1/metrics",
        "/v1/target-policies",
    ):
        await answers.send("GET", path)
    await answers.send("POST", f"/v1/targets/{target['id']}/close")
    assert answers.reached == set(own(answers.document))


async def test_examples_of_the_bodies_are_valid(answers: Answers) -> None:
    schemas = answers.document["components"]["schemas"]
    checked = 0
    for schema in schemas.values():
        for example in [schema["example"]] if "example" in schema else []:
            validator(answers.document, schema).validate(example)
            checked += 1
    assert checked >= 7
