"""Roles and capacities of members are dated: they hold through moves, and moves hold through them."""

from __future__ import annotations

import asyncio
import itertools
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.members.enums import MemberRole
from services.targets.members.rules import AlreadyThere, NotMember, RoleHeld, Span, in_role, moved

A, B, C = (UUID(int=n) for n in (1, 2, 3))
REP, LEAD, BOSS = MemberRole.SALES_REP, MemberRole.SALES_SUPERVISOR, MemberRole.SALES_MANAGER


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number)


def test_a_role_holds_through_moves_until_its_next_change() -> None:
    spans = [Span(A, day(0), day(20)), Span(B, day(20), day(30)), Span(B, day(30), role=BOSS)]
    assert in_role(spans, LEAD, None, day(10)) == [
        Span(A, day(0), day(10)),
        Span(A, day(10), day(20), LEAD),
        Span(B, day(20), day(30), LEAD),
        Span(B, day(30), role=BOSS),
    ]


def test_a_move_holds_through_roles_until_the_next_move() -> None:
    spans = [Span(A, day(0), day(20)), Span(A, day(20), day(30), LEAD), Span(B, day(30), role=LEAD)]
    assert moved(spans, C, day(10)) == [
        Span(A, day(0), day(10)),
        Span(C, day(10), day(20)),
        Span(C, day(20), day(30), LEAD),
        Span(B, day(30), role=LEAD),
    ]


def test_nothing_holds_over_a_gap_and_a_join_keeps_the_role() -> None:
    spans = [Span(A, day(0), day(10), LEAD), Span(A, day(20), role=LEAD)]
    assert in_role(spans, BOSS, 500_000, day(5))[-1] == spans[-1]
    assert moved(spans, B, day(15))[1] == Span(B, day(15), day(20), LEAD)
    with pytest.raises(NotMember):
        in_role(spans, BOSS, None, day(12))


def test_a_role_taken_back_leaves_no_seam() -> None:
    spans = in_role([Span(A, day(0))], LEAD, 600_000, day(5))
    assert in_role(spans, REP, 1_000_000, day(5)) == [Span(A, day(0))]
    for role, capacity in ((LEAD, None), (LEAD, 600_000)):
        with pytest.raises(RoleHeld):
            in_role(spans, role, capacity, day(7))
    assert in_role(spans, LEAD, 700_000, day(7))[-1] == Span(A, day(7), None, LEAD, 700_000)


STEPS = st.lists(st.tuples(st.sampled_from([A, B, C, REP, LEAD, BOSS]), st.integers(0, 40)), min_size=1, max_size=12)


@given(STEPS)
def test_days_before_a_change_keep_what_they_had(steps: list[tuple[UUID | MemberRole, int]]) -> None:
    spans = [Span(A, day(0))]
    for what, number in steps:
        before = [next((s.unit_id, s.role) for s in spans if s.covers(day(n))) for n in range(60)]
        try:
            if isinstance(what, MemberRole):
                spans = in_role(spans, what, None, day(number))
            else:
                spans = moved(spans, what, day(number))
        except (AlreadyThere, RoleHeld):
            continue
        is_role = isinstance(what, MemberRole)
        after = [next((s.unit_id, s.role) for s in spans if s.covers(day(n))) for n in range(60)]
        assert after[:number] == before[:number]
        assert after[number][is_role] == what
        other = not is_role
        assert [one[other] for one in after] == [one[other] for one in before], (
            "a role moves nobody, a move gives no role"
        )
        assert all(one.valid_to == two.valid_from for one, two in itertools.pairwise(spans))
        assert not any((one.unit_id, one.role) == (two.unit_id, two.role) for one, two in itertools.pairwise(spans))


async def change(world: Any, role: str, start: str, **more: Any) -> Any:
    return await world.service.post(
        f"/v1/members/{world.members['a1']}/change-role", {"role": role, "from": start, **more}
    )


