"""Attainment over HTTP: figures, drill-down, record scope, rebuild."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.events.bus import BusUnavailable
from kit.events.envelope import topic_of
from kit.events.rebuild import rebuild
from kit.events.relay import Relay
from kit.ids import new_id
from services.targets.credits.repository import KEYS
from services.targets.subscriptions import subscriptions
from services.targets.worker import create_worker

SOME = "01900000-0000-7000-8000-000000000001"
Q1 = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 1000}


async def make_target(world: Any, **more: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/targets", {**Q1, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def credited(world: Any) -> Any:
    """a1 600 + b1 400 in February, a2 50 in March, a1 -60 and b1 -40 in March."""
    order = world.order({"a1": 600_000, "b1": 400_000}, [1000])
    await world.service.deliver(
        world.confirmed(order),
        world.confirmed(world.order({"a2": 1_000_000}, [50], "2026-03-31", region=None)),
        world.returned(order, {1: (0, 100)}, "2026-03-02"),
    )
    return world


async def test_a_target_with_percent_gap_and_pace(credited: Any) -> None:
    target = await make_target(credited, unit_id=credited.units["north"])
    body = await credited.attainment(target_id=target["id"])
    assert (body["formula_version"], body["sample_size"], body["currency"]) == (3, 3, "USD")
    (item,) = body["items"]
    assert (item["amount"], item["actual"], item["attainment"], item["gap"]) == (1000, 590, 590_000, 410)
    assert (item["working_days"], item["target_id"]) == (59, target["id"])


async def test_children_of_every_decomposition_and_the_whole_tree(credited: Any) -> None:
    target = await make_target(credited)
    for dimension, children in (("month", []), ("member", [{"member_id": credited.members["a1"]}])):
        path = f"/v1/targets/{target['id']}/decompositions"
        answer = await credited.service.post(path, {"dimension": dimension, "children": children})
        assert answer.status_code == 201, answer.text
    items = (await credited.attainment(target_id=target["id"], children="true"))["items"]
    assert [(i["key"], i["actual"]) for i in items] == [
        (None, 950),
        ("2026-01", 0),
        ("2026-02", 1000),
        ("2026-03", -50),
        (credited.members["a1"], 540),
        ("unallocated", 0),
        ("unallocated", 410),
    ]
    assert [(i.get("target_id"), i["lines"], i["overlapping"]) for i in items[-2:]] == [
        (None, 0, False),
        (None, 3, False),
    ]
    assert items[-1]["decomposition_id"] == items[-3]["decomposition_id"]
    tree = (await credited.attainment(root_id=target["id"]))["items"]
    assert sorted(map(str, tree)) == sorted(map(str, items))
    grouped = (await credited.attainment(target_id=target["id"], group_by="member"))["items"]
    assert sum(i["actual"] for i in grouped) == 950


async def test_every_breakdown_sums_to_the_same(credited: Any) -> None:
    for group in ("member", "unit", "month", "product_line", "region", "customer_type"):
        items = (await credited.attainment(group_by=group))["items"]
        assert sum(item["actual"] for item in items) == 950
    months = await credited.attainment(group_by="month", unit_id=credited.units["north"])
    assert [(i["key"], i["actual"]) for i in months["items"]] == [("2026-02", 600), ("2026-03", -10)]
    narrowed = {"member_id": credited.members["a1"], "from": "2026-03-01", "to": "2026-03-31"}
    assert (await credited.attainment(**narrowed))["items"][0]["actual"] == -60
    regions = (await credited.attainment(group_by="region"))["items"]
    assert [(i["key"], i["actual"]) for i in regions] == [("CN-SH", 900), (None, 50)]
    assert (await credited.attainment(member_id=credited.members["manager-north"]))["items"][0]["actual"] == 0


async def test_figures_drill_down_to_their_lines(credited: Any) -> None:
    for params in (f"unit_id={credited.units['north']}", f"member_id={credited.members['b1']}"):
        (item,) = (await credited.attainment(**dict([params.split("=")])))["items"]
        lines = (await credited.service.get(f"/v1/credit-lines?{params}&count=exact")).json()
        assert sum(line["amount"] for line in lines["items"]) == item["actual"]
        assert lines["count"] == item["lines"]
    march = (await credited.service.get("/v1/credit-lines?posting_date[gte]=2026-03-01&kind=returned")).json()
    assert sorted(line["amount"] for line in march["items"]) == [-60, -40]


async def test_a_rep_sees_their_own_and_a_manager_the_subtree(credited: Any) -> None:
    rep = credited.service.headers("a1", "sales_rep")
    manager = credited.service.headers("manager-north", "sales_manager")
    stranger = credited.service.headers("nobody", "sales_rep")
    by_member = {code: credited.members[code] for code in ("a1", "a2", "b1")}
    for headers, expected in ((rep, {"a1": 540}), (manager, {"a1": 540, "a2": 50}), (stranger, {})):
        items = (await credited.attainment(headers, group_by="member"))["items"]
        assert {i["key"]: i["actual"] for i in items} == {by_member[code]: n for code, n in expected.items()}
        lines = (await credited.service.get("/v1/credit-lines", headers=headers)).json()["items"]
        assert sum(line["amount"] for line in lines) == sum(expected.values())
    own = await make_target(credited, member_id=by_member["a1"])
    north = await make_target(credited, unit_id=credited.units["north"])
    company = await make_target(credited)
    for headers, seen in ((rep, {own["id"]}), (manager, {own["id"], north["id"]}), (stranger, set[str]())):
        listed = (await credited.service.get("/v1/targets", headers=headers)).json()["items"]
        assert {item["id"] for item in listed} == seen
        for target in (own, north, company):
            for path in (f"/v1/attainment?target_id={target['id']}", f"/v1/targets/{target['id']}"):
                answer = await credited.service.get(path, headers=headers)
                assert answer.status_code == (200 if target["id"] in seen else 404)
    for query in (f"unit_id={credited.units['team-a']}", f"member_id={by_member['b1']}"):
        assert (await credited.service.get(f"/v1/attainment?{query}", headers=rep)).status_code == 404
    south = await credited.service.get(f"/v1/attainment?unit_id={credited.units['south']}", headers=manager)
    assert south.status_code == 404


async def test_a_manager_keeps_what_was_credited_before_a_member_moved_away(credited: Any) -> None:
    moved = await credited.service.post(
        f"/v1/members/{credited.members['a1']}/move", {"unit_id": credited.units["team-b"], "from": "2026-04-01"}
    )
    assert moved.status_code == 200
    await credited.service.deliver(credited.confirmed(credited.order({"a1": 1_000_000}, [7], "2026-04-02")))
    manager = credited.service.headers("manager-north", "sales_manager")
    items = (await credited.attainment(manager, group_by="member"))["items"]
    assert {i["key"]: i["actual"] for i in items}[credited.members["a1"]] == 540


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("nothing=1", "nothing"),
        ("group_by=colour", "group_by"),
        ("from=yesterday", "from"),
        ("to=0", "to"),
        ("member_id=x", "member_id"),
        ("region=%00", "region"),
        ("children=true", "children"),
        (f"target_id={SOME}&root_id={SOME}", "root_id"),
        (f"target_id={SOME}&from=2026-01-01", "from"),
        (f"root_id={SOME}&group_by=unit", "group_by"),
        ("from=2026-02-01&to=2026-01-31", "to"),
    ],
)
async def test_a_query_that_makes_no_sense(world: Any, query: str, pointer: str) -> None:
    answer = await world.service.get(f"/v1/attainment?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


async def test_unknown_things_and_roles_without_access(world: Any) -> None:
    for name in ("target_id", "root_id"):
        assert (await world.service.get(f"/v1/attainment?{name}={new_id()}")).status_code == 404
    for name in ("unit_id", "member_id"):
        answer = await world.service.get(f"/v1/attainment?{name}={new_id()}")
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-reference")
        assert answer.json()["errors"][0]["pointer"] == name
    officer = world.service.headers("risk-1", "risk_officer")
    assert (await world.service.get("/v1/attainment", headers=officer)).status_code == 403
    rep = world.service.headers("a1", "sales_rep")
    assert (await world.service.post("/v1/attainment/rebuilds", {}, headers=rep)).status_code == 403


async def test_values_that_nobody_knows(credited: Any) -> None:
    """0 is said of what something could be credited to."""
    await credited.sell("jazz")
    for known in ("region=CN-BJ", "product_line=jazz", "customer_type=new", "customer_type=retail&region=CN-BJ"):
        for more in ("", "&group_by=member"):
            items = (await credited.attainment(**dict(p.split("=") for p in f"{known}{more}".split("&"))))["items"]
            assert sum(item["actual"] for item in items) == 0
    for name, value in (("region", "Shanghai"), ("region", "cn-bj"), ("product_line", "Rok"), ("customer_type", "x")):
        for more in ("", "&group_by=member", "&from=2026-01-01"):
            answer = await credited.service.get(f"/v1/attainment?{name}={value}{more}")
            assert (answer.status_code, answer.json()["code"]) == (422, "unknown-reference"), answer.text
            assert answer.json()["errors"][0]["pointer"] == name
            assert answer.json().get("retryable", False) == (name == "product_line"), "nobody else tells of the others"


async def publish(world: Any) -> None:
    """Send the outbox to the embedded log, as the worker's relay does."""
    runtime = world.service.runtime
    await runtime.bus.start()
    await runtime.bus.ensure_topics([topic_of("targets"), topic_of("customer")])
    stop = asyncio.Event()
    relay = asyncio.create_task(Relay(runtime.db, runtime.bus).run(stop))
    waiting = "SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1"
    while await world.service.rows(waiting):  # noqa: ASYNC110  the relay tells nobody when it is done
        await asyncio.sleep(0.02)
    stop.set()
    await relay


