"""How operations on plans succeed."""

from __future__ import annotations

from uuid import uuid4

import httpx

from tests.e2e.ways import How, acted, lasting
from tests.e2e.world import World

_PATH = "/v1/plans/{plan_id}"


def active_target(world: World) -> str:
    """An active target over its months."""
    made: str = world.make("/v1/targets", lasting(world))["id"]
    world.make(f"/v1/targets/{made}/decompositions", {"dimension": "month"})
    world.make(f"/v1/targets/{made}/activate")
    return made


def plan(world: World, by: str = "admin") -> str:
    """A plan of an active target, in which it is more."""
    made = world.make("/v1/plans", {"root_id": active_target(world), "name": "What if"}, by=by)
    branch = f"/v1/targets/{made['branch_id']}"
    amount = world.get(branch)["amount"] + 100_000
    world.send("PATCH", branch, {"amount": amount}, headers=world.etag(branch), by=by).raise_for_status()
    found: str = made["id"]
    return found


def proposed_plan(world: World) -> str:
    """A plan that somebody else proposed."""
    made = plan(world, by="director")
    world.make(f"/v1/plans/{made}/propose", by="director")
    return made


def opened(world: World) -> httpx.Response:
    return world.send("POST", "/v1/plans", world.example("POST /v1/plans") | {"root_id": active_target(world)})


def promoted(world: World) -> httpx.Response:
    body = world.example(f"POST {_PATH}/promote") | {"valid_from": "2026-01-01"}
    return world.send("POST", f"/v1/plans/{plan(world)}/promote", body)


def transferred(world: World) -> httpx.Response:
    """A member who moves from one team to another takes what is left of the target along."""
    of = world.make("/v1/units", world.example("POST /v1/units") | {"parent_id": None, "code": f"of-{uuid4().hex[:8]}"})
    more = {"parent_id": of["id"], "kind": "team", "name": "Team"}
    teams = [world.make("/v1/units", more | {"code": f"t-{uuid4().hex[:8]}"})["id"] for _ in range(2)]
    seller = {"role": "sales_rep", "valid_from": "2026-01-01"}
    members = [
        world.make("/v1/members", seller | {"code": f"m-{uuid4().hex[:8]}", "unit_id": team})["id"] for team in teams
    ]
    world.make(f"/v1/members/{members[0]}/move", {"unit_id": teams[1], "from": "2026-02-15"})
    root = world.make("/v1/targets", lasting(world))["id"]
    body = {"dimension": "unit", "children": [{"unit_id": team} for team in teams]}
    for child in world.make(f"/v1/targets/{root}/decompositions", body)["children"]:
        mine = members[teams.index(child["unit_id"])]
        world.make(
            f"/v1/targets/{child['target_id']}/decompositions",
            {"dimension": "member", "children": [{"member_id": mine}]},
        )
    world.make(f"/v1/targets/{root}/activate")
    made = world.make("/v1/plans", {"root_id": root, "name": "Moved"})["id"]
    rows = world.get("/v1/targets", plan_id=made)["items"]
    moved = next(row["id"] for row in rows if row["member_id"] == members[0])
    parent = next(row["id"] for row in rows if row["unit_id"] == teams[1] and row["member_id"] is None)
    body = {"target_id": moved, "to_parent_id": parent, "from": "2026-02-15"}
    return world.send("POST", f"/v1/plans/{made}/transfers", body)


PLAN_CALLS: dict[str, How] = {
    "POST /v1/plans": opened,
    f"POST {_PATH}/propose": acted(f"{_PATH}/propose", plan),
    f"POST {_PATH}/approve": acted(f"{_PATH}/approve", proposed_plan),
    f"POST {_PATH}/drop": acted(f"{_PATH}/drop", plan),
    f"POST {_PATH}/promote": promoted,
    f"POST {_PATH}/transfers": transferred,
    f"POST {_PATH}/rebase": acted(f"{_PATH}/rebase", plan),
}
