"""Territories: made, changed, ended, found; what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.ids import new_id
from tests.targets.conftest import World
from tests.targets.territories.accounts import FROM, account, hear, resolved, territory

PATH = "/v1/territories"
NOBODY = "01989f2e-0000-7000-8000-00000000ffff"


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"member_id": None}, "territory-invalid", "/member_id"),
        ({"regions": []}, "territory-invalid", "/regions"),
        ({"valid_to": "2025-12-31"}, "territory-invalid", "/valid_to"),
        ({"regions": ["CN-SH", "CN-ZZ"]}, "unknown-reference", "/regions/1"),
        ({"regions": ["XX"]}, "unknown-reference", "/regions/0"),
        ({"regions": ["cn-sh"]}, "invalid", "/regions/0"),
        ({"regions": ["CN\u0000"]}, "invalid", "/regions/0"),
        ({"industries": ["gbt4754:98"]}, "unknown-reference", "/industries/0"),
        ({"industries": ["naics:51"]}, "invalid", "/industries/0"),
        ({"account_ids": [NOBODY]}, "unknown-reference", "/account_ids/0"),
        ({"account_ids": ["x"]}, "invalid", "/account_ids/0"),
        ({"member_id": NOBODY}, "unknown-member", "/member_id"),
        ({"member_id": None, "unit_id": NOBODY}, "unknown-unit", "/unit_id"),
        ({"valid_from": "0001-01-01"}, "invalid", "/valid_from"),
        ({"valid_from": 20260101}, "invalid", "/valid_from"),
    ],
)
async def test_what_there_cannot_be(world: World, change: dict[str, Any], code: str, pointer: str) -> None:
    body = {"code": "t", "name": "T", "member_id": world.members["a1"], "regions": ["CN-SH"], "valid_from": FROM}
    answer = await world.service.post(PATH, {**body, **change})
    problem = answer.json()
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    if code != "invalid":
        assert problem["code"] == code
    if code == "unknown-reference":
        assert problem.get("retryable", False) == (pointer == "/account_ids/0")


async def test_lists_are_kept_once_and_in_order(world: World) -> None:
    ids = await hear(world, account("CN-SH"), account("CN-BJ"))
    made = await territory(
        world,
        "east",
        regions=["CN-ZJ", "CN-SH", "CN-ZJ"],
        industries=["gbt4754:F", "gbt4754:51", "gbt4754:F"],
        account_ids=[ids[1], ids[0], ids[1]],
    )
    assert made["regions"] == ["CN-SH", "CN-ZJ"]
    assert made["industries"] == ["gbt4754:51", "gbt4754:F"]
    assert made["account_ids"] == sorted(ids)
    assert "branches" not in made
    (said,) = await world.service.published("targets.territory.changed.v1")
    assert (said.key, said.payload["regions"], said.payload["changed"]) == ("organisation", ["CN-SH", "CN-ZJ"], [])
    assert "name" not in said.payload, "no text that somebody typed"


async def test_a_change_holds_at_once_and_is_judged_as_a_whole(world: World) -> None:
    service = world.service
    (shop,) = await hear(world, account("CN-BJ", "5172"))
    one = await territory(world, "east", regions=["CN-SH"], industries=["gbt4754:51"])
    path = f"{PATH}/{one['id']}"
    assert (await resolved(world, shop))["territory"] is None
    given = {"regions": ["CN-BJ"], "member_id": None, "unit_id": world.units["team-b"]}
    changed = await service.patch(path, given, 1)
    assert changed.status_code == 200, changed.text
    found = (await resolved(world, shop))["territory"]
    assert (found["unit_id"], found["reason"]) == (world.units["team-b"], "region_and_industry")
    wider = await service.patch(path, {"industries": ["gbt4754:F"], "regions": []}, 2)
    assert wider.status_code == 200, wider.text
    assert (await resolved(world, shop))["territory"]["reason"] == "industry"
    wrong: list[dict[str, Any]] = [{"industries": []}, {"member_id": world.members["a1"]}, {"valid_to": "2025-01-01"}]
    for each in wrong:
        answer = await service.patch(path, each, 3)
        assert (answer.status_code, answer.json()["code"]) == (422, "territory-invalid")
    same = await service.patch(path, {"industries": ["gbt4754:F", "gbt4754:F"]}, 3)
    assert (same.status_code, same.json()["version"]) == (200, 3), "nothing differs"
    said = await service.published("targets.territory.changed.v1")
    told = [set(event.payload["changed"]) for event in said]
    assert told == [set(), {"regions", "member_id", "unit_id"}, {"industries", "regions"}]


async def test_an_end_moves_back_only(world: World) -> None:
    one = await territory(world, "east", regions=["CN-SH"])
    path = f"{PATH}/{one['id']}/end"
    early = await world.service.post(path, {"on": "2025-12-31"})
    assert (early.status_code, early.json()["code"]) == (409, "territory-not-begun")
    for day in ("2026-06-30", "2026-06-30", "2026-03-31"):
        assert (await world.service.post(path, {"on": day})).json()["valid_to"] == day
    late = await world.service.post(path, {"on": "2026-04-01"})
    assert (late.status_code, late.json()["code"]) == (409, "territory-ended")
    assert len(await world.service.published("targets.territory.changed.v1")) == 3, "the same day twice is one change"
    again = await world.service.patch(f"{PATH}/{one['id']}", {"valid_to": None}, 3)
    assert (again.status_code, again.json()["valid_to"]) == (200, None), "a change may open it again"


async def test_of_two_at_once_one_is_made_and_one_change_wins(world: World) -> None:
    body = {"code": "t", "name": "T", "member_id": world.members["a1"], "regions": ["CN-SH"], "valid_from": FROM}
    made = await asyncio.gather(*(world.service.post(PATH, body) for _ in range(3)))
    assert sorted(answer.status_code for answer in made) == [201, 409, 409]
    path = next(answer.headers["Location"] for answer in made if answer.status_code == 201)
    answers = await asyncio.gather(*(world.service.patch(path, {"name": f"T {n}"}, 1) for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    ends = [world.service.post(f"{path}/end", {"on": f"2026-0{n}-01"}) for n in (3, 4)]
    assert {answer.status_code for answer in await asyncio.gather(*ends)} <= {200, 409}
    assert (await world.service.get(path)).json()["valid_to"] == "2026-03-01"


async def test_of_two_ends_at_once_the_earlier_one_stands(world: World) -> None:
    """Whichever comes first: an end moves back, and the later day is refused behind the earlier one."""
    for number in range(6):
        made = await territory(world, f"t-{number}", regions=["CN-SH"])
        days = ("2026-03-31", "2026-06-30") if number % 2 else ("2026-06-30", "2026-03-31")
        path = f"{PATH}/{made['id']}/end"
        before = len(await world.service.published("targets.territory.changed.v1"))
        answers = await asyncio.gather(*(world.service.post(path, {"on": day}) for day in days))
        earlier, later = sorted(zip(days, answers, strict=True))
        assert earlier[1].status_code == 200
        assert later[1].status_code == 200 or later[1].json()["code"] == "territory-ended"
        stands = (await world.service.get(f"{PATH}/{made['id']}")).json()
        said = (await world.service.published("targets.territory.changed.v1"))[before:]
        assert stands["valid_to"] == "2026-03-31"
        assert stands["version"] == 1 + len(said) == 1 + sum(one.status_code == 200 for one in answers)
        assert said[-1].payload["valid_to"] == "2026-03-31"
    same = await asyncio.gather(*(world.service.post(path, {"on": "2026-03-31"}) for _ in range(3)))
    assert {one.status_code for one in same} == {200}, "what is so already is no change"
    assert (await world.service.get(f"{PATH}/{made['id']}")).json()["version"] == stands["version"]


async def test_lists_find_by_what_is_held_and_whose(world: World) -> None:
    (shop,) = await hear(world, account("CN-SH"))
    await territory(world, "a", regions=["CN-SH"], valid_to="2026-06-30")
    await territory(world, "b", industries=["isic:47"], unit_id=world.units["team-a"], valid_from="2026-07-01")
    await territory(world, "c", account_ids=[shop], unit_id=world.units["team-b"])
    for query, expected in (
        ("region=CN-SH", "a"),
        ("region=CN", ""),
        ("industry=isic:47", "b"),
        (f"account_id={shop}", "c"),
        ("on=2026-06-30", "ac"),
        ("on=2026-07-01", "bc"),
        (f"below_unit_id={world.units['north']}", "b"),
        (f"below_unit_id={world.units['company']}", "bc"),
        (f"member_id={world.members['a1']}", "a"),
        (f"unit_id={new_id()}", ""),
        ("q=C", "c"),
    ):
        items = (await world.service.get(f"{PATH}?{query}")).json()["items"]
        assert "".join(item["code"] for item in items) == expected, query


async def test_only_directors_write(world: World) -> None:
    one = await territory(world, "east", regions=["CN-SH"])
    for role in ("sales_rep", "sales_manager", "auditor"):
        headers = world.service.headers("a1", role)
        assert (await world.service.get(f"{PATH}/{one['id']}", headers=headers)).status_code == 200
        answer = await world.service.post(f"{PATH}/{one['id']}/end", {"on": "2026-03-01"}, headers=headers)
        assert answer.status_code == 403
