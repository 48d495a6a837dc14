"""Reports over HTTP: what they show of which targets, and to whom."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.targets.reports.conftest import Desk

SATURDAY = date(2026, 2, 14)


async def written(desk: Desk, unit: str = "north") -> dict[str, Any]:
    """The report of the 13th."""
    await desk.schedule(unit)
    await desk.turn(SATURDAY)
    return (await desk.reports(f"?unit_id={desk.world.units[unit]}"))[0]


async def split(desk: Desk, target: str, dimension: str, names: tuple[str, ...]) -> list[str]:
    """Children of a draft."""
    known = desk.world.units if dimension == "unit" else desk.world.members
    body = {"dimension": dimension, "children": [{f"{dimension}_id": known[name]} for name in names]}
    answer = await desk.world.service.post(f"/v1/targets/{target}/decompositions", body)
    assert answer.status_code == 201, answer.text
    return [child["target_id"] for child in answer.json()["children"]]


async def draft(desk: Desk, unit: str | None, **more: Any) -> str:
    body = {"name": "T", "period_start": "2026-02-01", "period_end": "2026-02-28", "amount": 1_600_000, **more}
    if unit is not None:
        body["unit_id"] = desk.world.units[unit]
    answer = await desk.world.service.post("/v1/targets", body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def test_targets_of_the_unit_and_below_with_their_ranks(desk: Desk) -> None:
    root = await draft(desk, "company")
    north, south = await split(desk, root, "unit", ("north", "south"))
    first, second = await split(desk, north, "member", ("a1", "a2"))
    await desk.activate(root)
    await draft(desk, "north", name="Draft")
    await desk.target("north", name="Over", period_start="2026-01-01", period_end="2026-01-31")
    await desk.target("north", name="Later", period_start="2026-03-01", period_end="2026-03-31")
    lone = await desk.target(None, name="=HYPERLINK()", member_id=desk.world.members["a2"])
    await desk.target(None, name="Other", member_id=desk.world.members["b1"])
    plan = await desk.world.service.post("/v1/plans", {"root_id": root, "name": "What if"})
    assert plan.status_code == 201
    await desk.sold(500_000)
    await desk.sold(100_000, by="a2")
    await desk.sold(900_000, by="b1")
    report = await written(desk)
    rows = {row["target_id"]: row for row in (await desk.body(report))["targets"]}
    assert rows.keys() == {north, first, second, lone}
    assert (rows[north]["value"], rows[north]["rank"]) == (600_000, 2), "among siblings outside of the report too"
    assert (rows[first]["rank"], rows[second]["rank"], rows[lone]["rank"]) == (1, 2, None)
    assert (rows[first]["member_code"], rows[lone]["unit_code"], rows[lone]["value"]) == ("a1", None, 100_000)
    totals = (await desk.body(report))["totals"]
    assert totals == {name: sum(row[name] for row in rows.values()) for name in ("amount", "value")}
    assert report["targets"] == 4
    for query, found in ((f"root_id={root}", 1), (f"root_id={south}", 0), (f"below_unit_id={report['unit_id']}", 1)):
        assert len(await desk.reports(f"?{query}")) == found, query


async def test_a_report_is_seen_by_who_sees_its_unit(desk: Desk) -> None:
    service = desk.world.service
    report = await written(desk)
    path = f"/v1/reports/{report['id']}"
    await desk.schedule("company")
    await desk.turn(date(2026, 2, 15))
    for subject, role, seen, read in (
        ("manager-north", "sales_manager", 2, 200),
        ("manager-south", "sales_manager", 0, 404),
        ("a1", "sales_rep", 0, 404),
        ("auditor", "auditor", 3, 200),
        ("director", "sales_director", 3, 200),
        ("risk", "risk_officer", None, 403),
    ):
        headers = service.headers(subject, role)
        if seen is not None:
            assert len(await desk.reports(headers=headers)) == seen, subject
        for where in (path, f"{path}/download", f"{path}/download?format=csv"):
            answer = await service.get(where, headers=headers)
            assert answer.status_code == read, (subject, where)
            if read == 404:
                assert answer.json()["code"] == "report-not-found"
    unknown = await service.get(f"/v1/reports/{report['schedule_id']}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "report-not-found")
    wrong = await service.get(f"{path}/download?format=pdf")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "format")
    for method in ("PATCH", "DELETE", "PUT"):
        assert (await service.request(method, path, {})).status_code == 405


async def test_kpis_of_the_unit_over_the_period(desk: Desk) -> None:
    await desk.sold(40_000, "2026-02-12")
    await desk.sold(50_000, "2026-02-13")
    await desk.sold(70_000, "2026-02-13", by="b1")
    report = await written(desk)
    kpis = {kpi["code"]: kpi for kpi in (await desk.body(report))["kpis"]}
    signed = kpis["signed-amount"]
    assert (signed["value"], signed["previous"], signed["swing"]) == (50_000, 40_000, 10_000)
    assert (signed["unit"], signed["version"], signed["is_withheld"]) == ("minor_unit", 1, False)
    asked = f"/v1/kpis/{signed['kpi_id']}/values?from=2026-02-13&to=2026-02-13&as_of=2026-02-13"
    now = (await desk.world.service.get(f"{asked}&unit_id={desk.world.units['north']}")).json()["total"]
    assert {name: signed[name] for name in ("value", "numerator", "sample_size")} == {
        name: now[name] for name in ("value", "numerator", "sample_size")
    }
    assert [kpi["code"] for kpi in (await desk.body(report))["kpis"]] == sorted(kpis)


async def test_costs_are_told_to_who_may_know_them(desk: Desk) -> None:
    service = desk.world.service
    await desk.sold(50_000, "2026-02-13")
    report = await written(desk)
    whole = {kpi["code"]: kpi for kpi in (await desk.body(report))["kpis"]}
    costs = {code for code, kpi in whole.items() if kpi["is_cost"]}
    assert costs, "a margin is one"
    both = service.headers("both", "sales_rep", "service_agent")
    told = {kpi["code"]: kpi for kpi in (await desk.body(report, both))["kpis"]}
    for code, kpi in told.items():
        if code not in costs:
            assert kpi == whole[code]
            continue
        assert kpi["is_withheld"] is True
        figures = ("value", "numerator", "denominator", "sample_size", "insufficient_data", "benchmark", "coverage")
        assert [kpi[name] for name in figures] == [None] * len(figures)
    assert whole[min(costs)]["sample_size"] is not None
    stored = await service.rows("SELECT sha256 FROM report")
    assert (await service.get(f"/v1/reports/{report['id']}", headers=both)).json()["sha256"] == stored[0]["sha256"]
