"""Units of the sales organisation."""

from __future__ import annotations

from typing import Any

import pytest

from kit.ids import new_id
from services.targets.units.rules import MAX_DEPTH, UnitTooDeep, path_below


async def test_a_unit_knows_its_path_and_announces_itself(world: Any) -> None:
    unit = (await world.service.get(f"/v1/units/{world.units['team-a']}")).json()
    assert unit["path"] == [world.units[code] for code in ("company", "north", "team-a")]
    events = await world.service.published("targets.unit.changed.v1")
    assert {event.key for event in events} == {"organisation"}
    assert [event.payload["code"] for event in events] == ["company", "north", "south", "team-a", "team-b"]
    below = await world.service.get(f"/v1/units?below={world.units['north']}&sort=code")
    assert [item["code"] for item in below.json()["items"]] == ["north", "team-a"]


async def test_a_taken_code_names_the_unit_and_an_unknown_parent_is_refused(world: Any) -> None:
    taken = await world.service.post("/v1/units", {"code": "north", "name": "N", "kind": "region"})
    assert (taken.status_code, taken.json()["conflicting_id"]) == (409, world.units["north"])
    orphan = {"code": "x", "name": "X", "kind": "team", "parent_id": str(new_id())}
    answer = await world.service.post("/v1/units", orphan)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/parent_id")


async def test_renaming_needs_the_version(world: Any) -> None:
    path = f"/v1/units/{world.units['north']}"
    changed = await world.service.patch(path, {"name": "North region"}, 1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (await world.service.patch(path, {"name": "Other"}, 1)).status_code == 412
    assert (await world.service.request("PATCH", path, {"name": "Other"})).status_code == 428
    nothing = await world.service.patch(path, {}, 2)
    assert (nothing.status_code, nothing.headers["etag"], nothing.json()) == (200, '"2"', changed.json())
    assert (await world.service.patch(path, {"name": None}, 2)).status_code == 422
    assert (await world.service.patch(path, {"parent_id": world.units["south"]}, 2)).status_code == 422
    assert (await world.service.patch(f"/v1/units/{new_id()}", {"name": "x"}, 1)).status_code == 404
    last = (await world.service.published("targets.unit.changed.v1"))[-1]
    assert (last.sequence, last.payload["changed"], last.payload["name"]) == (2, ["name"], "North region")
    (audit,) = await world.service.rows("SELECT before, after FROM audit_log WHERE action = 'update'")
    assert audit["before"] != audit["after"]


def test_depth_is_bounded() -> None:
    deepest = [new_id() for _ in range(MAX_DEPTH)]
    assert path_below(deepest[:-1], deepest[-1]) == deepest
    with pytest.raises(UnitTooDeep):
        path_below(deepest, new_id())


async def test_units_are_found_by_the_day_and_targets_by_what_is_above(world: Any) -> None:
    body = {"code": "later", "name": "L", "kind": "team", "parent_id": world.units["north"], "valid_from": "2026-03-01"}
    made = (await world.service.post("/v1/units", body)).json()
    ended = await world.service.post(f"/v1/units/{made['id']}/end", {"on": "2026-03-31"})
    assert ended.status_code == 200, ended.text
    for day, found in (("2026-02-28", 0), ("2026-03-01", 1), ("2026-03-31", 1), ("2026-04-01", 0)):
        items = (await world.service.get(f"/v1/units?on={day}&below={world.units['north']}")).json()["items"]
        assert len(items) == 2 + found, day
    target = {"name": "T", "period_start": "2026-03-01", "period_end": "2026-03-31", "amount": 1, "unit_id": made["id"]}
    assert (await world.service.post("/v1/targets", target)).status_code == 201
    for code, found in (("company", 1), ("north", 1), ("south", 0)):
        items = (await world.service.get(f"/v1/targets?below_unit_id={world.units[code]}")).json()["items"]
        assert len(items) == found, code
