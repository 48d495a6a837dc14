"""Plans on PostgreSQL: copies that count nowhere, edits that sum, approval by a second person."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.clock import business_date
from kit.ids import new_id

TODAY = business_date("Asia/Shanghai")
UNEQUAL = """
SELECT d.id FROM decomposition d JOIN target t ON t.id = d.target_id
WHERE d.amount <> t.amount OR d.amount <> d.children_sum OR d.root_id <> t.root_id
   OR d.amount <> (SELECT sum(c.amount) FROM target c WHERE c.decomposition_id = d.id OR c.cross_id = d.id)
"""
MILLION = 1_000_000


async def year(world: Any, dimension: str = "month", amount: int = 12 * MILLION, **more: Any) -> dict[str, Any]:
    """An active year: the root, and the ids of its children by key."""
    body = {"name": "Revenue", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": amount}
    root = await world.service.post("/v1/targets", body)
    assert root.status_code == 201, root.text
    path = f"/v1/targets/{root.json()['id']}"
    split = await world.service.post(f"{path}/decompositions", {"dimension": dimension, **more})
    assert split.status_code == 201, split.text
    active = await world.service.post(f"{path}/activate")
    assert active.status_code == 200, active.text
    children = {one["key"]: one["target_id"] for one in split.json()["children"]}
    return {"id": root.json()["id"], "split": split.json()["id"], "children": children}


async def open_plan(world: Any, root: str, name: str = "What if", **more: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/plans", {"root_id": root, "name": name}, **more)
    assert answer.status_code == 201, answer.text
    assert await world.service.rows(UNEQUAL) == []
    made: dict[str, Any] = answer.json()
    return made


async def branch(world: Any, plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Targets of a plan by key; the root by ''."""
    answer = await world.service.get(f"/v1/targets?plan_id={plan['id']}&limit=200")
    assert answer.status_code == 200, answer.text
    return {one["child_key"] or "": one for one in answer.json()["items"]}


async def edit(world: Any, target: str, **changes: Any) -> Any:
    version = (await world.service.get(f"/v1/targets/{target}")).json()["version"]
    answer = await world.service.patch(f"/v1/targets/{target}", changes, version)
    assert await world.service.rows(UNEQUAL) == []
    return answer


async def act(world: Any, plan: dict[str, Any], action: str, body: Any = None, by: str = "admin", *roles: str) -> Any:
    headers = world.service.headers(by, *(roles or ("administrator",)))
    answer = await world.service.post(f"/v1/plans/{plan['id']}/{action}", body, headers=headers)
    assert await world.service.rows(UNEQUAL) == []
    return answer


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def require_approval(world: Any) -> None:
    body = {"valid_from": str(TODAY), "reason": "Two decide", "approval": "required"}
    answer = await world.service.request(
        "PUT", "/v1/target-policies", body, headers=world.service.headers(If_Match="*")
    )
    assert answer.status_code == 200, answer.text


async def test_a_plan_copies_the_tree_as_it_stands(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    assert (plan["state"], plan["base_revision"], plan["authored_by"]) == ("open", 0, "admin")
    rows = await branch(world, plan)
    assert len(rows) == 13
    root = rows.pop("")
    assert root["id"] == plan["branch_id"] == root["root_id"]
    assert {one["origin_id"] for one in rows.values()} == set(made["children"].values())
    assert {one["state"] for one in rows.values()} == {"draft"}
    assert {one["parent_id"] for one in rows.values()} == {root["id"]}
    splits = (await world.service.get(f"/v1/targets/{root['id']}/decompositions")).json()["items"]
    assert len(splits) == 1
    assert splits[0]["id"] != made["split"]
    live = (await world.service.get("/v1/targets?limit=200")).json()["items"]
    assert len(live) == 13, "what belongs to a plan is listed by its id only"
    assert {one["plan_id"] for one in live} == {None}
    assert (await world.service.get(f"/v1/plans/{plan['id']}")).json() == plan
    assert [one["id"] for one in (await world.service.get("/v1/plans")).json()["items"]] == [plan["id"]]


async def test_a_branch_counts_nowhere_and_moves_with_its_plan(world: Any) -> None:
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [70_000])))
    made = await year(world)
    said = len(await world.service.published())
    plan = await open_plan(world, made["id"])
    feb = (await branch(world, plan))["2026-02"]
    for path in ("attainment?target_id=", "attainment?root_id=", "forecasts?target_id="):
        for target in (feb["id"], plan["branch_id"]):
            assert (await world.service.get(f"/v1/{path}{target}")).status_code == 404, path
    for action in ("propose", "activate", "close", "withdraw"):
        assert refused(await world.service.post(f"/v1/targets/{feb['id']}/{action}")) == (409, "target-of-plan")
    split = await world.service.post(f"/v1/targets/{feb['id']}/decompositions", {"dimension": "week"})
    assert split.status_code == 201, split.text
    commit = await world.service.post(f"/v1/targets/{feb['id']}/commits", {"amount": 5})
    assert commit.status_code == 201, commit.text
    await edit(world, plan["branch_id"], amount=13_200_000)
    assert len(await world.service.published()) == said, "nobody is told of a plan"
    assert (await world.service.get(f"/v1/targets/{feb['id']}/versions")).json()["items"] == []
    sums = await world.attainment(root_id=made["id"])
    assert len([one for one in sums["items"] if one["key"] != "unallocated"]) == 13


