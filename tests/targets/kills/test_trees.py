"""What changes a tree and is killed at one statement after the other happens whole, once, or not at all."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.customer.kills.lives import Lives
from tests.targets.adjustments.test_router import act as act_on
from tests.targets.adjustments.test_router import approved, measures
from tests.targets.conftest import World
from tests.targets.plans.test_promoting import JULY, amounts
from tests.targets.plans.test_reorganising import teams
from tests.targets.plans.test_service import MILLION, UNEQUAL, edit, open_plan, year

SEEN = """
SELECT (SELECT string_agg(t::text, ' ' ORDER BY t.id) FROM target t) AS targets,
       (SELECT string_agg(v::text, ' ' ORDER BY v.target_id, v.number) FROM target_version v) AS versions,
       (SELECT string_agg(d::text, ' ' ORDER BY d.id) FROM decomposition d) AS splits,
       (SELECT string_agg(p::text, ' ' ORDER BY p.id) FROM target_plan p) AS plans,
       (SELECT string_agg(a::text, ' ' ORDER BY a.id) FROM adjustment a) AS adjustments,
       (SELECT string_agg(u::text, ' ' ORDER BY u.id) FROM unit u) AS units,
       (SELECT string_agg(s::text, ' ' ORDER BY s.member_id, s.valid_from) FROM membership s) AS memberships,
       (SELECT count(*) FROM target_judging WHERE due_at IS NOT NULL) AS due,
       (SELECT count(*) FROM outbox) AS said, (SELECT count(*) FROM audit_log) AS audited,
       (SELECT count(*) FROM idempotency_key) AS kept
"""


async def seen(world: World) -> tuple[Any, ...]:
    """All that a change of a tree writes."""
    (row,) = await world.service.rows(SEEN)
    return tuple(row.values())


async def until_it_comes_through(world: World, lives: Lives, path: str, body: dict[str, Any] | None) -> httpx.Response:
    """The answer of the first of these requests that is not killed; each lives a statement longer, and each leaves
    either nothing or all."""
    headers = world.service.headers(Idempotency_Key=uuid4().hex)
    before, dead, changes = await seen(world), 0, 0
    while True:
        with lives.life(1 + dead) as life:
            answer = await world.service.post(path, body, headers=headers)
        if not life.is_over:
            break
        assert answer.status_code == 503, answer.text
        after = await seen(world)
        assert await world.service.rows(UNEQUAL) == []
        before, changes, dead = after, changes + (after != before), dead + 1
    assert dead > 8
    assert changes == 1, "the last of them was killed after its commit"
    assert answer.status_code < 300, answer.text
    assert answer.headers["Idempotency-Replayed"] == "true"
    return answer


async def raised(world: World, root: str) -> dict[str, Any]:
    plan = await open_plan(world, root)
    assert (await edit(world, plan["branch_id"], amount=13_200_000)).status_code == 200
    return plan


async def told(world: World) -> dict[str, int]:
    """How often a promotion was told of."""
    kinds = ("targets.plan.promoted.v1", "targets.target.adjusted.v1")
    return {kind.split(".")[1]: len(await world.service.published(kind)) for kind in kinds}


async def test_a_promotion(world: World, lives: Lives) -> None:
    made = await year(world)
    plan = await raised(world, made["id"])
    path = f"/v1/plans/{plan['id']}/promote"
    answer = await until_it_comes_through(world, lives, path, {**JULY, "carry": "none"})
    assert answer.json()["state"] == "promoted"
    assert await amounts(world, made) == [MILLION] * 6 + [1_200_000] * 6
    assert await told(world) == {"plan": 1, "target": 7}
    versions = (await world.service.get(f"/v1/targets/{made['id']}/versions")).json()["items"]
    assert [one["number"] for one in versions] == [1, 2]


async def test_an_adjustment_that_promotes_its_plan(world: World, lives: Lives) -> None:
    made = await year(world)
    plan = await raised(world, made["id"])
    one = await approved(world, made["id"], plan_id=plan["id"], measures=measures(world, ("hire", "2126-03-01")))
    assert (await act_on(world, one, "start")).status_code == 200
    assert (await act_on(world, one, "measures/hire/complete")).status_code == 200
    path = f"/v1/adjustments/{one['id']}/execute"
    answer = await until_it_comes_through(world, lives, path, {"valid_from": "2026-07-01"})
    assert answer.json()["state"] == "executed"
    assert (await world.service.get(f"/v1/plans/{plan['id']}")).json()["state"] == "promoted"
    assert await amounts(world, made) == [MILLION] * 6 + [1_200_000] * 6
    assert await told(world) == {"plan": 1, "target": 7}
    assert len(await world.service.published("targets.adjustment.executed.v1")) == 1


async def test_a_cascade(world: World, lives: Lives) -> None:
    body = {"name": "Year", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 12 * MILLION}
    root = (await world.service.post("/v1/targets", body)).json()["id"]
    levels = {"levels": [{"dimension": "quarter"}, {"dimension": "month"}]}
    answer = await until_it_comes_through(world, lives, f"/v1/targets/{root}/cascades", levels)
    assert answer.status_code in (200, 201)
    rows = await world.service.rows("SELECT count(*) AS n FROM target WHERE root_id = $1", root)
    assert rows[0]["n"] == 17, "the root, its quarters and their months, once"


async def test_a_reorganisation_with_its_plan(world: World, lives: Lives) -> None:
    await teams(world)
    body = {"new_parent_id": world.units["south"], "code": "team-a-2", "from": "2026-02-15", "with_plan": True}
    answer = await until_it_comes_through(world, lives, f"/v1/units/{world.units['team-a']}/reorganise", body)
    assert (answer.json()["members"], len(answer.json()["plans"])) == (2, 1)
    rows = await world.service.rows("SELECT count(*) AS n FROM unit WHERE code = 'team-a-2'")
    assert rows[0]["n"] == 1
