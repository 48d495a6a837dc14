"""A decomposition that is followed no longer: what is below it is closed, and it says how it was."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.targets.plans.schemas import PlanCreate
from services.targets.plans.service import open_plan
from tests.targets.conftest import World

CONVERSION = {"metric": "conversion_rate", "base": 4_000}
PERIOD = {"period_start": "2026-01-01", "period_end": "2026-03-31"}


async def begin(world: World, *, live: bool = True, **given: Any) -> tuple[str, dict[str, Any]]:
    made = await world.service.post("/v1/targets", {"name": "Year", "amount": 1_000, **PERIOD, **given})
    assert made.status_code == 201, made.text
    path = f"/v1/targets/{made.json()['id']}"
    split = await world.service.post(f"{path}/decompositions", {"dimension": "month"})
    assert split.status_code == 201, split.text
    if live:
        assert (await world.service.post(f"{path}/activate")).status_code == 200
    return path, split.json()


async def retire(world: World, path: str, split: dict[str, Any]) -> Any:
    return await world.service.post(f"{path}/decompositions/{split['id']}/retire")


async def states(world: World, split: dict[str, Any], path: str) -> set[str]:
    found = (await world.service.get(f"{path}/decompositions/{split['id']}")).json()
    return {child["state"] for child in found["children"]}


async def test_its_children_are_closed_with_what_they_came_to(world: World) -> None:
    path, split = await begin(world)
    below = f"/v1/targets/{split['children'][0]['target_id']}"
    weeks = (await world.service.post(f"{below}/decompositions", {"dimension": "week"})).json()
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [70], "2026-01-15")))
    answer = await retire(world, path, split)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["is_crediting"], found["children_sum"]) == (False, 1_000)
    assert found["retired_on"] is not None
    assert await states(world, split, path) == {"closed"} == await states(world, weeks, below)
    january = (await world.service.get(below)).json()
    assert (january["state"], january["closed_value"]) == ("closed", 70)
    closed = [one.payload["id"] for one in await world.service.published("targets.target.closed.v1")]
    assert len(closed) == len(set(closed)) == 3 + len(weeks["children"])
    again = await retire(world, path, split)
    assert (again.status_code, again.json()["version"]) == (200, found["version"])
    marked = await world.service.post(f"{path}/decompositions/{split['id']}/mark-crediting")
    assert (marked.status_code, marked.json()["code"]) == (409, "decomposition-retired")
    assert (await world.service.get(path)).json()["state"] == "active"


async def test_what_changes_later_is_shared_by_the_others(world: World) -> None:
    """A plan knows nothing of it, and the sum law asks no more of it."""
    path, split = await begin(world)
    quarter = await world.service.post(
        f"{path}/decompositions",
        {"dimension": "unit", "children": [{"unit_id": world.units[code]} for code in ("team-a", "team-b")]},
    )
    assert quarter.status_code == 201, quarter.text
    assert (await retire(world, path, split)).status_code == 200
    plan = (await world.service.post("/v1/plans", {"root_id": path.rsplit("/", 1)[1], "name": "More"})).json()
    root = await world.service.get(f"/v1/targets?plan_id={plan['id']}&limit=100")
    assert root.status_code == 200, root.text
    branch = next(one for one in root.json()["items"] if one["parent_id"] is None)
    raised = await world.service.patch(f"/v1/targets/{branch['id']}", {"amount": 2_000}, branch["version"])
    assert raised.status_code == 200, raised.text
    refused = await retire(world, path, quarter.json())
    assert (refused.status_code, refused.json()["code"]) == (409, "plans-open")
    rebased = await world.service.post(f"/v1/plans/{plan['id']}/rebase", {})
    assert rebased.status_code == 200, rebased.text
    promoted = await world.service.post(
        f"/v1/plans/{plan['id']}/promote", {"valid_from": "2026-02-01", "reason": "more"}
    )
    assert promoted.status_code == 200, promoted.text
    shown = (await world.service.get(f"{path}/decompositions/{quarter.json()['id']}")).json()
    assert [child["amount"] for child in shown["children"]] == [1_000, 1_000]
    old = (await world.service.get(f"{path}/decompositions/{split['id']}")).json()
    assert (old["amount"], old["children_sum"]) == (1_000, 1_000)
    versions = (await world.service.get(f"{path}/versions")).json()["items"]
    assert [(one["amount"], one["plan_id"]) for one in versions] == [(1_000, None), (2_000, plan["id"])]


async def test_a_draft_changes_again_and_is_no_longer_approved(world: World) -> None:
    path, split = await begin(world, live=False)
    assert (await world.service.post(f"{path}/propose")).status_code == 200
    assert (await retire(world, path, split)).status_code == 200
    draft = (await world.service.get(path)).json()
    assert draft["state"] == "draft"
    changed = await world.service.patch(path, {"amount": 7}, draft["version"])
    assert (changed.status_code, changed.json()["amount"]) == (200, 7)
    fresh = await world.service.post(f"{path}/decompositions", {"dimension": "month"})
    assert (fresh.status_code, fresh.json()["is_crediting"]) == (201, True)
    assert (await world.service.post(f"{path}/activate")).status_code == 200
    assert await world.service.published("targets.target.closed.v1") == [], "nobody had heard of them"


async def test_no_plan_is_opened_meanwhile(world: World) -> None:
    """A plan that is being opened is waited for: it would know of what is retired."""
    path, split = await begin(world)
    root_id = UUID(path.rsplit("/", 1)[1])
    async with world.service.transaction() as tx:
        plan = await open_plan(world.service.work(tx), PlanCreate(root_id=root_id, name="What if"))
        asked = asyncio.create_task(retire(world, path, split))
        await asyncio.sleep(0.3)
        assert not asked.done()
    refused = await asked
    assert (refused.status_code, refused.json()["code"]) == (409, "plans-open")
    assert (await world.service.post(f"/v1/plans/{plan.id}/drop")).status_code == 200
    promoted = (await world.service.post("/v1/plans", {"root_id": str(root_id), "name": "More"})).json()
    branch = (await world.service.get(f"/v1/targets/{promoted['branch_id']}")).json()
    raised = await world.service.patch(f"/v1/targets/{branch['id']}", {"amount": 2_000}, branch["version"])
    assert raised.status_code == 200, raised.text
    body = {"valid_from": "2026-02-01", "reason": "more"}
    answers = await asyncio.gather(
        world.service.post(f"/v1/plans/{promoted['id']}/promote", body), retire(world, path, split)
    )
    assert answers[0].status_code == 200, answers[0].text
    assert answers[1].status_code in (200, 409), "after or before the plan was promoted"


async def test_sides_of_a_table_stay(world: World) -> None:
    path, rows = await begin(world)
    regions = {"dimension": "region", "children": [{"key": "CN-SH"}, {"key": "CN-BJ"}]}
    columns = (await world.service.post(f"{path}/decompositions", regions)).json()
    sides = {"row_decomposition_id": rows["id"], "column_decomposition_id": columns["id"]}
    assert (await world.service.post(f"{path}/tables", sides)).status_code == 201
    for side in (rows, columns):
        refused = await retire(world, path, side)
        assert (refused.status_code, refused.json()["code"]) == (409, "decomposition-of-table")


async def test_denominators_sum_in_the_database(world: World) -> None:
    path, split = await begin(world, live=False, **CONVERSION)
    (child, *_) = split["children"]
    for change in ("base = base + 1", "base = NULL"):
        with pytest.raises(asyncpg.CheckViolationError, match="bases of the children"):
            async with world.service.transaction() as tx:
                await tx.execute(f"UPDATE target SET {change} WHERE id = '{child['target_id']}'")
    with pytest.raises(asyncpg.CheckViolationError, match="bases of the children"):
        async with world.service.transaction() as tx:
            await tx.execute(f"UPDATE target SET base = base + 1 WHERE id = '{path.rsplit('/', 1)[1]}'")
    async with world.service.transaction() as tx:
        await tx.execute(f"UPDATE target SET base = base + 1 WHERE id = '{child['target_id']}'")
        await tx.execute(f"UPDATE target SET base = base + 1 WHERE id = '{path.rsplit('/', 1)[1]}'")
