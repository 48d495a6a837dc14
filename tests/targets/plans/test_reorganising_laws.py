"""Teams that go elsewhere out of trees of any shape: every decomposition sums, what both sides have in common stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.targets.plans.test_reorganising import allow_over
from tests.targets.plans.test_service import UNEQUAL, act

LEVELS = st.sampled_from(
    [
        ("region", "team", "member"),
        ("month", "region", "team", "member"),
        ("region", "month", "team", "member"),
        ("quarter", "team", "member"),
        ("region", "member"),
        ("region", "quarter", "member"),
        ("team",),
        ("region", "team", "month"),
        ("member",),
    ]
)
DAYS = st.sampled_from(["2026-01-02", "2026-02-15", "2026-04-01", "2026-05-20", "2026-06-30"])
AMOUNTS = st.integers(-5_000_003, 5_000_003)


class Firm:
    """A company of two regions with a team each, of its own in each example."""

    def __init__(self, world: Any) -> None:
        self.world, self.mark = world, uuid4().hex[:8]
        self.units: dict[str, str] = {}
        self.members: dict[str, list[str]] = {"a": [], "b": []}

    async def found(self) -> None:
        """Make it."""
        above = {"firm": None, "north": "firm", "south": "firm", "a": "north", "b": "south"}
        for code, parent in above.items():
            body = {
                "code": f"{code}-{self.mark}",
                "name": code,
                "kind": "team",
                "parent_id": self.units.get(parent or ""),
            }
            self.units[code] = (await self.world.service.post("/v1/units", body)).json()["id"]
        for team, count in (("a", 2), ("b", 1)):
            for number in range(count):
                body = {"code": f"{team}{number}-{self.mark}", "role": "sales_rep", "unit_id": self.units[team]}
                made = await self.world.service.post("/v1/members", body | {"valid_from": "2026-01-01"})
                self.members[team].append(made.json()["id"])

    def children(self, level: str, side: str) -> list[dict[str, str]]:
        """The children of a level, on one side or (``) on both."""
        teams = {"north": "a", "south": "b"}
        if level == "region":
            return [{"unit_id": self.units[code]} for code in teams]
        inside = [team for region, team in teams.items() if side in ("", region)]
        if level == "team":
            return [{"unit_id": self.units[team]} for team in inside]
        return [{"member_id": member} for team in inside for member in self.members[team]]

    async def split(self, target: str, levels: Sequence[str], side: str, over: int) -> None:
        """Split a target level by level."""
        if not levels:
            return
        level, *rest = levels
        by_time = level in ("month", "quarter")
        dimension = level if by_time or level == "member" else "unit"
        body: dict[str, Any] = {"dimension": dimension, "over_assignment": 0 if by_time else over}
        if not by_time:
            body["children"] = self.children(level, side)
        answer = await self.world.service.post(f"/v1/targets/{target}/decompositions", body)
        assert answer.status_code == 201, answer.text
        sides = {self.units[code]: where for code, where in (("north", "north"), ("south", "south"), ("a", "north"))}
        sides[self.units["b"]] = "south"
        for child in answer.json()["children"]:
            if not child["is_balancing"]:
                await self.split(child["target_id"], rest, sides.get(child["unit_id"], side), over)


@settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(levels=LEVELS, day=DAYS, amount=AMOUNTS, over=st.sampled_from([0, 70_001]))
async def test_every_tree_sums_and_what_is_common_stays(
    world: Any, levels: tuple[str, ...], day: str, amount: int, over: int
) -> None:
    service = world.service
    await allow_over(world)
    firm = Firm(world)
    await firm.found()
    body = {"name": "H1", "period_start": "2026-01-01", "period_end": "2026-06-30", "amount": amount}
    body |= {"unit_id": firm.units["firm"]}
    root = (await service.post("/v1/targets", body)).json()["id"]
    await firm.split(root, levels, "", over)
    assert (await service.post(f"/v1/targets/{root}/activate")).status_code == 200
    body = {"new_parent_id": firm.units["south"], "code": f"n-{firm.mark}", "from": day, "with_plan": True}
    answer = await service.post(f"/v1/units/{firm.units['a']}/reorganise", body)
    assert answer.status_code == 200, answer.text
    assert await service.rows(UNEQUAL) == []
    plans = answer.json()["plans"]
    assert len(plans) == (levels != ("member",))
    for plan in plans:
        assert bool(plan["kept"]) == (levels[-1] == "month"), plan
        assert (plan["transferred"] > 0) == (levels[-1] != "month"), plan
        common = "SELECT child_key, amount FROM target WHERE plan_id = $1 AND (unit_id = $2) AND NOT is_balancing"
        rows = await service.rows(f"{common} AND amount <> base_amount", plan["plan_id"], firm.units["firm"])
        assert rows == [], "what both sides have in common"
        promoted = await act(world, {"id": plan["plan_id"]}, "promote", {"valid_from": day, "reason": "x"})
        assert promoted.status_code == (409 if plan["kept"] else 200), promoted.text
        assert await service.rows(UNEQUAL) == []
