"""Units end, get leads and go on below another parent, on PostgreSQL."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from services.targets.credits import service as credit_lines
from services.targets.reorganisations.dues import LEADS_DUE
from tests.targets.alerts.conftest import Days

DAY, EVE = "2026-02-15", "2026-02-14"


async def post(world: Any, code: str, action: str, body: Any, **more: Any) -> Any:
    return await world.service.post(f"/v1/units/{world.units[code]}/{action}", body, **more)


async def reorganise(world: Any, unit: str = "team-a", to: str = "south", **more: Any) -> Any:
    body = {"new_parent_id": world.units[to], "code": f"{unit}-2", "from": DAY, **more}
    return await post(world, unit, "reorganise", body)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def member(world: Any, code: str) -> Any:
    return (await world.service.get(f"/v1/members/{world.members[code]}")).json()


async def test_a_team_goes_on_below_another_parent(world: Any) -> None:
    await post(world, "team-a", "lead", {"member_id": world.members["a1"], "from": "2026-01-01"})
    answer = await reorganise(world)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    (old,), (new,) = done["ended"], done["successors"]
    assert (old["id"], old["valid_to"], old["successor_id"]) == (world.units["team-a"], EVE, new["id"])
    assert new["path"] == [world.units["company"], world.units["south"], new["id"]]
    assert (new["code"], new["name"], new["kind"], new["valid_from"], new["valid_to"]) == (
        *("team-a-2", "Team-A", "team"),
        *(DAY, None),
    )
    assert old["leads"] == [{"member_id": world.members["a1"], "valid_from": "2026-01-01", "valid_to": EVE}]
    assert new["leads"] == [{"member_id": world.members["a1"], "valid_from": DAY, "valid_to": None}]
    assert (done["members"], done["plans"], done["used_by"], done["job_ids"]) == (2, [], [], [])
    for code in ("a1", "a2"):
        one = await member(world, code)
        spans = [(m["unit_id"], m["valid_from"], m["valid_to"]) for m in one["memberships"]]
        assert spans == [(world.units["team-a"], "2026-01-01", DAY), (new["id"], DAY, None)]
        rows = await world.service.rows("SELECT path FROM principal WHERE code = $1 ORDER BY valid_from", code)
        assert [[str(each) for each in row["path"]] for row in rows] == [old["path"], new["path"]]
    assert (await member(world, "b1"))["version"] == 1
    events = await world.service.published()
    said = [(one.type.split(".", 1)[1], one.payload["code"]) for one in events[-4:]]
    assert said == [
        ("unit.changed.v1", "team-a-2"),
        ("unit.changed.v1", "team-a"),
        ("member.moved.v1", "a1"),
        ("member.moved.v1", "a2"),
    ]
    assert (events[-3].payload["changed"], events[-3].payload["successor_id"]) == (
        ["lead_id", "valid_to", "successor_id"],
        new["id"],
    )
    assert refused(await reorganise(world, **{"from": "2026-03-01"})) == (409, "unit-ended")
    audited = await world.service.rows("SELECT resource FROM audit_log WHERE action = 'reorganise' ORDER BY 1")
    assert [row["resource"] for row in audited] == ["member", "member", "unit", "unit"]


async def test_all_below_goes_along_under_codes_of_its_own(world: Any) -> None:
    assert refused(await reorganise(world, "north")) == (422, "unit-codes")
    below = [{"unit_id": world.units["team-a"], "code": "team-a-2"}]
    done = (await reorganise(world, "north", below=below)).json()
    north, team = done["successors"]
    assert team["path"] == [world.units["company"], world.units["south"], north["id"], team["id"]]
    assert done["members"] == 3
    assert (await member(world, "manager-north"))["memberships"][-1]["unit_id"] == north["id"]
    again = await world.service.get(f"/v1/units?below={world.units['south']}&sort=code&fields=code")
    assert [one["code"] for one in again.json()["items"]] == ["north-2", "south", "team-a-2", "team-b"]


async def test_where_there_is_no_way_nothing_changes(world: Any) -> None:
    before = await world.service.rows("SELECT * FROM unit ORDER BY id")
    inside = [{"unit_id": world.units["team-a"], "code": "x"}]
    for code, more, problem in (
        ("team-a", {"to": "north"}, (409, "unit-already-there")),
        ("team-a", {"to": "team-a"}, (422, "parent-inside")),
        ("north", {"to": "team-a", "below": inside}, (422, "parent-inside")),
        ("team-a", {"code": "team-b"}, (409, "unit-code-taken")),
        ("team-a", {"new_parent_id": str(new_id())}, (422, "unknown-unit")),
        ("team-a", {"from": "15.2.2026"}, (422, "invalid")),
        ("team-a", {"below": inside}, (422, "unit-codes")),
    ):
        answer = await reorganise(world, code, **more)
        assert refused(answer) == problem, (code, more, answer.text)
    missing = {"new_parent_id": world.units["south"], "code": "x", "from": DAY}
    assert (await world.service.post(f"/v1/units/{new_id()}/reorganise", missing)).status_code == 404
    assert await world.service.rows("SELECT * FROM unit ORDER BY id") == before
    taken = await reorganise(world, code="team-b")
    assert taken.json()["conflicting_id"] == world.units["team-b"]
    rep = world.service.headers("a1", "sales_rep")
    assert (await post(world, "team-a", "reorganise", missing, headers=rep)).status_code == 403


async def test_credited_lines_refuse_it_or_are_corrected(world: Any) -> None:
    early, late = world.order({"a1": 1_000_000}, [100], "2026-02-01"), world.order({"a2": 1_000_000}, [7], "2026-02-20")
    await world.service.deliver(world.confirmed(early), world.confirmed(late))
    answer = await reorganise(world)
    assert (*refused(answer), answer.json()["lines"]) == (409, "affects-posted-lines", 1)
    assert (await member(world, "a1"))["version"] == 1
    done = (await reorganise(world, correction=True)).json()
    (new,) = done["successors"]
    by_unit = {each["key"]: each["actual"] for each in (await world.attainment(group_by="unit"))["items"]}
    assert by_unit == {world.units["team-a"]: 100, new["id"]: 7}
    await world.service.deliver(world.returned(early, {1: (0, 40)}, "2026-03-01"))
    by_unit = {each["key"]: each["actual"] for each in (await world.attainment(group_by="unit"))["items"]}
    assert by_unit == {world.units["team-a"]: 60, new["id"]: 7}, "a return stays where the credit was"


async def test_many_lines_are_left_to_jobs(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credit_lines, "AT_ONCE", 1)
    for code in ("a1", "a2"):
        await world.service.deliver(world.confirmed(world.order({code: 1_000_000}, [100], "2026-02-20")))
    done = (await reorganise(world, correction=True)).json()
    assert len(done["job_ids"]) == 2
    assert (await world.service.get(f"/admin/jobs/{done['job_ids'][0]}")).json()["state"] == "queued"


async def test_an_end_names_what_uses_the_unit(world: Any) -> None:
    team = world.units["team-b"]
    body = {"code": "t", "name": "T", "regions": ["CN-SH"], "valid_from": "2026-01-01", "unit_id": team}
    territory = (await world.service.post("/v1/territories", body)).json()["id"]
    body = {"name": "T", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 1, "unit_id": team}
    target = (await world.service.post("/v1/targets", body)).json()["id"]
    body = {"unit_id": team, "cadence": "daily", "local_time": "06:00"}
    schedule = (await world.service.post("/v1/report-schedules", body)).json()["id"]
    later = {"member_id": world.members["b1"], "from": "2026-05-01"}
    assert (await post(world, "team-b", "lead", later)).status_code == 200
    answer = await post(world, "team-b", "end", {"on": EVE})
    assert refused(answer) == (409, "unit-in-use")
    used = [(one["kind"], one["id"]) for one in answer.json()["used_by"]]
    assert used == [
        ("lead", world.members["b1"]),
        ("member", world.members["b1"]),
        ("report_schedule", schedule),
        ("target", target),
        ("territory", territory),
    ]
    assert refused(await post(world, "south", "end", {"on": EVE})) == (409, "unit-in-use"), "team-b is below"
    await post(world, "team-b", "lead", {"member_id": None, "from": "2026-05-01"})
    await world.service.post(f"/v1/members/{world.members['b1']}/leave", {"on": DAY})
    await world.service.post(f"/v1/report-schedules/{schedule}/archive")
    await world.service.post(f"/v1/targets/{target}/close")
    await world.service.post(f"/v1/territories/{territory}/end", {"on": EVE})
    ended = await post(world, "team-b", "end", {"on": EVE})
    assert (ended.status_code, ended.json()["valid_to"]) == (200, EVE), ended.text
    again = await post(world, "team-b", "end", {"on": EVE})
    assert again.headers["etag"] == ended.headers["etag"], "ended so already"
    assert refused(await post(world, "team-b", "end", {"on": "2026-04-01"})) == (409, "unit-ended")


async def test_nothing_begins_where_a_unit_is_not(world: Any) -> None:
    body = {"code": "new", "name": "New", "kind": "team", "parent_id": world.units["north"], "valid_from": "2026-03-01"}
    world.units["new"] = (await world.service.post("/v1/units", body)).json()["id"]
    seller = {"code": "x", "role": "sales_rep", "unit_id": world.units["new"], "valid_from": "2026-02-28"}
    assert refused(await world.service.post("/v1/members", seller)) == (422, "unit-outside")
    assert (await world.service.post("/v1/members", seller | {"valid_from": "2026-03-01"})).status_code == 201
    move = {"unit_id": world.units["new"], "from": "2026-02-01"}
    path = f"/v1/members/{world.members['a1']}/move"
    assert refused(await world.service.post(path, move)) == (422, "unit-outside")
    rows = {"rows": [seller | {"code": "y"}]}
    (row,) = (await world.service.post("/v1/members/batch", rows)).json()["results"]
    assert row["problem"]["code"] == "unit-outside"
    target = {"name": "T", "period_start": "2026-01-01", "period_end": "2026-02-28", "amount": 1}
    about = target | {"unit_id": world.units["new"]}
    assert refused(await world.service.post("/v1/targets", about)) == (422, "unit-outside")
    area = {"code": "t", "name": "T", "regions": ["CN-SH"], "valid_from": "2026-01-01", "unit_id": world.units["new"]}
    assert refused(await world.service.post("/v1/territories", area)) == (422, "unit-outside")
    below = {"code": "b", "name": "B", "kind": "team", "parent_id": world.units["new"], "valid_from": "2026-02-01"}
    assert refused(await world.service.post("/v1/units", below)) == (422, "unit-outside")
    lead = {"member_id": world.members["a1"], "from": "2026-02-01"}
    assert refused(await post(world, "new", "lead", lead)) == (422, "unit-outside")
    del below["valid_from"]
    made = await world.service.post("/v1/units", below)
    assert (made.status_code, made.json()["valid_from"]) == (201, "2026-03-01"), "as its parent"


async def test_leads_are_dated_and_each_is_said_on_its_day(world: Any, days: Days) -> None:
    days.on(date(2026, 2, 13), 9)
    who = world.members
    first = await post(world, "north", "lead", {"member_id": who["a1"], "from": "2026-01-01"})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"'), first.text
    assert refused(await post(world, "north", "lead", {"member_id": who["a1"], "from": "2026-02-01"})) == (
        409,
        "lead-held",
    )
    await post(world, "north", "lead", {"member_id": who["b1"], "from": DAY})
    assert (await post(world, "north", "lead", {"member_id": str(new_id()), "from": DAY})).status_code == 422

    async def said() -> list[Any]:
        events = await world.service.published("targets.unit.changed.v1")
        return [one.payload["lead_id"] for one in events if one.payload["code"] == "north"]

    assert await said() == [None, who["a1"], who["a1"]]
    loop = DueLoop(world.service.runtime, [LEADS_DUE])
    days.on(date(2026, 2, 14), 9)
    assert await loop.turn() == 0
    days.on(date(2026, 2, 15), 0)
    assert (await loop.turn(), await loop.turn()) == (1, 0)
    assert await said() == [None, who["a1"], who["a1"], who["b1"]]
    unit = (await world.service.get(f"/v1/units/{world.units['north']}")).json()
    assert [(one["member_id"], one["valid_from"], one["valid_to"]) for one in unit["leads"]] == [
        (who["a1"], "2026-01-01", EVE),
        (who["b1"], DAY, None),
    ]


async def test_a_manager_sees_the_units_that_they_lead_on_the_day(world: Any, days: Days) -> None:
    """Beside those that they belong to, and what each was before it went on elsewhere."""
    days.on(date(2026, 2, 20), 9)
    headers = world.service.headers("manager-north", "sales_manager")
    made = {}
    for code, unit in (("mine", "north"), ("theirs", "team-b"), ("all", "company")):
        body = {"name": code, "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 1}
        answer = await world.service.post("/v1/targets", body | {"unit_id": world.units[unit]})
        made[code] = answer.json()["id"]

    async def seen() -> set[str]:
        items = (await world.service.get("/v1/targets", headers=headers)).json()["items"]
        return {one["name"] for one in items}

    assert await seen() == {"mine"}
    await post(world, "south", "lead", {"member_id": world.members["manager-north"], "from": "2026-02-20"})
    assert await seen() == {"mine", "theirs"}
    days.on(date(2026, 2, 19), 9)
    assert await seen() == {"mine"}
    days.on(date(2026, 2, 20), 9)
    below = [{"unit_id": world.units["team-b"], "code": "team-b-2"}]
    assert (await reorganise(world, "south", "north", below=below)).status_code == 200
    await post(world, "south", "lead", {"member_id": None, "from": "2026-02-01"})
    assert await seen() == {"mine", "theirs"}, "team-b as it was, for who leads what it is now"
    body = {"name": "b1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 1}
    await world.service.post("/v1/targets", body | {"member_id": world.members["b1"]})
    assert await seen() == {"mine", "theirs", "b1"}
    rep = world.service.headers("manager-north", "sales_rep")
    assert {one["name"] for one in (await world.service.get("/v1/targets", headers=rep)).json()["items"]} == set()


async def test_an_end_in_time_to_come_keeps_the_days_until_then(world: Any) -> None:
    last = "2031-12-31"
    body = {"code": "soon", "name": "Soon", "kind": "team", "parent_id": world.units["north"]}
    world.units["soon"] = (await world.service.post("/v1/units", body)).json()["id"]
    assert (await post(world, "soon", "end", {"on": last})).status_code == 200
    moved = (await reorganise(world, "soon")).json()
    assert (moved["ended"][0]["valid_to"], moved["successors"][0]["valid_to"]) == (EVE, last)
