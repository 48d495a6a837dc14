"""Promoting and rebasing on PostgreSQL: all or nothing, once, and what is over stays."""

from __future__ import annotations

import asyncio
from typing import Any

from services.targets.plans.promoting import leaves_sha256
from tests.targets.plans.test_service import MILLION, act, branch, edit, open_plan, refused, year

JULY = {"valid_from": "2026-07-01", "reason": "The market grew"}
START = {"valid_from": "2026-01-01", "reason": "Better known"}


async def amounts(world: Any, made: dict[str, Any]) -> list[int]:
    """Live amounts of the months."""
    found = {one["id"]: one for one in (await world.service.get("/v1/targets?limit=200")).json()["items"]}
    return [found[target]["amount"] for _, target in sorted(made["children"].items())]


async def test_a_raise_from_july_on(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    await edit(world, plan["branch_id"], amount=13_200_000)
    done = await act(world, plan, "promote", JULY)
    assert done.status_code == 200, done.text
    told = {name: done.json()[name] for name in ("state", "revision", "valid_from", "carry", "promoted_by")}
    assert told == {
        "state": "promoted",
        "revision": 1,
        "valid_from": "2026-07-01",
        "carry": "none",
        "promoted_by": "admin",
    }
    assert await amounts(world, made) == [MILLION] * 6 + [1_200_000] * 6
    root = (await world.service.get(f"/v1/targets/{made['id']}")).json()
    assert (root["amount"], root["revision"], root["state"]) == (13_200_000, 1, "active")
    (event,) = await world.service.published("targets.plan.promoted.v1")
    rows = await world.service.rows("SELECT id, amount FROM target WHERE plan_id IS NULL AND parent_id IS NOT NULL")
    assert event.payload["leaves_sha256"] == leaves_sha256({row["id"]: row["amount"] for row in rows})
    assert (event.payload["adjusted"], event.payload["added"], event.payload["revision"]) == (7, 0, 1)
    adjusted = await world.service.published("targets.target.adjusted.v1")
    assert len(adjusted) == 7
    july = next(one.payload for one in adjusted if one.payload["id"] == made["children"]["2026-07"])
    assert (july["amount_before"], july["amount"], july["plan_id"]) == (MILLION, 1_200_000, plan["id"])
    assert (july["valid_from"], july["reason"]) == ("2026-07-01", None)
    versions = (await world.service.get(f"/v1/targets/{made['id']}/versions")).json()["items"]
    assert [(one["number"], one["amount"], one["valid_from"]) for one in versions] == [
        (1, 12 * MILLION, "2026-01-01"),
        (2, 13_200_000, "2026-07-01"),
    ]
    assert versions[1]["reason"] == "The market grew"
    june = (await world.service.get(f"/v1/targets/{made['children']['2026-06']}/versions")).json()["items"]
    assert len(june) == 1
    assert refused(await act(world, plan, "promote", JULY)) == (409, "plan-promoted")
    assert refused(await act(world, plan, "rebase", {})) == (409, "plan-promoted")
    assert refused(await act(world, plan, "drop")) == (409, "plan-state")
    assert refused(await edit(world, plan["branch_id"], amount=5)) == (409, "target-state")


async def test_none_holds_from_before_the_last(world: Any) -> None:
    made = await year(world)
    first, second = await open_plan(world, made["id"]), await open_plan(world, made["id"])
    await edit(world, first["branch_id"], amount=13_200_000)
    assert (await act(world, first, "promote", JULY)).status_code == 200
    assert (await act(world, second, "rebase", {})).status_code == 200
    await edit(world, second["branch_id"], amount=14_000_000)
    sooner = await act(world, second, "promote", {**JULY, "valid_from": "2026-06-30"})
    assert refused(sooner) == (409, "effective-before-last")
    assert sooner.json()["last_valid_from"] == "2026-07-01"
    assert (await world.service.get(f"/v1/targets/{made['id']}")).json()["amount"] == 13_200_000
    assert (await act(world, second, "promote", JULY)).status_code == 200, "from the same day on the newer one holds"


async def test_a_gap_is_carried_by_a_balancing_child(world: Any) -> None:
    made = await year(world)
    order = world.order({"a1": 1_000_000}, [5_400_000], day="2026-03-03")
    await world.service.deliver(world.confirmed(order))
    plan = await open_plan(world, made["id"])
    await edit(world, plan["branch_id"], amount=13_200_000)
    done = await act(world, plan, "promote", {**JULY, "carry": "gap"})
    assert done.status_code == 200, done.text
    assert await amounts(world, made) == [MILLION] * 6 + [1_300_000] * 6
    balance = "SELECT amount, state, name FROM target WHERE is_balancing AND plan_id IS NULL"
    (row,) = await world.service.rows(balance)
    assert (row["amount"], row["state"]) == (-600_000, "active")
    later = await open_plan(world, made["id"])
    again = {"valid_from": "2026-08-01", "reason": "x", "carry": "gap"}
    assert (await act(world, later, "promote", again)).status_code == 200
    (row,) = await world.service.rows(balance)
    assert row["amount"] == -1_900_000, "nothing came in July: what was carried is counted once"
    assert await amounts(world, made) == [MILLION] * 6 + [1_300_000] + [1_560_000] * 5


async def test_unchanged_there_is_nothing_to_change(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    assert refused(await act(world, plan, "promote", START)) == (409, "nothing-to-change")
    answer = await act(world, plan, "promote", {**START, "valid_from": "2027-01-01"})
    assert refused(answer) == (422, "target-period-invalid")
    assert answer.json()["errors"][0]["pointer"] == "/valid_from"
    assert (await world.service.get(f"/v1/targets/{made['id']}")).json()["revision"] == 0


async def test_of_two_at_once_one_wins(world: Any) -> None:
    made = await year(world)
    plans = [await open_plan(world, made["id"], f"P{n}") for n in range(2)]
    for n, plan in enumerate(plans):
        await edit(world, plan["branch_id"], amount=24_000_000 + 12 * n)
    answers = await asyncio.gather(*(act(world, plan, "promote", START) for plan in plans))
    assert sorted(one.status_code for one in answers) == [200, 409]
    lost = next(one for one in answers if one.status_code == 409)
    assert lost.json()["code"] == "plan-outdated"
    assert (lost.json()["count"], len(lost.json()["changed"])) == (13, 13)
    root = next(one for one in lost.json()["changed"] if one["keys"] == [])
    assert (root["target_id"], root["base"]) == (made["id"], 12 * MILLION)
    assert root["live"] != root["plan"]
    same = await open_plan(world, made["id"])
    await edit(world, same["branch_id"], amount=5_000_000)
    answers = await asyncio.gather(*(act(world, same, "promote", START) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert len(await world.service.published("targets.plan.promoted.v1")) == 2


async def test_a_rebased_plan_takes_over_what_became_active(world: Any) -> None:
    made = await year(world)
    first, second = [await open_plan(world, made["id"], name) for name in ("P", "Q")]
    await edit(world, (await branch(world, first))["2026-01"]["id"], locked=2_100_000)
    await edit(world, (await branch(world, second))["2026-12"]["id"], locked=1_900_000)
    await act(world, second, "propose")
    assert (await act(world, first, "promote", START)).status_code == 200
    assert refused(await act(world, second, "promote", START)) == (409, "plan-outdated")
    refusal = await act(world, second, "rebase", {})
    assert refused(refusal) == (409, "plan-conflicts")
    (conflict,) = refusal.json()["conflicts"]
    assert conflict == {
        "target_id": made["children"]["2026-12"],
        "keys": ["2026-12"],
        "base": MILLION,
        "live": 900_000,
        "plan": 1_900_000,
    }
    done = await act(world, second, "rebase", {"prefer": "plan"})
    assert (done.status_code, done.json()["state"], done.json()["base_revision"]) == (200, "open", 1), done.text
    rows = await branch(world, second)
    assert [rows[f"2026-{n:02}"]["amount"] for n in (1, 2, 11, 12)] == [2_100_000, 800_000, 800_000, 1_900_000]
    assert (await act(world, second, "promote", START)).status_code == 200
    assert (await amounts(world, made))[0] == 2_100_000, "no later change is taken back"
    third = await open_plan(world, made["id"], "R")
    await edit(world, third["branch_id"], amount=24 * MILLION)
    assert (await act(world, third, "rebase", {"prefer": "live"})).status_code == 200
    assert (await branch(world, third))[""]["amount"] == 24 * MILLION, "nothing became active meanwhile"


async def test_prefer_live_lets_go_of_what_was_set(world: Any) -> None:
    made = await year(world)
    plans = [await open_plan(world, made["id"], name) for name in ("P", "Q")]
    for n, plan in enumerate(plans):
        await edit(world, plan["branch_id"], amount=(n + 2) * 12 * MILLION)
    assert (await act(world, plans[0], "promote", START)).status_code == 200
    assert (await act(world, plans[1], "rebase", {"prefer": "live"})).status_code == 200
    assert refused(await act(world, plans[1], "promote", START)) == (409, "nothing-to-change")


async def test_splits_made_on_either_side_come_over(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    rows = await branch(world, plan)
    feb, march = rows["2026-02"], rows["2026-03"]
    weeks = {"dimension": "week"}
    assert (await world.service.post(f"/v1/targets/{feb['id']}/decompositions", weeks)).status_code == 201
    live = await world.service.post(f"/v1/targets/{made['children']['2026-03']}/decompositions", weeks)
    assert live.status_code == 201, live.text
    assert refused(await act(world, plan, "promote", START)) == (409, "plan-outdated"), "what is active was split"
    assert (await act(world, plan, "rebase", {})).status_code == 200
    copies = (await world.service.get(f"/v1/targets/{march['id']}/decompositions")).json()["items"]
    assert len(copies) == 1
    await edit(world, plan["branch_id"], amount=24 * MILLION)
    assert (await act(world, plan, "promote", START)).status_code == 200
    found = (await world.service.get(f"/v1/targets/{feb['origin_id']}/decompositions")).json()["items"]
    assert [(one["amount"], one["is_crediting"]) for one in found] == [(2 * MILLION, True)]
    split = (await world.service.get(f"/v1/targets/{feb['origin_id']}/decompositions/{found[0]['id']}")).json()
    assert sum(one["amount"] for one in split["children"]) == 2 * MILLION
    assert {one["state"] for one in split["children"]} == {"active"}
    assert (await world.service.get(f"/v1/targets/{made['id']}")).json()["revision"] == 2
    (event,) = await world.service.published("targets.plan.promoted.v1")
    assert event.payload["added"] == len(split["children"])


async def test_a_table_is_planned_with_its_margins(world: Any) -> None:
    await world.sell("rock", "pop")
    made = await year(world)
    lines = {"dimension": "product_line", "children": [{"key": "rock"}, {"key": "pop"}]}
    columns = (await world.service.post(f"/v1/targets/{made['id']}/decompositions", lines)).json()
    sides = {"row_decomposition_id": made["split"], "column_decomposition_id": columns["id"]}
    table = await world.service.post(f"/v1/targets/{made['id']}/tables", sides)
    assert table.status_code == 201, table.text
    plan = await open_plan(world, made["id"])
    rows = await branch(world, plan)
    assert len(rows) >= 15
    await edit(world, rows["2026-12"]["id"], amount=3_000_000)
    cell = await world.service.rows(
        "SELECT id FROM target WHERE plan_id = $1 AND cross_key = '2026-02' AND child_key = 'rock'", plan["id"]
    )
    assert (await edit(world, str(cell[0]["id"]), locked=100_000)).status_code == 200
    assert (await act(world, plan, "promote", START)).status_code == 200
    found = (await world.service.get(f"/v1/targets/{made['id']}/tables/{table.json()['id']}")).json()
    by_cell = {(one["row"], one["column"]): one["amount"] for one in found["cells"]}
    assert by_cell["2026-02", "rock"] == 100_000
    assert by_cell["2026-12", "rock"] + by_cell["2026-12", "pop"] == 3_000_000


async def test_what_is_closed_stays(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    assert (await world.service.post(f"/v1/targets/{made['children']['2026-01']}/close")).status_code == 200
    await edit(world, plan["branch_id"], amount=23_000_000)
    assert (await act(world, plan, "promote", START)).status_code == 200
    assert await amounts(world, made) == [MILLION] + [2 * MILLION] * 11
    later = await open_plan(world, made["id"])
    january = (await branch(world, later))["2026-01"]
    assert january["state"] == "closed"
    assert refused(await edit(world, january["id"], amount=5)) == (409, "target-state")
    await edit(world, later["branch_id"], amount=12_000_000)
    assert (await branch(world, later))["2026-01"]["amount"] == MILLION
    assert (await act(world, later, "promote", START)).status_code == 200
    assert await amounts(world, made) == [MILLION] * 12


async def test_a_promotion_that_fails_leaves_nothing(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    for n in range(7, 13):
        await edit(world, (await branch(world, plan))[f"2026-{n:02}"]["id"], locked=500_000 + n)
    before = await world.service.rows("SELECT * FROM target ORDER BY id")
    said = len(await world.service.published())
    assert refused(await act(world, plan, "promote", JULY)) == (409, "decomposition-infeasible")
    assert await world.service.rows("SELECT * FROM target ORDER BY id") == before
    assert len(await world.service.published()) == said
    assert (await world.service.get(f"/v1/plans/{plan['id']}")).json()["state"] == "open"
