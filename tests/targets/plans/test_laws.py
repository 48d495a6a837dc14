"""Two people change and promote branches of one tree in any order: at every moment every decomposition sums."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.ids import new_id
from tests.targets.plans.test_service import UNEQUAL, open_plan, refused, year

PEOPLE = ("ann", "bob")
_AMOUNTS = st.integers(0, 3_000_000)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.one_of(
            st.tuples(st.just("amount"), st.integers(0, 40), _AMOUNTS),
            st.tuples(st.just("locked"), st.integers(0, 40), st.none() | _AMOUNTS),
            st.tuples(st.just("split"), st.integers(0, 40), st.sampled_from(["week", "product_line"])),
            st.tuples(st.just("commit"), st.integers(0, 40), st.none() | _AMOUNTS),
            st.tuples(st.just("reconcile"), st.integers(0, 40), st.sampled_from(["redistribute", "roll_up"])),
            st.tuples(st.just("promote"), st.integers(1, 12), st.sampled_from(["none", "gap"])),
            st.tuples(st.just("rebase"), st.just(0), st.sampled_from([None, "plan", "live"])),
            st.tuples(
                st.just("transfer"), st.integers(0, 40), st.sampled_from(["2026-02-15", "2026-05-02", "2026-11-30"])
            ),
            st.tuples(st.just("live split"), st.integers(0, 40), st.just("week")),
            st.tuples(st.just("close"), st.integers(1, 40), st.none()),
        ),
    ),
    min_size=4,
    max_size=14,
)
_DAYS = st.sampled_from(["2026-02-15", "2026-05-02"])
_MOVES = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.tuples(st.just("transfer"), st.integers(0, 40), _DAYS)),
    min_size=1,
    max_size=4,
)
Step = tuple[str, tuple[str, int, Any]]


class Company:
    """A live tree, and the open plan of each person."""

    def __init__(self, world: Any, root: str) -> None:
        self.service, self.world, self.root = world.service, world, root
        self.plans: dict[str, str] = {}

    async def plan(self, person: str) -> str:
        """The plan that somebody works on; another one when it was promoted."""
        if person in self.plans:
            state = (await self.service.get(f"/v1/plans/{self.plans[person]}")).json()["state"]
            if state in ("open", "proposed", "approved"):
                return self.plans[person]
        self.plans[person] = (await open_plan(self.world, self.root, person))["id"]
        return self.plans[person]

    async def pick(self, number: int, condition: str, *args: object) -> dict[str, Any]:
        """One of the targets, in a stable order."""
        rows = await self.service.rows(
            f"SELECT t.id, t.version FROM target t WHERE {condition} ORDER BY t.created_at, t.id", *args
        )
        found: dict[str, Any] = rows[number % len(rows)] if rows else {"id": new_id(), "version": 1}
        return found

    async def work(self, step: Step) -> None:
        """One step of somebody; whatever is refused is refused properly."""
        person, (kind, number, value) = step
        answer = await self._send(person, kind, number, value)
        assert answer.status_code < 500, answer.text
        assert await self.service.rows(UNEQUAL) == []

    async def _send(self, person: str, kind: str, number: int, value: Any) -> Any:
        headers = self.service.headers(person, "administrator")
        if kind in ("live split", "close"):
            live = await self.pick(number, "t.plan_id IS NULL")
            if kind == "close":
                if str(live["id"]) == self.root:
                    return await self.service.get("/v1/plans")
                return await self.service.post(f"/v1/targets/{live['id']}/close", headers=headers)
            path = f"/v1/targets/{live['id']}/decompositions"
            return await self.service.post(path, {"dimension": value}, headers=headers)
        plan = await self.plan(person)
        if kind in ("promote", "rebase"):
            body = {"valid_from": f"2026-{number:02}-01", "reason": "x", "carry": value}
            body = {"prefer": value} if kind == "rebase" else body
            return await self.service.post(f"/v1/plans/{plan}/{kind}", body, headers=headers)
        if kind == "transfer":
            moved = await self.pick(number, "t.plan_id = $1 AND t.member_id IS NOT NULL", plan)
            parent = await self.pick(
                number // 3, "t.plan_id = $1 AND t.unit_id IS NOT NULL AND t.member_id IS NULL", plan
            )
            body = {"target_id": str(moved["id"]), "to_parent_id": str(parent["id"]), "from": value}
            return await self.service.post(f"/v1/plans/{plan}/transfers", body, headers=headers)
        row = await self.pick(number, "t.plan_id = $1", plan)
        path = f"/v1/targets/{row['id']}"
        if kind in ("amount", "locked"):
            return await self.service.patch(path, {kind: value}, row["version"], headers=headers)
        if kind == "commit":
            return await self.service.post(f"{path}/commits", {"amount": value}, headers=headers)
        if kind == "reconcile":
            splits = (await self.service.get(f"{path}/decompositions")).json()["items"]
            return await self.service.post(
                f"{path}/decompositions/{splits[0]['id'] if splits else row['id']}/reconcile",
                {"mode": value},
                headers=headers,
            )
        split: dict[str, Any] = {"dimension": value}
        if value == "product_line":
            split["children"] = [{"key": "rock"}, {"key": "pop"}]
        return await self.service.post(f"{path}/decompositions", split, headers=headers)


async def _live(world: Any) -> dict[str, int]:
    rows = await world.service.rows("SELECT id, amount FROM target WHERE plan_id IS NULL")
    return {str(row["id"]): row["amount"] for row in rows}


async def peopled(world: Any) -> dict[str, Any]:
    """An active year over two regions, their members, and quarters beside; everybody changes regions in February."""
    body = {"name": "Y", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 4_000_001}
    root = (await world.service.post("/v1/targets", body)).json()["id"]
    regions = {"north": ("a1", "a2"), "south": ("b1",)}
    units = [{"unit_id": world.units[code]} for code in regions]
    split = await world.service.post(f"/v1/targets/{root}/decompositions", {"dimension": "unit", "children": units})
    for child in split.json()["children"]:
        path = f"/v1/targets/{child['target_id']}/decompositions"
        names = next(names for code, names in regions.items() if world.units[code] == child["unit_id"])
        children = [{"member_id": world.members[name]} for name in names]
        await world.service.post(path, {"dimension": "member", "children": children})
        await world.service.post(path, {"dimension": "quarter"})
    assert (await world.service.post(f"/v1/targets/{root}/activate")).status_code == 200
    for name, team in (("a1", "team-b"), ("a2", "team-b"), ("b1", "team-a")):
        move = {"unit_id": world.units[team], "from": "2026-02-15"}
        await world.service.post(f"/v1/members/{world.members[name]}/move", move)
    return {"id": root}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=_MOVES, steps=_STEPS)
async def test_transfers_between_changes_and_promotions_sum_at_every_moment(
    world: Any, moves: list[Step], steps: list[Step]
) -> None:
    await world.sell("rock", "pop")
    company = Company(world, (await peopled(world))["id"])
    for step in (*moves, *steps):
        await company.work(step)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
async def test_branches_changed_and_promoted_in_any_order_sum_at_every_moment(world: Any, steps: list[Step]) -> None:
    await world.sell("rock", "pop")
    made = await year(world, "quarter", amount=4_000_001)
    first = made["children"]["2026-Q1"]
    await world.service.post(f"/v1/targets/{first}/decompositions", {"dimension": "month"})
    company = Company(world, made["id"])
    for step in steps:
        before = await _live(world)
        await company.work(step)
        if step[1][0] not in ("promote", "live split"):
            assert await _live(world) == before, "what is live changes by a promotion only"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
async def test_two_people_at_once(world: Any, steps: list[Step]) -> None:
    await world.sell("rock", "pop")
    company = Company(world, (await year(world, "quarter", amount=4_000_001))["id"])
    for person in PEOPLE:
        await company.plan(person)
    parts = [[step for step in steps if step[0] == person] for person in PEOPLE]

    async def all_of(part: list[Step]) -> None:
        for step in part:
            await company.work(step)

    await asyncio.gather(*(all_of(part) for part in parts))
    told = await world.service.published("targets.plan.promoted.v1")
    root = (await world.service.get(f"/v1/targets/{company.root}")).json()
    revisions = [one.payload["revision"] for one in told if one.payload["root_id"] == company.root]
    assert sorted(set(revisions)) == sorted(revisions), "each promotion has a revision of its own"
    assert all(one <= root["revision"] for one in revisions)


async def test_the_database_refuses_a_branch_that_does_not_sum(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    for change, problem in (("amount = amount + 1", "children sum"), ("state = 'active'", "ck_target_branch")):
        with pytest.raises(asyncpg.CheckViolationError, match=problem):
            async with world.service.transaction() as tx:
                await tx.execute(f"UPDATE target SET {change} WHERE plan_id = $1 AND child_key = '2026-02'", plan["id"])


async def test_an_edit_under_an_old_version_is_refused(world: Any) -> None:
    made = await year(world)
    plan = await open_plan(world, made["id"])
    answers = await asyncio.gather(
        *(world.service.patch(f"/v1/targets/{plan['branch_id']}", {"amount": 13 + n}, 1) for n in range(2))
    )
    assert sorted(one.status_code for one in answers) == [200, 412]
    assert {refused(one)[1] for one in answers if one.status_code == 412} == {"version-mismatch"}