async def test_the_rebuilt_ledger_equals_the_live_one(credited: Any) -> None:
    answer = await credited.service.post(
        f"/v1/members/{credited.members['a1']}/move",
        {"unit_id": credited.units["team-b"], "from": "2026-02-01", "correction": True},
    )
    assert answer.status_code == 200
    await publish(credited)
    runtime, subscriptions = credited.service.runtime, credited.service.subscriptions
    report = await rebuild(runtime.db, runtime.bus, subscriptions, "credits", swap=True)
    assert report.equal, report.as_dict()
    assert {table.table: table.live_rows for table in report.tables}["credit_line"] == len(await credited.lines())
    async with credited.service.transaction() as tx:
        await tx.execute("UPDATE credit_line SET amount = amount + 1 WHERE kind = 'returned' AND line_no = 1")
    damaged = await rebuild(runtime.db, runtime.bus, subscriptions, "credits")
    assert [(table.table, table.equal) for table in damaged.tables] == [
        *((table, True) for table in ("credited_order", "credit_label", *KEYS)),
        ("credit_line", False),
    ]
    await runtime.bus.stop()


async def test_a_rebuild_that_swaps_loses_nothing_while_orders_go_on(credited: Any) -> None:
    await publish(credited)
    runtime, subscriptions = credited.service.runtime, credited.service.subscriptions
    stop = asyncio.Event()
    relay = asyncio.create_task(Relay(runtime.db, runtime.bus).run(stop))

    async def go_on() -> None:
        for _ in range(20):
            orders = [credited.order({"a1": 400_000, "b1": 600_000}, [77, 3]) for _ in range(10)]
            await credited.service.deliver(*(credited.confirmed(order) for order in orders))
            await credited.service.deliver(*(credited.returned(order, {1: (0, 26)}) for order in orders))

    orders = asyncio.create_task(go_on())
    for _ in range(3):
        report = await rebuild(runtime.db, runtime.bus, subscriptions, "credits", swap=True)
        assert report.equal, report.as_dict()
    await orders
    report = await rebuild(runtime.db, runtime.bus, subscriptions, "credits")
    stop.set()
    await relay
    await runtime.bus.stop()
    assert report.equal
    assert (await credited.attainment())["items"][0]["actual"] == 950 + 200 * (80 - 26)
    assert await credited.service.parked() == []


