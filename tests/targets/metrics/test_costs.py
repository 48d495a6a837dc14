"""Figures of margins are for who may know costs, in whatever answer they stand."""

from __future__ import annotations

from typing import Any

from kit.ids import new_id
from tests.targets.attainment.test_metrics import sell, set_target
from tests.targets.conftest import World

PERIOD: dict[str, Any] = {"period_start": "2026-01-01", "period_end": "2026-12-31"}


async def read(world: World, path: str, **headers: str) -> Any:
    answer = await world.service.get(path, headers=headers or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def of_both(world: World, path: str) -> tuple[Any, Any]:
    """What the director reads, and what the seller does."""
    return await read(world, path), await read(world, path, **world.service.headers("a1", "sales_rep"))


async def test_what_a_closed_margin_came_to(world: World) -> None:
    await sell(world, [(600, 200)])
    mine: dict[str, Any] = {"member_id": world.members["a1"], **PERIOD}
    for metric, value in (("gross_margin", 120), ("revenue", 360)):
        target = await set_target(world, metric, 1_000, **mine)
        assert (await world.service.post(f"/v1/targets/{target['id']}/close")).json()["closed_value"] == value
        seen, hidden = await of_both(world, f"/v1/targets/{target['id']}")
        assert (seen["closed_value"], hidden["closed_value"]) == (value, value if metric == "revenue" else None)
        assert {**seen, "closed_value": None} == {**hidden, "closed_value": None}
        seen, hidden = await of_both(world, f"/v1/targets?metric={metric}")
        assert [one["closed_value"] for one in seen["items"]] == [value]
        assert [one["closed_value"] for one in hidden["items"]] == ([value] if metric == "revenue" else [None])
        seen, hidden = await of_both(world, f"/v1/targets?closed_value={value}")
        assert (len(seen["items"]), len(hidden["items"])) == (1, 1 if metric == "revenue" else 0)


async def test_what_a_split_by_margins_rests_on(world: World) -> None:
    """Also of a target of revenue, where margins say how it is shared."""
    await sell(world, [(600, 200)])
    period: dict[str, Any] = {"period_start": "2027-01-01", "period_end": "2027-12-31"}
    children = [{"key": "2027-H1"}, {"key": "2027-H2"}]
    driver = {"kind": "historical_share", "params": {"metric": "gross_margin"}}
    for metric, drivers, shows in (
        ("gross_margin", {"kind": "historical_share"}, False),
        ("revenue", driver, False),
        ("revenue", {"kind": "historical_share"}, True),
    ):
        target = await set_target(world, metric, 1_000, live=False, member_id=world.members["a1"], **period)
        split = {"dimension": "half_year", "children": children, "drivers": [drivers]}
        made = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
        assert made.status_code == 201, made.text
        known = [child["driver_values"] for child in made.json()["children"]]
        assert known[0][0] > 0
        seen, hidden = await of_both(world, f"/v1/targets/{target['id']}/decompositions/{made.json()['id']}")
        assert [child["driver_values"] for child in seen["children"]] == known
        told = [known] if shows else [[None, None]]
        assert [child["driver_values"] for child in hidden["children"]] == told[0]
        _, rows = await of_both(world, f"/v1/targets?decomposition_id={made.json()['id']}&sort=name")
        assert [row["driver_values"] for row in rows["items"]] == told[0]
        _, row = await of_both(world, f"/v1/targets/{rows['items'][0]['id']}")
        assert row["driver_values"] == told[0][0]


async def test_how_far_behind_a_margin_is(world: World) -> None:
    await sell(world, [(600, 200)])
    for metric, shows in (("gross_margin", False), ("revenue", True)):
        target = await set_target(world, metric, 1_000, member_id=world.members["a1"], **PERIOD)
        found = {"figure": 120_000, "pace": 130_000, "p_hit": 50_000}
        async with world.service.transaction() as tx:
            await tx.execute(
                "INSERT INTO target_alert (id, version, created_at, updated_at, target_id, root_id, state, level, "
                "previous, measure, figure, threshold, policy_version, raised_on, changed_on) VALUES "
                "($1, 1, now(), now(), $2, $2, 'open', 'red', 'green', 'pace', 120000, 850000, 1, '2026-03-01', "
                "'2026-03-01')",
                new_id(),
                target["id"],
            )
            await tx.execute("UPDATE target_judging SET pace = 130000, p_hit = 50000 WHERE id = $1", target["id"])
        seen, hidden = await of_both(world, f"/v1/alerts?target_id={target['id']}")
        assert {name: seen["items"][0][name] for name in found} == found
        expected = found if shows else dict.fromkeys(found)
        assert {name: hidden["items"][0][name] for name in found} == expected
        one = await read(world, f"/v1/alerts/{seen['items'][0]['id']}", **world.service.headers("a1", "sales_rep"))
        assert {name: one[name] for name in found} == expected
        _, none = await of_both(world, f"/v1/alerts?target_id={target['id']}&figure=120000")
        assert len(none["items"]) == (1 if shows else 0)


async def test_what_checks_of_a_margin_rest_on(world: World) -> None:
    await sell(world, [(600, 200)])
    target = await set_target(world, "gross_margin", 1_000, live=False, member_id=world.members["a1"], **PERIOD)
    assert (await world.service.post(f"/v1/targets/{target['id']}/checks")).status_code == 201
    seen, hidden = await of_both(world, f"/v1/targets/{target['id']}/checks")
    (seen,), (hidden,) = seen["items"], hidden["items"]
    assert [one["verdict"] for one in seen["findings"]] == [one["verdict"] for one in hidden["findings"]]
    assert any(one["evidence"] for one in seen["findings"])
    assert not any(one["evidence"] or one["fix_amount"] or one["lack"] for one in hidden["findings"])


async def test_what_an_adjustment_of_a_margin_brought(world: World) -> None:
    for metric, status in (("gross_margin", 403), ("revenue", 200)):
        target = await set_target(world, metric, 1_000, member_id=world.members["a1"], **PERIOD)
        body = {"target_id": target["id"], "reason": "More visits", "strategy": "tactic", "trigger": "manual"}
        made = await world.service.post("/v1/adjustments", body)
        assert made.status_code == 201, made.text
        path = f"/v1/adjustments/{made.json()['id']}"
        assert (await world.service.get(f"{path}/effect")).status_code == 200
        rep = world.service.headers("a1", "sales_rep")
        assert (await world.service.get(f"{path}/effect", headers=rep)).status_code == status
        assert (await read(world, path, **rep))["effect"] is None
