"""Who answers for an account: by name, region, industry; on a day; after merges; in whose sight."""

from __future__ import annotations

import pytest

from kit.ids import new_id
from tests.targets.conftest import World
from tests.targets.territories.accounts import account, hear, merge, resolved, territory


def codes(answer: dict) -> list[str]:  # type: ignore[type-arg]
    first = [answer["territory"]["code"]] if answer["territory"] else []
    return [*first, *(one["code"] for one in answer["others"])]


async def test_the_order_of_reasons(world: World) -> None:
    shop, bare = await hear(world, account("CN-SH", "5172"), account(None, country=None))
    await territory(world, "industry", industries=["gbt4754:F"], valid_from="2020-01-01")
    await territory(world, "region", regions=["CN"], valid_from="2021-01-01")
    await territory(world, "both", regions=["CN-SH"], industries=["gbt4754:517"], valid_from="2022-01-01")
    await territory(world, "named", unit_id=world.units["team-a"], account_ids=[shop])
    await territory(world, "elsewhere", regions=["CN-BJ"], industries=["gbt4754:F"])
    answer = await resolved(world, shop)
    assert codes(answer) == ["named", "both", "region", "industry"]
    assert (answer["decided_by"], answer["others_total"]) == ("reason", 3)
    assert (answer["region"], answer["industry"]) == ("CN-SH", "gbt4754:5172")
    reasons = [one["reason"] for one in (answer["territory"], *answer["others"])]
    assert reasons == ["named_account", "region_and_industry", "region", "industry"]
    assert (answer["territory"]["unit_id"], answer["territory"]["member_id"]) == (world.units["team-a"], None)
    nobody = await resolved(world, bare)
    assert (nobody["territory"], nobody["decided_by"], nobody["others"]) == (None, None, [])


async def test_then_the_earlier_day_then_the_code(world: World) -> None:
    (shop,) = await hear(world, account("CN-SH"))
    for code, start in (("b", "2026-02-01"), ("Z", "2026-02-01"), ("a", "2026-02-02")):
        await territory(world, code, regions=["CN-SH"], valid_from=start)
    answer = await resolved(world, shop)
    assert (codes(answer), answer["decided_by"]) == (["Z", "b", "a"], "code")
    await territory(world, "z-first", regions=["CN"], valid_from="2026-01-31")
    answer = await resolved(world, shop)
    assert (codes(answer)[0], answer["decided_by"]) == ("z-first", "valid_from")


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2025-12-31", []), ("2026-01-01", ["old"]), ("2026-06-30", ["old"]), ("2026-07-01", ["new"])],
)
async def test_both_ends_belong_to_it(world: World, day: str, expected: list[str]) -> None:
    (shop,) = await hear(world, account("CN-SH"))
    old = await territory(world, "old", regions=["CN-SH"])
    await territory(world, "new", regions=["CN-SH"], valid_from="2026-07-01")
    ended = await world.service.post(f"/v1/territories/{old['id']}/end", {"on": "2026-06-30"})
    assert (ended.status_code, ended.json()["valid_to"]) == (200, "2026-06-30")
    assert codes(await resolved(world, shop, day)) == expected


async def test_merged_accounts_are_one_until_they_are_not(world: World) -> None:
    kept, other = await hear(world, account("CN-SH"), account("CN-BJ"))
    await territory(world, "beijing", regions=["CN-BJ"])
    await territory(world, "shanghai", regions=["CN-SH"])
    assert codes(await resolved(world, other)) == ["beijing"]
    merge_id = str(new_id())
    await world.service.deliver(merge(kept, other, merge_id))
    answer = await resolved(world, other)
    assert (answer["account_id"], answer["filed_account_id"]) == (kept, other)
    assert codes(answer) == ["shanghai"], "it is where the survivor is"
    await territory(world, "named", account_ids=[other])
    assert codes(await resolved(world, kept)) == ["named", "shanghai"], "a name of either is that of both"
    await world.service.deliver(merge(kept, other, merge_id, ends=True))
    assert codes(await resolved(world, other)) == ["named", "beijing"]
    assert codes(await resolved(world, kept)) == ["shanghai"]


async def test_a_territory_whose_member_left_is_vacant(world: World) -> None:
    (shop,) = await hear(world, account("CN-SH"))
    await territory(world, "east", regions=["CN-SH"])
    left = await world.service.post(f"/v1/members/{world.members['a1']}/leave", {"on": "2026-05-01"})
    assert left.status_code == 200, left.text
    assert (await resolved(world, shop, "2026-04-30"))["territory"]["is_vacant"] is False
    assert (await resolved(world, shop, "2026-05-01"))["territory"]["is_vacant"] is True


async def test_an_account_out_of_sight_is_not_there(world: World) -> None:
    mine, other, free = await hear(
        world,
        account("CN-SH", owner_id=world.members["a1"]),
        account("CN-SH", owner_id=world.members["b1"]),
        account("CN-SH"),
    )
    for who, role, seen in (("a1", "sales_rep", [mine]), ("manager-north", "sales_manager", [mine])):
        headers = world.service.headers(who, role)
        for each in (mine, other, free):
            answer = await world.service.get(f"/v1/territories/resolve?account_id={each}", headers=headers)
            assert answer.status_code == (200 if each in seen else 404)
    unknown = await world.service.get(f"/v1/territories/resolve?account_id={new_id()}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "account-not-found")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "account_id"),
        ("account_id=x", "account_id"),
        ("account_id={}&on=2026-02-30", "on"),
        ("on=9999-01-01", "on"),
    ],
)
async def test_bad_questions_name_their_field(world: World, query: str, pointer: str) -> None:
    answer = await world.service.get(f"/v1/territories/resolve?{query.format(new_id())}")
    assert answer.status_code in (400, 422), answer.text
    assert pointer in answer.text


async def test_nothing_is_answered_while_the_directory_is_filled(world: World) -> None:
    async with world.service.transaction() as tx:
        await tx.execute(
            "INSERT INTO projection_state (name, version, state) VALUES ('account_directory', 1, 'building')"
        )
    for path in (f"resolve?account_id={new_id()}", "coverage"):
        answer = await world.service.get(f"/v1/territories/{path}")
        assert (answer.status_code, answer.json()["code"]) == (503, "projection-building")