async def test_a_rebuild_is_a_job(credited: Any) -> None:
    runtime = credited.service.runtime
    await publish(credited)
    accepted = await credited.service.post("/v1/attainment/rebuilds", {"swap": True})
    assert accepted.status_code == 202, accepted.text
    stop = asyncio.Event()
    worker = asyncio.create_task(create_worker(runtime).run(stop))
    try:
        async with asyncio.timeout(20):
            while (job := (await credited.service.get(accepted.headers["location"])).json())["state"] != "succeeded":
                assert job["state"] in ("queued", "running"), job
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await worker
    assert (job["result"]["equal"], job["result"]["swapped"]) == (True, True)
    assert {t["table"] for t in job["result"]["tables"]} == {"credited_order", "credit_label", *KEYS, "credit_line"}
    assert (await credited.service.get(f"/v1/attainment/rebuilds/{new_id()}")).status_code == 404
    await runtime.bus.stop()


async def test_status_tells_what_the_database_knows_when_the_log_does_not_answer(
    credited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = credited.service.runtime.bus
    await bus.start()
    await bus.ensure_topics(subscriptions.topics())
    whole = (await credited.service.get("/admin/status")).json()
    assert set(whole["lag"].values()) == {0}
    monkeypatch.setattr("kit.web.operations.LOG_SECONDS", 0.05)

    async def silent(_topic: str) -> Any:
        await asyncio.sleep(30)

    async def away(_topic: str) -> Any:
        raise BusUnavailable("gone")

    for bounds in (silent, away):
        monkeypatch.setattr(bus, "bounds", bounds)
        answer = await credited.service.get("/admin/status")
        found = answer.json()
        assert (answer.status_code, found["lag"], found["settled"]) == (200, None, False)
        assert found["outbox_waiting"] == whole["outbox_waiting"]
    await bus.stop()


async def test_jobs_are_listed(credited: Any) -> None:
    first, second = [(await credited.service.post("/v1/attainment/rebuilds", {})).json() for _ in range(2)]
    assert (await credited.service.post(f"/admin/jobs/{second['id']}/cancel", {})).status_code == 200
    assert (await credited.service.get("/admin/jobs")).json()["items"][1] == first, "the newest comes first"

    async def ids(query: str) -> list[str]:
        return [job["id"] for job in (await credited.service.get(f"/admin/jobs?{query}")).json()["items"]]

    assert await ids("state[in]=queued,running") == [first["id"]]
    assert await ids("state=cancelled&kind=" + second["kind"]) == [second["id"]]
    assert await ids("kind=other") == []
    assert await ids("limit=1&sort=id") == [first["id"]]
    wrong = await credited.service.get("/admin/jobs?state=sleeping")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "state")
