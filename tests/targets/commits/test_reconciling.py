"""Reconciling on PostgreSQL: commits become amounts, and every decomposition sums whatever happens."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.ids import new_id
from tests.targets.commits.test_service import CODES, TODAY, commit, gap, plan, rep

UNEQUAL = """
SELECT d.id FROM decomposition d JOIN target t ON t.id = d.target_id
WHERE d.amount <> t.amount OR d.amount <> (SELECT sum(c.amount) FROM target c WHERE c.decomposition_id = d.id)
"""


async def allow(world: Any, share: int) -> None:
    body = {"valid_from": str(TODAY), "reason": "room", "over_assignment_max": share}
    answer = await world.service.request(
        "PUT", "/v1/target-policies", body, headers=world.service.headers(If_Match="*")
    )
    assert answer.status_code == 200, answer.text


async def reconcile(world: Any, root: str, split: str, mode: str = "redistribute", **more: Any) -> Any:
    answer = await world.service.post(f"/v1/targets/{root}/decompositions/{split}/reconcile", {"mode": mode}, **more)
    assert await world.service.rows(UNEQUAL) == []
    return answer


def shares(children: dict[str, str], answer: Any) -> list[int]:
    """Amounts of the members in the order of their codes, and that of a balancing child after them."""
    assert answer.status_code == 200, answer.text
    by_target = {one["target_id"]: one["amount"] for one in answer.json()["children"]}
    rest = [one["amount"] for one in answer.json()["children"] if one["is_balancing"]]
    return [by_target[children[code]] for code in CODES] + rest


async def test_commits_are_locks_and_the_rest_shares_what_they_leave(world: Any) -> None:
    root, split, children = await plan(world)
    await commit(world, children["a1"], 300_000, rep(world))
    await commit(world, children["b1"], 250_000)
    answer = await reconcile(world, root, split)
    assert shares(children, answer) == [300_000, 225_000, 250_000, 225_000]
    assert answer.json()["version"] == 2
    bounds = {one["target_id"]: (one["locked"], one["bound"]) for one in answer.json()["children"]}
    assert bounds[children["a1"]] == (300_000, "committed")
    assert bounds[children["a2"]] == (None, None)
    first, second = await world.service.published("targets.target.decomposed.v1")
    assert (first.payload["version"], second.payload["version"]) == (1, 2)
    assert {one["target_id"]: one["amount"] for one in second.payload["children"]}[children["a1"]] == 300_000
    again = await reconcile(world, root, split)
    assert again.json() == answer.json(), "what agrees already stays"
    assert len(await world.service.published("targets.target.decomposed.v1")) == 2
    audited = await world.service.rows("SELECT resource_id FROM audit_log WHERE action = 'reconcile'")
    assert {row["resource_id"] for row in audited} == set(children.values())


async def test_a_commit_that_is_taken_back_is_no_lock_and_zero_is_one(world: Any) -> None:
    root, split, children = await plan(world)
    await commit(world, children["a1"], 400_000)
    await commit(world, children["a2"], 0)
    assert shares(children, await reconcile(world, root, split)) == [400_000, 0, 300_000, 300_000]
    await commit(world, children["a1"], None)
    found = await reconcile(world, root, split)
    assert sorted(shares(children, found)) == [0, 333_333, 333_333, 333_334]
    assert next(one["locked"] for one in found.json()["children"] if one["target_id"] == children["a1"]) is None


async def test_locks_that_were_no_commits_stay(world: Any) -> None:
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    root = (await world.service.post("/v1/targets", body)).json()["id"]
    given_ = {"dimension": "month", "children": [{"key": "2026-01", "locked": 50}]}
    made = (await world.service.post(f"/v1/targets/{root}/decompositions", given_)).json()
    by_key = {one["key"]: one["target_id"] for one in made["children"]}
    await commit(world, by_key["2026-02"], 20)
    found = (await reconcile(world, root, made["id"])).json()
    assert {one["key"]: one["amount"] for one in found["children"]} == {"2026-01": 50, "2026-02": 20, "2026-03": 30}


async def test_all_committed_and_short_a_balancing_child_holds_the_open_gap(world: Any) -> None:
    root, split, children = await plan(world)
    for code, amount in zip(CODES, (300_000, 200_000, 250_000, 100_000), strict=True):
        await commit(world, children[code], amount)
    answer = await reconcile(world, root, split)
    assert shares(children, answer) == [300_000, 200_000, 250_000, 100_000, 150_000]
    found = await gap(world, root, split)
    assert (found["gap"], found["open"], len(found["children"])) == (150_000, 0, 4), "it is nobody's"
    await commit(world, children["a1"], 450_000)
    assert shares(children, await reconcile(world, root, split)) == [450_000, 200_000, 250_000, 100_000, 0]
    assert len(await world.service.rows("SELECT 1 FROM target WHERE is_balancing")) == 1


async def test_over_is_allowed_as_far_as_the_policy_goes(world: Any) -> None:
    root, split, children = await plan(world)
    for code, amount in zip(CODES, (380_000, 200_000, 250_000, 250_000), strict=True):
        await commit(world, children[code], amount)
    refused = await reconcile(world, root, split)
    assert (refused.status_code, refused.json()["code"]) == (409, "over-assignment")
    assert refused.json()["assigned"] == 1_080_000
    await allow(world, 100_000)
    assert shares(children, await reconcile(world, root, split))[4] == -80_000
    await commit(world, children["a1"], 400_001)
    refused = await reconcile(world, root, split)
    assert (refused.status_code, refused.json()["code"]) == (409, "over-assignment")


async def test_what_holds_a_difference_is_nobodys(world: Any) -> None:
    """It takes no commit, no change and no split, and is no part of attainment, ranks and forecasts."""
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [70_000])))
    await allow(world, 100_000)
    root, _, _ = await plan(world)
    members = [{"member_id": world.members[code]} for code in CODES]
    body = {"dimension": "member", "children": members, "over_assignment": 100_000, "is_crediting": True}
    made = (await world.service.post(f"/v1/targets/{root}/decompositions", body)).json()
    (one,) = (child for child in made["children"] if child["is_balancing"])
    assert (one["amount"], one["unit_id"], one["member_id"]) == (-100_000, None, None)
    path = f"/v1/targets/{one['target_id']}"
    row = (await world.service.get(path)).json()
    assert (row["is_balancing"], row["owner_id"], row["child_key"]) == (True, None, "balancing")
    listed = (await world.service.get("/v1/targets?is_balancing=true")).json()["items"]
    assert [item["id"] for item in listed] == [one["target_id"]]
    for answer in (
        await world.service.post(f"{path}/commits", {"amount": 1}),
        await world.service.patch(path, {"owner_id": world.members["a1"]}, 1),
        await world.service.post(f"{path}/decompositions", {"dimension": "month"}),
        await world.service.post(f"{path}/decompositions", {"dimension": "month", "dry_run": True}),
        await world.service.post(f"{path}/cascades", {"levels": [{"dimension": "month"}]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "balancing-target")
    assert (await world.service.post(f"/v1/targets/{root}/activate")).status_code == 200
    told = await world.attainment(target_id=root, children="true")
    assert one["target_id"] not in {item.get("target_id") for item in told["items"]}
    assert [item["actual"] for item in told["items"] if item.get("target_id") == root] == [70_000]
    for query in (f"attainment?target_id={one['target_id']}", f"forecasts?target_id={one['target_id']}"):
        answer = await world.service.get(f"/v1/{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, "target-not-found"), query
    said = [event.payload for event in await world.service.published("targets.target.activated.v1")]
    assert [each["id"] for each in said if each["is_balancing"]] == [one["target_id"]]
    assert (await world.service.post(f"/v1/targets/{root}/close")).status_code == 200
    closed = await world.service.rows("SELECT is_balancing, closed_value FROM target WHERE parent_id IS NOT NULL")
    assert {row["closed_value"] for row in closed if row["is_balancing"]} == {0}
    assert 70_000 in {row["closed_value"] for row in closed}


async def test_children_split_more_than_the_amount(world: Any) -> None:
    root, _, _ = await plan(world)
    path = f"/v1/targets/{root}/decompositions"
    body = {"dimension": "month", "over_assignment": 80_000}
    for more in ({}, {"dry_run": True}):
        refused = await world.service.post(path, body | more)
        assert (refused.status_code, refused.json()["code"]) == (409, "over-assignment")
        assert refused.json()["over_assignment_max"] == 0
    await allow(world, 100_000)
    shown = await world.service.post(path, body | {"dry_run": True})
    made = await world.service.post(path, body)
    assert (shown.status_code, made.status_code) == (200, 201)
    for answer in (shown, made):
        found = {one["key"]: one["amount"] for one in answer.json()["children"]}
        assert found == {"2026-01": 360_000, "2026-02": 360_000, "2026-03": 360_000, "balancing": -80_000}
    assert (made.json()["children_sum"], made.json()["over_assignment"]) == (1_000_000, 80_000)
    assert await world.service.rows(UNEQUAL) == []
    by_key = {one["key"]: one["target_id"] for one in made.json()["children"]}
    await commit(world, by_key["2026-01"], 400_000)
    found = (await reconcile(world, root, made.json()["id"])).json()
    assert [one["amount"] for one in found["children"]] == [400_000, 340_000, 340_000, -80_000]
    sides = {"row_decomposition_id": made.json()["id"], "column_decomposition_id": made.json()["id"]}
    table = await world.service.post(f"/v1/targets/{root}/tables", sides)
    assert 400 <= table.status_code < 500, "a difference has no cells"
    for wrong in (-1, "1", 1_000_001):
        answer = await world.service.post(path, body | {"over_assignment": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/over_assignment")


async def test_the_target_becomes_the_sum(world: Any) -> None:
    root, split, children = await plan(world, stretch=1_050_000)
    await commit(world, children["a1"], 400_000)
    await commit(world, children["b1"], 0)
    answer = await reconcile(world, root, split, "roll_up")
    assert shares(children, answer) == [400_000, 250_000, 0, 250_000]
    assert answer.json()["amount"] == 900_000
    await commit(world, children["a1"], 700_000)
    assert (await reconcile(world, root, split, "roll_up")).json()["amount"] == 1_200_000
    target = (await world.service.get(f"/v1/targets/{root}")).json()
    assert (target["amount"], target["stretch"]) == (1_200_000, 1_200_000)


async def test_a_sum_that_others_rest_on_stays(world: Any) -> None:
    root, split, children = await plan(world)
    below = await world.service.post(f"/v1/targets/{children['a1']}/decompositions", {"dimension": "month"})
    months = {one["key"]: one["target_id"] for one in below.json()["children"]}
    await commit(world, months["2026-01"], 1)
    refused = await reconcile(world, children["a1"], below.json()["id"], "roll_up")
    assert (refused.status_code, refused.json()["code"]) == (409, "target-decomposed")
    await commit(world, children["a1"], 1)
    for mode in ("redistribute", "roll_up"):
        refused = await reconcile(world, root, split, mode)
        assert (refused.status_code, refused.json()["code"]) == (409, "child-decomposed")
        assert refused.json()["children"] == [world.members["a1"]]
    await commit(world, children["a1"], 250_000)
    await commit(world, children["a2"], 100_000)
    assert shares(children, await reconcile(world, root, split)) == [250_000, 100_000, 325_000, 325_000]
    assert (await world.service.post(f"/v1/targets/{root}/decompositions", {"dimension": "month"})).status_code == 201
    await commit(world, children["a2"], 1)
    refused = await reconcile(world, root, split, "roll_up")
    assert (refused.status_code, refused.json()["code"]) == (409, "target-decomposed")


async def test_drafts_only_and_by_who_plans(world: Any) -> None:
    root, split, children = await plan(world)
    manager = world.service.headers("manager-north", "sales_manager")
    assert (await reconcile(world, root, split, headers=manager)).status_code == 403
    missing = await reconcile(world, root, str(new_id()))
    assert (missing.status_code, missing.json()["code"]) == (404, "decomposition-not-found")
    bad = await reconcile(world, root, split, "guess")
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/mode")
    for path in (children["a1"], root):
        assert (await world.service.post(f"/v1/targets/{path}/propose")).status_code == 200
        refused = await reconcile(world, root, split)
        assert (refused.status_code, refused.json()["code"]) == (409, "target-state")
        assert refused.json()["allowed_states"] == ["draft"]


async def test_at_once_with_commits_each_is_whole(world: Any) -> None:
    root, split, children = await plan(world)
    await commit(world, children["a1"], 100_000)
    done = await asyncio.gather(
        reconcile(world, root, split),
        commit(world, children["a2"], 200_000),
        reconcile(world, root, split),
        commit(world, children["a1"], 300_000),
        reconcile(world, root, split),
    )
    assert all(getattr(one, "status_code", None) == 200 or one[0] == 201 for one in done)
    assert shares(children, await reconcile(world, root, split))[:2] == [300_000, 200_000]
    events = await world.service.published("targets.target.decomposed.v1")
    assert [event.payload["version"] for event in events] == list(range(1, len(events) + 1))


async def test_of_a_reconciling_and_an_activation_at_once_one_comes_first(world: Any) -> None:
    root, split, children = await plan(world)
    await commit(world, children["a1"], 100_000)
    answer, activated = await asyncio.gather(
        reconcile(world, root, split), world.service.post(f"/v1/targets/{root}/activate")
    )
    assert activated.status_code == 200
    assert answer.status_code in (200, 409)
    (row,) = await world.service.rows(f"SELECT amount FROM target WHERE id = '{children['a1']}'")
    assert row["amount"] == (100_000 if answer.status_code == 200 else 250_000)


async def test_the_database_keeps_a_difference_nobodys_and_in_the_sum(world: Any) -> None:
    root, split, children = await plan(world)
    for code in CODES:
        await commit(world, children[code], 100_000)
    assert (await reconcile(world, root, split)).status_code == 200
    for change, problem in (
        ("member_id = (SELECT id FROM member LIMIT 1)", "ck_target_balancing"),
        ("amount = amount + 1", "children sum"),
    ):
        with pytest.raises(asyncpg.CheckViolationError, match=problem):
            async with world.service.transaction() as tx:
                await tx.execute(f"UPDATE target SET {change} WHERE is_balancing")


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.sampled_from(CODES), st.none() | st.integers(-10, 700_000)),
        st.tuples(st.just("reconcile"), st.sampled_from(["redistribute", "roll_up"]), st.none()),
        st.tuples(st.just("policy"), st.none(), st.sampled_from([0, 50_000, 1_000_000])),
    ),
    min_size=3,
    max_size=10,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amount=st.sampled_from([0, 7, 1_000_000, -1_000_000]), over=st.sampled_from([0, 33_333]), steps=_STEPS)
async def test_every_decomposition_sums_at_every_moment(
    world: Any, amount: int, over: int, steps: list[tuple[str, Any, Any]]
) -> None:
    await allow(world, 1_000_000)
    body = {"name": "T", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": amount}
    root = (await world.service.post("/v1/targets", body)).json()["id"]
    members = [{"member_id": world.members[code]} for code in CODES]
    split = {"dimension": "member", "children": members, "over_assignment": over}
    made = (await world.service.post(f"/v1/targets/{root}/decompositions", split)).json()
    by_member = {one["member_id"]: one["target_id"] for one in made["children"]}
    newest: dict[str, int | None] = {}
    for kind, name, value in steps:
        if kind == "policy":
            await allow(world, value)
        elif kind == "commit":
            newest[name] = value
            assert (await commit(world, by_member[world.members[name]], value))[0] == 201
        else:
            answer = await reconcile(world, root, made["id"], name)
            assert answer.status_code in (200, 409), answer.text
            if answer.status_code == 200:
                found = {one["member_id"]: one["amount"] for one in answer.json()["children"]}
                kept = {world.members[code]: each for code, each in newest.items() if each is not None}
                assert found | kept == found, "commits are kept to the unit"
            else:
                assert answer.json()["code"] in ("over-assignment", "decomposition-infeasible")
