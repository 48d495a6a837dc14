"""Points of a filled system, and how operations on them succeed."""

from __future__ import annotations

from uuid import uuid4

import httpx

from tests.e2e.ways import How, account, acted, changed, filled
from tests.e2e.world import World

PROGRAMME = "/v1/points-programmes"
ONE = PROGRAMME + "/{points_programme_id}"
MEMBER = "/v1/points-accounts/{points_account_id}"
ADJUSTMENT = "/v1/points-adjustments/{points_adjustment_id}"
DRAW = "/v1/points-draws"
ONE_DRAW = DRAW + "/{points_draw_id}"


def programme_example(world: World, **changes: object) -> httpx.Response:
    code = f"C-{uuid4().hex[:12]}"
    body = world.example(f"POST {PROGRAMME}") | {"code": code, "name": code, **changes}
    return world.send("POST", PROGRAMME, body)


def programme(world: World, **changes: object) -> str:
    made: str = programme_example(world, **changes).raise_for_status().json()["id"]
    return made


def join_example(world: World, **changes: object) -> httpx.Response:
    """The example, with an account of its own."""
    of = account(world)
    world.until(lambda: world.query("channels", (f"SELECT FROM account_fact WHERE id = '{of}'",)))
    return world.send("POST", f"{filled(ONE, programme(world, **changes))}/join", {"account_id": of})


def member(world: World) -> str:
    made: str = join_example(world).raise_for_status().json()["id"]
    return made


def asked(world: World) -> str:
    """An adjustment that the administrator may decide."""
    body = world.example(f"POST {MEMBER}/adjust")
    made: str = world.make(f"{filled(MEMBER, member(world))}/adjust", body, by="channel-manager")["id"]
    return made


def draw_example(world: World, **changes: object) -> httpx.Response:
    code = f"D-{uuid4().hex[:12]}"
    body = world.example(f"POST {DRAW}") | {"code": code, "name": code, **changes}
    return world.send("POST", DRAW, body, by="channel-manager")


def draft(world: World) -> str:
    """A draw that the administrator may open."""
    made: str = draw_example(world).raise_for_status().json()["id"]
    return made


def opened(world: World) -> str:
    made = draft(world)
    world.make(f"{DRAW}/{made}/open")
    return made


def ticket_example(world: World) -> httpx.Response:
    """The example, of a member that has points."""
    of: str = join_example(world, lock_days=0).raise_for_status().json()["id"]
    found = world.get(f"/v1/points-accounts/{of}")
    asked = world.make(f"/v1/points-accounts/{of}/adjust", {"points": 50, "reason": "Drawn"}, by="channel-manager")
    world.make(f"/v1/points-adjustments/{asked['id']}/approve")
    draw: str = draw_example(world, points_programme_id=found["programme_id"]).raise_for_status().json()["id"]
    world.make(f"{DRAW}/{draw}/open")
    return world.send("POST", f"{DRAW}/{draw}/draw", {"points_account_id": of})


POINTS_CALLS: dict[str, How] = {
    f"POST {DRAW}": draw_example,
    f"PUT {ONE_DRAW}": changed("PUT", ONE_DRAW, draft),
    f"POST {ONE_DRAW}/open": acted(f"{ONE_DRAW}/open", draft),
    f"POST {ONE_DRAW}/close": acted(f"{ONE_DRAW}/close", opened),
    f"POST {ONE_DRAW}/draw": ticket_example,
    f"POST {PROGRAMME}": programme_example,
    f"PATCH {ONE}": changed("PATCH", ONE, programme),
    f"POST {ONE}/join": join_example,
    f"POST {MEMBER}/adjust": acted(f"{MEMBER}/adjust", member),
    f"POST {ADJUSTMENT}/approve": acted(f"{ADJUSTMENT}/approve", asked),
    f"POST {ADJUSTMENT}/reject": acted(f"{ADJUSTMENT}/reject", asked),
}
