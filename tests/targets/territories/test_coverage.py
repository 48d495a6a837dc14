"""What territories hold together: twice, not at all, and without anybody there; as resolving has it."""

from __future__ import annotations

import random
from typing import Any

from kit.ids import new_id
from tests.targets.conftest import World
from tests.targets.territories.accounts import account, covered, hear, merge, resolved, territory


def pairs(answer: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    return [(one["first_code"], one["second_code"], one["reason"], one["accounts"]) for one in answer["overlaps"]]


def gaps(answer: dict[str, Any]) -> list[tuple[str | None, str | None, int]]:
    return [(one["region"], one["industry"], one["accounts"]) for one in answer["gaps"]]


async def test_overlaps_are_of_the_same_reason(world: World) -> None:
    ids = await hear(world, account("CN-SH", "51"), account("CN-SH", "52"), account("CN-BJ", "5172"))
    await territory(world, "china", regions=["CN"], valid_from="2025-01-01")
    await territory(world, "east", regions=["CN-SH", "CN-ZJ"])
    await territory(world, "west", regions=["CN-XJ"], valid_to="2026-02-28")
    await territory(world, "trade", industries=["gbt4754:F"])
    await territory(world, "shops", industries=["gbt4754:517"])
    await territory(world, "east-trade", regions=["CN-SH"], industries=["gbt4754:51"])
    await territory(world, "key-1", account_ids=[ids[2]])
    await territory(world, "key-2", account_ids=[ids[2], ids[0]])
    answer = await covered(world)
    assert sorted(pairs(answer)) == [
        ("china", "east", "region", 1),
        ("key-1", "key-2", "named_account", 1),
        ("shops", "trade", "industry", 0),
    ], "the first of the shops is named, the second has two regions, what is outside of a day is not there"
    assert pairs(answer)[-1][0] == "shops", "those with accounts first"
    assert (answer["sample_size"], answer["held"], answer["territories"]) == (3, 3, 7)
    assert (answer["overlaps_total"], answer["gaps_total"], answer["as_of"]) == (3, 0, "2026-03-01")


async def test_gaps_are_by_region_and_industry(world: World) -> None:
    await territory(world, "east", regions=["CN-SH"])
    await hear(world, account("CN-SH"), account("CN-BJ", "51"), account("CN-BJ", "51"), account(None, country=None))
    await hear(world, account("CN-GD", is_archived=True), account(None, "F"))
    answer = await covered(world)
    assert gaps(answer) == [("CN-BJ", "gbt4754:51", 2), ("CN", "gbt4754:F", 1), (None, None, 1)]
    assert (answer["sample_size"], answer["held"], answer["gaps_total"]) == (5, 1, 3)
    assert gaps(await covered(world, "2025-12-31"))[0] == ("CN-BJ", "gbt4754:51", 2)
    assert (await covered(world, "2025-12-31"))["held"] == 0


async def test_without_accounts_and_territories(world: World) -> None:
    answer = await covered(world)
    assert {name: value for name, value in answer.items() if name not in ("as_of", "formula_version")} == {
        **dict.fromkeys(("sample_size", "held", "territories", "overlaps_total", "gaps_total", "vacant_total"), 0),
        **{"overlaps": [], "gaps": [], "vacant": []},
    }


async def test_merged_accounts_are_one(world: World) -> None:
    kept, other = await hear(world, account("CN-SH"), account("CN-BJ"))
    await territory(world, "named-1", account_ids=[kept])
    await territory(world, "named-2", account_ids=[other])
    assert pairs(await covered(world)) == []
    merge_id = str(new_id())
    await world.service.deliver(merge(kept, other, merge_id))
    answer = await covered(world)
    assert pairs(answer) == [("named-1", "named-2", "named_account", 1)]
    assert (answer["sample_size"], answer["held"]) == (1, 1)
    await world.service.deliver(merge(kept, other, merge_id, ends=True))
    assert (await covered(world))["sample_size"] == 2


async def test_whose_member_is_not_there(world: World) -> None:
    await territory(world, "east", regions=["CN-SH"])
    await territory(world, "south", regions=["CN-GD"], unit_id=world.units["team-b"])
    await world.service.post(f"/v1/members/{world.members['a1']}/leave", {"on": "2026-02-01"})
    answer = await covered(world)
    assert [(one["code"], one["member_id"]) for one in answer["vacant"]] == [("east", world.members["a1"])]
    assert (await covered(world, "2026-01-31"))["vacant_total"] == 0


async def test_accounts_count_that_the_caller_sees(world: World) -> None:
    members = world.members
    await hear(world, *(account("CN-SH", owner_id=owner) for owner in (members["a1"], members["b1"], None)))
    for who, role, expected in (
        ("a1", "sales_rep", 1),
        ("manager-north", "sales_manager", 1),
        ("nobody", "sales_rep", 0),
        ("eve", "auditor", 3),
    ):
        answer = await covered(world, headers=world.service.headers(who, role))
        assert (answer["sample_size"], sum(gap["accounts"] for gap in answer["gaps"])) == (expected, expected)


async def test_it_agrees_with_what_each_account_is_told(world: World) -> None:
    """Over territories and accounts drawn by lot: who is held, and which two are the strongest of how many."""
    lot = random.Random(11)
    regions, industries = ["CN", "CN-SH", "CN-BJ", "DE-BY"], ["gbt4754:F", "gbt4754:51", "gbt4754:517", "isic:47"]
    places = [account(lot.choice([None, *regions]), lot.choice([None, "51", "5172", "F", "13"])) for _ in range(25)]
    ids = await hear(world, *places)
    for number in range(14):
        held = {
            "regions": lot.sample(regions, lot.randint(0, 2)),
            "industries": lot.sample(industries, lot.randint(0, 2)),
        }
        held["account_ids"] = lot.sample(ids, lot.randint(0 if any(held.values()) else 1, 2))
        await territory(world, f"t-{number:02}", valid_from=f"2026-01-0{lot.randint(1, 3)}", **held)
    found, held_count, tied = await covered(world), 0, dict[tuple[str, str, str], int]()
    for each in ids:
        answer = await resolved(world, each)
        held_count += answer["territory"] is not None
        claims = [one for one in (answer["territory"], *answer["others"]) if one]
        best = [one for one in claims if one["reason"] == claims[0]["reason"]]
        for place, first in enumerate(best):
            for second in best[place + 1 :]:
                key = (first["code"], second["code"], first["reason"])
                tied[key] = tied.get(key, 0) + 1
    assert found["held"] == held_count
    assert {one[:3]: one[3] for one in pairs(found) if one[3]} == tied
