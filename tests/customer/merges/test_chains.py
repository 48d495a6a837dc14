"""Merges in chains, taken back in any order: every account leads where a walk along the standing merges ends."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.customer.conftest import World
from tests.customer.merges.test_service import merge, unmerge


def root_of(parents: dict[str, str], account_id: str) -> str:
    """Where a walk ends."""
    while account_id in parents:
        account_id = parents[account_id]
    return account_id


async def _check(world: World, accounts: list[dict[str, Any]], parents: dict[str, str], tags: dict[str, Any]) -> None:
    rows = await world.service.rows("SELECT id, merged_into, root_id, tags FROM account")
    found = {str(row["id"]): row for row in rows}
    for account in accounts:
        row, root = found[account["id"]], root_of(parents, account["id"])
        assert str(row["merged_into"] or "") == parents.get(account["id"], "")
        assert str(row["root_id"] or account["id"]) == root
        assert row["tags"] == tags[account["id"]]
        answer = await world.service.get(f"/v1/accounts/{account['id']}")
        assert answer.status_code == (200 if root == account["id"] else 307)
        assert answer.headers.get("location", f"/v1/accounts/{root}") == f"/v1/accounts/{root}"
    listed = (await world.service.get("/v1/accounts")).json()["items"]
    assert {one["id"] for one in listed} == {root_of(parents, one["id"]) for one in accounts}


@pytest.mark.parametrize("seed", range(6))
async def test_in_any_order(world: World, seed: int) -> None:
    dice = random.Random(seed)
    accounts = [await world.account(name=f"Firm {number}", tags=[f"t{number}"]) for number in range(6)]
    ids = [one["id"] for one in accounts]
    by_id = {one["id"]: one for one in accounts}
    parents: dict[str, str] = {}
    standing: dict[str, tuple[str, str, list[str], list[str]]] = {}
    tags = {one["id"]: one["tags"] for one in accounts}
    for _ in range(14):
        survivor, merged = dice.sample(ids, 2)
        if standing and (dice.random() < 0.4 or survivor in parents or merged in parents):
            merge_id = dice.choice(sorted(standing))
            first, second, before, after = standing.pop(merge_id)
            kept = (await unmerge(world, merge_id))["kept"]
            assert kept == ([] if tags[first] == after else ["tags"])
            tags[first] = before if tags[first] == after else tags[first]
            del parents[second]
        elif survivor in parents or merged in parents:
            continue
        else:
            outcome = await merge(world, by_id[survivor], by_id[merged])
            united = list(dict.fromkeys([*tags[survivor], *tags[merged]]))
            standing[outcome["merge_id"]] = (survivor, merged, tags[survivor], united)
            tags[survivor], parents[merged] = united, survivor
        await _check(world, accounts, parents, tags)


async def test_a_tax_id_of_a_chain_stays_with_it_until_its_own_merge_ends(world: World) -> None:
    tax_id = "91110000600037341L"
    first = await world.account(name="Ahoy", country="CN", tax_id=tax_id)
    second, third = await world.account(name="Bravo"), await world.account(name="Cobalt")
    lower = await merge(world, second, first)
    upper = await merge(world, third, second)
    assert (await unmerge(world, lower["merge_id"]))["kept"] == ["tax_id"]
    assert (await unmerge(world, upper["merge_id"]))["kept"] == []
    rows = await world.service.rows("SELECT id, tax_id, country FROM account WHERE tax_id IS NOT NULL")
    assert [(str(row["id"]), row["tax_id"], row["country"]) for row in rows] == [(second["id"], tax_id, "CN")]
