"""Who has left leads no unit, answers for no territory and has no target from then on; what was before stays."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.targets.alerts.conftest import Days, days
from tests.targets.conftest import World

__all__ = ["days"]

Q1, Q2 = ("2026-01-01", "2026-03-31"), ("2026-04-01", "2026-06-30")
TERRITORY = {"code": "t", "name": "T", "regions": ["CN-SH"]}


@pytest.fixture
async def left(world: World, days: Days) -> World:
    """a1 left with the first quarter; it is the middle of the second."""
    days.on(date(2026, 5, 15))
    answer = await world.service.post(f"/v1/members/{world.members['a1']}/leave", {"on": Q2[0]})
    assert answer.status_code == 200, answer.text
    return world


def refused(answer: Any, pointer: str) -> bool:
    body = answer.json()
    pointers = [one["pointer"] for one in body.get("errors", ())]
    return (answer.status_code, body.get("code"), pointers) == (422, "owner-left", [pointer])


async def lead(world: World, code: str, start: str, unit: str = "team-a") -> Any:
    body = {"member_id": world.members[code] if code else None, "from": start}
    return await world.service.post(f"/v1/units/{world.units[unit]}/lead", body)


async def test_they_lead_no_unit_but_on_days_on_which_they_were_there(left: World) -> None:
    for start in ("2026-02-01", Q2[0], "2026-05-15", "2026-08-01"):
        assert refused(await lead(left, "a1", start), "/member_id"), start
    assert (await lead(left, "a2", "2026-03-01")).status_code == 200
    assert refused(await lead(left, "a1", "2026-05-01"), "/member_id"), "nobody follows"
    corrected = await lead(left, "a1", "2026-02-01")
    assert corrected.status_code == 200, "another one follows in March"


async def test_a_unit_is_led_up_to_a_leave_that_is_to_come(world: World, days: Days) -> None:
    days.on(date(2026, 2, 15))
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/leave", {"on": Q2[0]})).status_code == 200
    assert (await lead(world, "a1", "2026-02-20")).status_code == 200, "they are there"
    assert refused(await lead(world, "a1", Q2[0], "north"), "/member_id"), "they are not there any more"


async def test_they_answer_for_no_territory(left: World) -> None:
    body = {**TERRITORY, "member_id": left.members["a1"], "valid_from": Q1[0]}
    assert refused(await left.service.post("/v1/territories", body), "/member_id")
    past = await left.service.post("/v1/territories", {**body, "valid_to": Q1[1]})
    assert past.status_code == 201, past.text
    theirs = await left.service.post("/v1/territories", {**body, "code": "u", "member_id": left.members["a2"]})
    path = f"/v1/territories/{theirs.json()['id']}"
    assert refused(await left.service.patch(path, {"member_id": left.members["a1"]}, 1), "/member_id")
    async with left.service.transaction() as tx:
        await tx.execute("UPDATE territory SET member_id = $1 WHERE code = 'u'", left.members["a1"])
    kept = await left.service.patch(path, {"name": "New", "member_id": left.members["a1"]}, 1)
    assert kept.status_code == 200, kept.text


async def test_they_have_no_target_of_days_after(left: World) -> None:
    gone, here = left.members["a1"], left.members["a2"]
    for number, ((first, last), is_there) in enumerate(((Q1, True), (Q2, False), ((Q1[0], Q2[1]), True))):
        body = {"name": "T", "amount": 1000, "period_start": first, "period_end": last}
        answer = await left.service.post("/v1/targets", {**body, "member_id": gone})
        assert answer.status_code == 201 if is_there else refused(answer, "/member_id"), answer.text
        row = {**body, "member_id": gone, "external_id": f"T-{number}"}
        (result,) = (await left.service.post("/v1/targets/batch", {"rows": [row]})).json()["results"]
        assert (result["status"], (result["problem"] or {}).get("code")) == (
            ("created", None) if is_there else ("problem", "owner-left")
        )
        whole = (await left.service.post("/v1/targets", body)).json()["id"]
        children = {"dimension": "member", "children": [{"member_id": here}, {"member_id": gone}]}
        split = await left.service.post(f"/v1/targets/{whole}/decompositions", children)
        if is_there:
            assert split.status_code == 201, split.text
            continue
        assert (split.status_code, split.json()["code"]) == (422, "children-invalid"), split.text
        (error,) = split.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/children/1/member_id", "owner-left")


async def test_a_cascade_by_quarters_gives_them_those_in_which_they_were_there(left: World) -> None:
    year = {"name": "2026", "amount": 1000, "period_start": "2026-01-01", "period_end": "2026-12-31"}
    root = (await left.service.post("/v1/targets", year)).json()["id"]
    children = [{"member_id": left.members[code]} for code in ("a1", "b1")]
    levels = [{"dimension": "quarter"}, {"dimension": "member", "children": children}]
    answer = await left.service.post(f"/v1/targets/{root}/cascades", {"levels": levels})
    assert answer.status_code == 201, answer.text
    rows = await left.service.rows("SELECT member_id, period_start FROM target WHERE member_id IS NOT NULL")
    quarters = {str(row["period_start"]) for row in rows if str(row["member_id"]) == left.members["a1"]}
    assert quarters == {Q1[0]}
    assert len(rows) == 5