async def test_no_live_row_is_locked(world: Any) -> None:
    made = await year(world)
    async with world.service.transaction() as tx:
        await tx.fetch("SELECT id FROM target FOR UPDATE")
        plan = await asyncio.wait_for(open_plan(world, made["id"]), 5)
        feb = (await branch(world, plan))["2026-02"]
        answer = await asyncio.wait_for(edit(world, feb["id"], amount=5), 5)
        assert answer.status_code == 200, answer.text


async def test_a_tree_has_so_many_open_plans(world: Any) -> None:
    made = await year(world)
    answers = await asyncio.gather(
        *(world.service.post("/v1/plans", {"root_id": made["id"], "name": f"P{n}"}) for n in range(22))
    )
    assert sorted(one.status_code for one in answers) == [201] * 20 + [409] * 2
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"too-many-plans"}
    first = next(one.json() for one in answers if one.status_code == 201)
    assert (await act(world, first, "drop")).json()["state"] == "dropped"
    await open_plan(world, made["id"])


async def test_what_has_no_active_root_has_no_plan(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    for root in (str(new_id()), made["children"]["2026-02"], plan["branch_id"]):
        answer = await world.service.post("/v1/plans", {"root_id": root, "name": "x"})
        assert refused(answer) == (422, "unknown-reference")
        assert answer.json()["errors"][0]["pointer"] == "/root_id"
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    draft = (await world.service.post("/v1/targets", body)).json()["id"]
    answer = await world.service.post("/v1/plans", {"root_id": draft, "name": "x"})
    assert refused(answer) == (409, "target-state")


async def test_siblings_share_what_a_change_leaves(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    rows = await branch(world, plan)
    assert (await edit(world, rows["2026-12"]["id"], locked=2_100_000, reason="A launch")).json()["locked"] == 2_100_000
    rows = await branch(world, plan)
    assert [rows[f"2026-{n:02}"]["amount"] for n in range(1, 12)] == [900_000] * 11
    assert (await edit(world, rows["2026-01"]["id"], amount=1_900_000)).status_code == 200
    rows = await branch(world, plan)
    assert [rows[f"2026-{n:02}"]["amount"] for n in (1, 2, 11, 12)] == [1_900_000, 800_000, 800_000, 2_100_000]
    assert (await edit(world, plan["branch_id"], amount=24_000_000)).status_code == 200
    rows = await branch(world, plan)
    assert (rows[""]["amount"], rows["2026-12"]["amount"]) == (24_000_000, 2_100_000)
    assert refused(await edit(world, plan["branch_id"], amount=MILLION)) == (409, "decomposition-infeasible")
    assert refused(await edit(world, plan["branch_id"], locked=5)) == (422, "lock-of-root")
    live = await world.service.get(f"/v1/targets/{made['id']}")
    assert live.json()["amount"] == 12 * MILLION
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    draft = (await world.service.post("/v1/targets", body)).json()["id"]
    assert refused(await edit(world, draft, locked=5)) == (422, "plan-only")


async def test_a_diff_tells_what_changes_by_target_unit_and_month(world: Any) -> None:
    units = [{"unit_id": world.units[code]} for code in ("north", "south")]
    made = await year(world, "unit", children=units)
    north = made["children"][world.units["north"]]
    split = await world.service.post(f"/v1/targets/{north}/decompositions", {"dimension": "month"})
    assert split.status_code == 201, split.text
    plan = await open_plan(world, made["id"])
    assert plan["base_revision"] == 1, "what is active was split"
    rows = await branch(world, plan)
    await edit(world, rows[world.units["north"]]["id"], amount=9_000_000, reason="More shops")
    found = (await world.service.get(f"/v1/plans/{plan['id']}/diff")).json()
    assert found["count"] == len(found["items"]) == 14
    first = next(one for one in found["items"] if one["origin_id"] == north)
    assert first["keys"] == [world.units["north"]]
    assert (first["before"], first["after"], first["delta"]) == (6_000_000, 9_000_000, 3_000_000)
    assert first["reason"] == "More shops"
    assert {one["key"]: one["delta"] for one in found["units"]} == {
        world.units["north"]: 3_000_000,
        world.units["south"]: -3_000_000,
    }
    months = {one["key"]: one["delta"] for one in found["months"]}
    assert months["2026-03"] == 250_000
    assert months[None] == -3_000_000


async def test_a_second_person_approves_and_an_edit_takes_that_back(world: Any) -> None:
    await require_approval(world)
    body = {"name": "Revenue", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 1200}
    root = (await world.service.post("/v1/targets", body)).json()["id"]
    await world.service.post(f"/v1/targets/{root}/decompositions", {"dimension": "month"})
    await world.service.post(f"/v1/targets/{root}/propose")
    second = ("second", "administrator")
    headers = world.service.headers(*second)
    assert (await world.service.post(f"/v1/targets/{root}/approve", headers=headers)).status_code == 200
    assert (await world.service.post(f"/v1/targets/{root}/activate")).status_code == 200
    plan = await open_plan(world, root)
    feb = (await branch(world, plan))["2026-02"]
    await edit(world, feb["id"], amount=300)
    promotion = {"valid_from": "2026-01-01", "reason": "x"}
    assert refused(await act(world, plan, "promote", promotion)) == (409, "not-approved")
    assert refused(await act(world, plan, "approve", None, *second)) == (409, "plan-state")
    assert (await act(world, plan, "propose")).json()["proposed_by"] == "admin"
    assert refused(await act(world, plan, "approve")) == (409, "second-person-needed")
    assert (await act(world, plan, "approve", None, *second)).json()["approved_by"] == "second"
    assert (await edit(world, feb["id"], amount=400)).status_code == 200
    found = (await world.service.get(f"/v1/plans/{plan['id']}")).json()
    assert (found["state"], found["proposed_by"], found["approved_by"]) == ("open", None, None)
    await act(world, plan, "propose")
    assert (await act(world, plan, "approve", None, *second)).status_code == 200
    assert refused(await act(world, plan, "propose")) == (409, "plan-state")
    done = await act(world, plan, "promote", promotion)
    assert (done.status_code, done.json()["state"]) == (200, "promoted"), done.text
    versions = (await world.service.get(f"/v1/targets/{feb['origin_id']}/versions")).json()["items"]
    assert [(one["amount"], one["author"], one["approver"]) for one in versions] == [
        (100, "admin", "second"),
        (400, "admin", "second"),
    ]


async def test_plans_follow_the_scope_of_their_root(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    manager = world.service.headers("manager-north", "sales_manager")
    assert (await world.service.get(f"/v1/plans/{plan['id']}", headers=manager)).status_code == 404
    assert (await world.service.get("/v1/plans", headers=manager)).json()["items"] == []
    answer = await world.service.post("/v1/plans", {"root_id": made["id"], "name": "x"}, headers=manager)
    assert refused(answer) == (422, "unknown-reference")
    body = {"name": "North", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 100}
    own = (await world.service.post("/v1/targets", {**body, "unit_id": world.units["north"]})).json()["id"]
    await world.service.post(f"/v1/targets/{own}/activate")
    mine = await open_plan(world, own, headers=manager)
    assert (await act(world, mine, "propose", None, "manager-north", "sales_manager")).status_code == 200
    promotion = {"valid_from": "2026-01-01", "reason": "x"}
    assert (await act(world, mine, "promote", promotion, "manager-north", "sales_manager")).status_code == 403
    for role in ("auditor", "sales_rep"):
        headers = world.service.headers("somebody", role)
        for action in ("propose", "approve", "drop"):
            answer = await world.service.post(f"/v1/plans/{mine['id']}/{action}", headers=headers)
            assert answer.status_code == 403
    auditor = world.service.headers("somebody", "auditor")
    assert (await world.service.get(f"/v1/plans/{mine['id']}/diff", headers=auditor)).json()["count"] == 0
