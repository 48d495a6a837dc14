"""From draft to active by two persons: who may decide, what voids a decision, and what the policy asks for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.clock import business_date
from kit.ids import new_id

Q1 = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 10000001}


async def make(world: Any, by: str = "dora", **more: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/targets", {**Q1, **more}, headers=director(world, by))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def director(world: Any, name: str) -> dict[str, str]:
    headers: dict[str, str] = world.service.headers(name, "sales_director")
    return headers


def manager(world: Any, name: str = "manager-north") -> dict[str, str]:
    headers: dict[str, str] = world.service.headers(name, "sales_manager")
    return headers


async def act(world: Any, target: str, verb: str, headers: dict[str, str], body: Any = None) -> tuple[int, str]:
    answer = await world.service.post(f"/v1/targets/{target}/{verb}", body, headers=headers)
    return answer.status_code, answer.json()["state" if answer.status_code == 200 else "code"]


async def split(world: Any, target: str, dimension: str = "month", **more: Any) -> dict[str, str]:
    """Ids of the children by key."""
    body = {"dimension": dimension, **more}
    path = f"/v1/targets/{target}/decompositions"
    answer = await world.service.post(path, body, headers=director(world, "dora"))
    assert answer.status_code == 201, answer.text
    return {child["key"]: child["target_id"] for child in answer.json()["children"]}


async def states(world: Any, *targets: str) -> list[str]:
    return [(await world.service.get(f"/v1/targets/{target}")).json()["state"] for target in targets]


async def require_approval(world: Any) -> None:
    body = {"valid_from": str(business_date("Asia/Shanghai")), "reason": "two decide", "approval": "required"}
    headers = world.service.headers(If_Match="*")
    answer = await world.service.request("PUT", "/v1/target-policies", body, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_who_proposed_wrote_or_owns_it_does_not_approve_it(world: Any) -> None:
    root = (await make(world, owner_id=world.members["manager-north"]))["id"]
    assert await act(world, root, "propose", director(world, "paul")) == (200, "proposed")
    needed = (409, "second-person-needed")
    for subject in ("paul", "dora", "manager-north"):
        assert await act(world, root, "approve", director(world, subject)) == needed, subject
    assert await act(world, root, "approve", director(world, "erna")) == (200, "approved")
    row = (await world.service.get(f"/v1/targets/{root}")).json()
    assert (row["authored_by"], row["proposed_by"], row["approved_by"]) == ("dora", "paul", "erna")
    (proposed,) = await world.service.published("targets.target.proposed.v1")
    (approved,) = await world.service.published("targets.target.approved.v1")
    today = str(business_date("Asia/Shanghai"))
    assert (proposed.payload["proposed_by"], proposed.payload["business_date"]) == ("paul", today)
    assert (approved.payload["proposed_by"], approved.payload["approved_by"]) == ("paul", "erna")
    assert (proposed.key, proposed.sequence, approved.sequence) == (root, 2, 3)
    assert await act(world, root, "activate", director(world, "dora")) == (200, "active")


async def test_managers_approve_children_of_the_units_they_lead(world: Any) -> None:
    root = (await make(world, unit_id=world.units["company"]))["id"]
    regions = await split(world, root, "unit", children=[{"unit_id": world.units[code]} for code in ("north", "south")])
    north, south = (regions[world.units[code]] for code in ("north", "south"))
    team = (await split(world, north, "unit", children=[{"unit_id": world.units["team-a"]}]))[world.units["team-a"]]
    assert await act(world, root, "propose", director(world, "dora")) == (200, "proposed")
    assert await act(world, root, "approve", manager(world)) == (404, "target-not-found")
    assert await act(world, south, "approve", manager(world)) == (404, "target-not-found")
    assert await act(world, north, "approve", manager(world)) == (409, "second-person-needed"), (
        "the company's lead does"
    )
    assert await act(world, team, "approve", manager(world)) == (200, "approved")
    rep = world.service.headers("a1", "sales_rep")
    for verb, body in (("propose", None), ("approve", None), ("withdraw", None), ("reject", {"reason": "x"})):
        assert (await act(world, team, verb, rep, body))[0] == 403
    assert await act(world, root, "approve", director(world, "erna")) == (200, "approved")
    assert await states(world, root, north, south, team) == ["approved"] * 4
    assert (await world.service.get(f"/v1/targets/{team}")).json()["approved_by"] == "manager-north"
    assert len(await world.service.published("targets.target.approved.v1")) == 4


async def test_the_policy_asks_for_an_approval_of_everything(world: Any) -> None:
    root = (await make(world))["id"]
    months = list((await split(world, root)).values())
    await require_approval(world)
    answer = await world.service.post(f"/v1/targets/{root}/activate")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-approved")
    assert (answer.json()["unapproved"], answer.json()["policy_version"]) == (4, 2)
    assert (await act(world, root, "propose", director(world, "dora")))[0] == 200
    assert await act(world, root, "activate", director(world, "dora")) == (409, "target-state")
    assert (await act(world, root, "approve", director(world, "erna")))[0] == 200
    assert await act(world, root, "activate", director(world, "dora")) == (200, "active")
    assert await states(world, *months) == ["active"] * 3
    again = await world.service.post(f"/v1/targets/{root}/decompositions", {"dimension": "quarter"})
    assert (again.status_code, again.json()["code"]) == (409, "needs-plan")


async def test_an_edit_voids_what_it_touches_and_what_is_above(world: Any) -> None:
    root = (await make(world))["id"]
    first, second, third = (await split(world, root)).values()
    await act(world, root, "propose", director(world, "dora"))
    await act(world, root, "approve", director(world, "erna"))
    path, headers = f"/v1/targets/{first}", director(world, "dora")
    nothing = await world.service.patch(path, {"name": "Q1 / 2026-01"}, 3, headers=headers)
    assert (nothing.status_code, nothing.json()["state"], nothing.json()["version"]) == (200, "approved", 3)
    edited = await world.service.patch(path, {"name": "January"}, 3, headers=headers)
    assert (edited.json()["state"], edited.json()["approved_by"], edited.json()["version"]) == ("draft", None, 4)
    assert await states(world, root, first, second, third) == ["draft", "draft", "approved", "approved"]
    await require_approval(world)
    assert await act(world, root, "activate", director(world, "dora")) == (409, "not-approved")
    await act(world, root, "propose", director(world, "dora"))
    assert await states(world, root, first, second, third) == ["proposed", "proposed", "approved", "approved"]
    assert await act(world, root, "approve", director(world, "erna")) == (200, "approved")
    await split(world, second, "member", children=[{"member_id": world.members["a1"]}])
    assert await states(world, root, first, second, third) == ["draft", "approved", "draft", "approved"]
    audited = await world.service.rows("SELECT resource_id FROM audit_log WHERE action = 'void' ORDER BY id")
    assert {row["resource_id"] for row in audited} == {root, second}


@pytest.mark.parametrize("verb", ["withdraw", "reject"])
async def test_a_part_that_goes_back_takes_the_whole_with_it(world: Any, verb: str) -> None:
    root = (await make(world))["id"]
    first, second, _ = (await split(world, root)).values()
    await act(world, root, "propose", director(world, "dora"))
    body = {"reason": "too steep"} if verb == "reject" else None
    assert await act(world, first, verb, director(world, "erna"), body) == (200, "draft")
    assert await states(world, root, first, second) == ["draft", "draft", "proposed"]
    (entry,) = await world.service.rows("SELECT resource_id, reason FROM audit_log WHERE action = $1", verb)
    assert (entry["resource_id"], entry["reason"]) == (first, "too steep" if body else "")
    rejected = [event.payload for event in await world.service.published() if "too steep" in str(event.payload)]
    assert rejected == [], "what somebody wrote stays here"


async def test_approving_and_editing_at_once_never_leaves_an_approved_edit(world: Any) -> None:
    for number in range(6):
        root = (await make(world))["id"]
        await act(world, root, "propose", director(world, "dora"))
        approved, edited, split_up = await asyncio.gather(
            act(world, root, "approve", director(world, "erna")),
            world.service.patch(f"/v1/targets/{root}", {"amount": number}, 2, headers=director(world, "erna")),
            world.service.post(f"/v1/targets/{root}/decompositions", {"dimension": "month"}),
        )
        row = (await world.service.get(f"/v1/targets/{root}")).json()
        assert split_up.status_code == 201
        assert row["state"] == "draft", (approved, edited.status_code)
        assert (row["proposed_by"], row["approved_by"]) == (None, None)


async def test_two_approvals_at_once_are_one(world: Any) -> None:
    root = (await make(world))["id"]
    await act(world, root, "propose", director(world, "dora"))
    found = await asyncio.gather(*(act(world, root, "approve", director(world, name)) for name in ("erna", "fred")))
    assert sorted(found) == [(200, "approved"), (409, "target-state")]
    assert len(await world.service.published("targets.target.approved.v1")) == 1


async def test_a_stretch_lies_above_and_an_owner_is_a_member(world: Any) -> None:
    for change, pointer in (({"stretch": 10000000}, "/stretch"), ({"owner_id": str(new_id())}, "/owner_id")):
        answer = await world.service.post("/v1/targets", {**Q1, **change})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    target = await make(world, stretch=10000001, external_id="q1")
    path = f"/v1/targets/{target['id']}"
    for change in ({"stretch": 5}, {"amount": 10000002}):
        answer = await world.service.patch(path, change, 1)
        assert (answer.status_code, answer.json()["code"]) == (422, "stretch-below-amount")
    changed = await world.service.patch(path, {"stretch": None, "owner_id": world.members["a1"]}, 1)
    assert (changed.json()["stretch"], changed.json()["owner_id"]) == (None, world.members["a1"])
    twin = await world.service.post("/v1/targets", {**Q1, "external_id": "q1"})
    assert (twin.status_code, twin.json()["code"]) == (409, "target-external-id-taken")


@pytest.mark.parametrize(
    ("end", "horizon"),
    [
        ("2026-12-31", "short"),
        ("2027-01-01", "short"),
        ("2027-01-02", "medium"),
        ("2028-12-31", "medium"),
        ("2029-01-01", "long"),
    ],
)
async def test_the_horizon_follows_from_the_period(world: Any, end: str, horizon: str) -> None:
    target = await make(world, period_end=end)
    assert target["horizon"] == horizon
    (listed,) = (await world.service.get(f"/v1/targets?horizon={horizon}")).json()["items"]
    assert (listed["id"], listed["horizon"]) == (target["id"], horizon)


async def test_what_counts_has_a_version(world: Any) -> None:
    root = (await make(world, stretch=10**8))["id"]
    months = list((await split(world, root)).values())
    path = f"/v1/targets/{root}/versions"
    assert (await world.service.get(path)).json()["items"] == []
    await act(world, root, "propose", director(world, "paul"))
    await act(world, root, "approve", director(world, "erna"))
    await act(world, root, "activate", director(world, "dora"))
    (version,) = (await world.service.get(path)).json()["items"]
    known = {name: version[name] for name in ("number", "valid_from", "amount", "stretch", "author", "approver")}
    decided = {"author": "paul", "approver": "erna"}
    assert known == {"number": 1, "valid_from": "2026-01-01", "amount": 10000001, "stretch": 10**8, **decided}
    february = (await world.service.get(f"/v1/targets/{months[1]}")).json()["amount"]
    later = await split(world, months[1], "member", children=[{"member_id": world.members["a1"]}])
    (child,) = (await world.service.get(f"/v1/targets/{later[world.members['a1']]}/versions")).json()["items"]
    assert (child["valid_from"], child["amount"], child["author"]) == ("2026-02-01", february, "dora")
    assert (await world.service.get(path, headers=manager(world))).status_code == 404
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM target_version")
    (early,) = (await world.service.get(path)).json()["items"]
    assert (early["number"], early["amount"], early["author"]) == (1, 10000001, None), "of an early release"