async def test_a_change_is_told_with_every_membership(world: Any) -> None:
    answer = await change(world, "sales_supervisor", "2026-02-01", capacity=600_000)
    assert answer.status_code == 200, answer.text
    said = [(one["valid_from"], one["role"], one["capacity"]) for one in answer.json()["memberships"]]
    assert said == [("2026-01-01", "sales_rep", 1_000_000), ("2026-02-01", "sales_supervisor", 600_000)]
    assert (answer.json()["role"], answer.json()["version"]) == ("sales_supervisor", 2)
    assert (await world.service.get(f"/v1/members/{world.members['a1']}")).json() == answer.json()
    event = (await world.service.published("targets.member.moved.v1"))[-1]
    assert event.payload["memberships"] == answer.json()["memberships"]
    assert (event.payload["role"], set(event.payload["changed"])) == ("sales_supervisor", {"memberships", "role"})
    again = await change(world, "sales_supervisor", "2026-02-01", capacity=600_000)
    assert (again.status_code, again.json()["code"]) == (409, "role-held")
    early = await change(world, "sales_supervisor", "2025-12-31")
    assert (early.status_code, early.json()["code"]) == (409, "not-a-member")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"role": "king"}, "/role"),
        ({"from": "0001-01-01"}, "/from"),
        ({"capacity": 0}, "/capacity"),
        ({"capacity": 1_000_001}, "/capacity"),
    ],
)
async def test_bad_bodies_name_their_field(world: Any, body: dict[str, Any], pointer: str) -> None:
    path = f"/v1/members/{world.members['a1']}/change-role"
    answer = await world.service.post(path, {"role": "sales_rep", "from": "2026-02-01", **body})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])


async def test_a_backdated_role_touches_no_credited_line(world: Any) -> None:
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [500])))
    before = await world.lines()
    assert (await change(world, "sales_supervisor", "2026-01-15")).status_code == 200
    assert await world.lines() == before
    attained = await world.attainment(unit_id=world.units["team-a"])
    assert [one["actual"] for one in attained["items"]] == [500]


async def test_of_two_at_once_the_second_sees_the_first(world: Any) -> None:
    answers = await asyncio.gather(*(change(world, "sales_manager", "2026-03-01") for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert len(await world.service.published("targets.member.moved.v1")) == 1


async def test_memberships_of_an_earlier_release_have_the_role_of_their_member(world: Any) -> None:
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE membership SET role = NULL")
    path = f"/v1/members/{world.members['a1']}"
    (one,) = (await world.service.get(path)).json()["memberships"]
    assert (one["role"], one["capacity"]) == ("sales_rep", 1_000_000)
    changed = (await change(world, "sales_manager", "2026-02-01")).json()["memberships"]
    assert [each["role"] for each in changed] == ["sales_rep", "sales_manager"]
    listed = (await world.service.get("/v1/members?code=a1")).json()["items"][0]
    assert listed["memberships"] == changed


async def test_backdated_roles_hold_until_the_next_change_that_was_known(world: Any) -> None:
    for role, start in (("sales_supervisor", "2026-03-01"), ("sales_manager", "2026-05-01")):
        assert (await change(world, role, start)).status_code == 200
    answers = await asyncio.gather(
        change(world, "account_manager", "2026-02-01", capacity=600_000),
        change(world, "market_support", "2026-04-01"),
    )
    assert [one.status_code for one in answers] == [200, 200], "whichever came first"
    said = (await world.service.get(f"/v1/members/{world.members['a1']}")).json()
    assert said["role"] == "sales_manager", "the newest one stays"
    assert [(one["valid_from"], one["role"], one["capacity"]) for one in said["memberships"]] == [
        ("2026-01-01", "sales_rep", 1_000_000),
        ("2026-02-01", "account_manager", 600_000),
        ("2026-03-01", "sales_supervisor", 600_000),
        ("2026-04-01", "market_support", 600_000),
        ("2026-05-01", "sales_manager", 600_000),
    ]
    back = await change(world, "sales_rep", "2026-04-15")
    assert [one["role"] for one in back.json()["memberships"]][3:] == ["market_support", "sales_rep", "sales_manager"]
    facts = await world.service.published("targets.member.moved.v1")
    assert [one.sequence for one in facts] == [2, 3, 4, 5, 6], "each is told once, in its order"
    assert facts[-1].payload["memberships"] == back.json()["memberships"]
