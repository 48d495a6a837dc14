"""Merges beside everything else that works their accounts: merges of overlapping groups and their ends, orders and
payments, imports, hand-overs, gradings. Books stay equal, nothing is lost, nothing stands half."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World, work_off
from tests.customer.imports.files import counts, sent, shown, started, text_of
from tests.customer.merges.test_books import Books, hold, traded
from tests.customer.merges.test_chains import root_of
from tests.customer.merges.test_service import unmerge

NAMES = ("Ahoy", "Bravo", "Cobalt", "Dover", "Ember", "Fjord")


async def standing(world: World) -> dict[str, str]:
    """Where each account leads that was merged: by its own row, as by a walk, as the merges say; there is no loop."""
    rows = await world.service.rows("SELECT id, merged_into, root_id, merge_id FROM account")
    parents = {str(row["id"]): str(row["merged_into"]) for row in rows if row["merged_into"]}
    for start in parents:
        at, seen = start, {start}
        while at in parents:
            at = parents[at]
            assert at not in seen, "a loop"
            seen.add(at)
    for row in rows:
        assert str(row["root_id"] or row["id"]) == root_of(parents, str(row["id"]))
    merges = await world.service.rows("SELECT id, survivor_id, merged_id FROM account_merge WHERE state = 'merged'")
    assert {str(one["merged_id"]): str(one["survivor_id"]) for one in merges} == parents
    assert {one["id"] for one in merges} == {row["merge_id"] for row in rows if row["merge_id"]}
    return {each: root_of(parents, each) for each in parents}


async def said_once(world: World) -> None:
    """Each merge, and each end of one, once under both keys."""
    rows = await world.service.rows("SELECT id, state FROM account_merge")
    for kind, states in (("merged", ("merged", "unmerged")), ("unmerged", ("unmerged",))):
        said = Counter(one.payload["merge_id"] for one in await world.service.published(f"customer.account.{kind}.v1"))
        assert said == {str(row["id"]): 2 for row in rows if row["state"] in states}


async def end_all(world: World) -> None:
    rows = await world.service.rows("SELECT id FROM account_merge WHERE state = 'merged'")
    await asyncio.gather(*(unmerge(world, str(row["id"])) for row in rows))
    assert await standing(world) == {}


async def to_and_fro(world: World, accounts: list[dict[str, Any]], seed: int, turns: int) -> Counter[int]:
    """Somebody who merges any two accounts and ends any merge, one after the other; the statuses."""
    dice, found = random.Random(seed), Counter[int]()
    for _ in range(turns):
        one, other = dice.sample(accounts, 2)
        merges = await world.service.rows("SELECT id FROM account_merge WHERE state = 'merged' ORDER BY id")
        if merges and dice.random() < 0.4:
            path: str = f"/v1/merges/{dice.choice(merges)['id']}/unmerge"
            body: dict[str, Any] = {}
        else:
            path, body = f"/v1/accounts/{one['id']}/merge", {"merged_id": other["id"]}
        answer = await world.service.post(path, body)
        found[answer.status_code] += 1
        assert answer.status_code in (200, 201, 409), answer.text
    return found


@pytest.mark.parametrize("seed", range(2))
async def test_merges_of_overlapping_groups_and_their_ends_beside_trade(world: World, seed: int) -> None:
    accounts = [await world.account(name=name, tags=[name]) for name in NAMES]
    books: Books = {account["id"]: Counter() for account in accounts}
    done = await asyncio.gather(
        *(to_and_fro(world, accounts, 10 * seed + number, 8) for number in range(4)),
        *(traded(world, account, 10 + number, books) for number, account in enumerate(accounts)),
    )
    statuses: Counter[int] = sum((one for one in done if one), Counter())
    assert {200, 201} <= statuses.keys(), "some were merged, some ended"
    await hold(world, books, await standing(world))
    await said_once(world)
    await end_all(world)
    await hold(world, books, {})
    tags = {row["id"]: row["tags"] for row in await world.service.rows("SELECT id, tags FROM account")}
    assert all(account["name"] in tags[UUID(account["id"])] for account in accounts), "nobody lost what was theirs"


async def begun(world: World, kind: str, header: str, rows: list[list[str]], **options: str) -> dict[str, Any]:
    """An import that waits for a worker."""
    run = await sent(world, kind, text_of(header.split(), *rows))
    answer = await started(world, run, key="id", options=options)
    assert answer.status_code == 200, answer.text
    return run


async def begun_all(world: World) -> list[dict[str, Any]]:
    """Sixty orders and payments, ten of each account, thirty contacts, and the accounts themselves."""
    both = {"source": "shop", "account_source": "erp"}
    day, numbers = "2026-02-14", range(60)
    orders = [[f"O-{n}", f"C-{n % 6}", "CNY", "CD-ROCK", "2", f"{n + 1}.00", day] for n in numbers]
    payments = [[f"P-{n}", f"C-{n % 6}", "CNY", f"{n + 1}.50", "cash", day] for n in numbers]
    contacts = [[f"K-{n}", f"C-{n % 6}", f"Li {n}"] for n in range(30)]
    named = [[f"C-{n}", f"{name} AG", "CN-BJ"] for n, name in enumerate(NAMES)]
    return [
        await begun(world, "orders", "id account currency sku quantity unit_price order_date", orders, **both),
        await begun(world, "payments", "id account currency amount method received_on", payments, **both),
        await begun(world, "contacts", "id account name", contacts, **both),
        await begun(world, "accounts", "id name region", named, source="erp"),
    ]


async def test_merges_beside_imports_of_their_accounts(world: World) -> None:
    """What a file names by its external id is filed there, merged or not; no row fails, none revives an account."""
    accounts = [await world.account(name=name, external_ids={"erp": f"C-{n}"}) for n, name in enumerate(NAMES)]
    runs = await begun_all(world)
    people = [to_and_fro(world, accounts, number, 8) for number in range(2)]
    await asyncio.gather(work_off(world.service), work_off(world.service), *people)
    await work_off(world.service)
    found = [counts(await shown(world, run)) for run in runs]
    assert found[:3] == [(60, 0, 0, 0), (60, 0, 0, 0), (30, 0, 0, 0)]
    assert found[3][3] == 0, "no row failed"
    await standing(world)
    rows = await world.service.rows(
        "SELECT e.external_id, (SELECT array_agg(o.external_id ORDER BY o.external_id) FROM orders o "
        "WHERE o.account_id = e.account_id) AS orders, (SELECT sum(p.amount)::bigint FROM payment p "
        "WHERE p.account_id = e.account_id) AS paid, (SELECT count(*) FROM contact c "
        "WHERE c.account_id = e.account_id) AS contacts FROM account_external_id e WHERE e.source = 'erp'"
    )
    assert len(rows) == len(NAMES)
    for row in rows:
        mine = range(int(row["external_id"].removeprefix("C-")), 60, 6)
        assert row["orders"] == sorted(f"O-{n}" for n in mine)
        assert (row["paid"], row["contacts"]) == (sum(100 * n + 150 for n in mine), 5)
    await end_all(world)


async def test_merges_beside_hand_overs_and_gradings(world: World) -> None:
    """An order has the owner of the account that it is filed under; every grading counts each order for one root."""
    accounts = [await world.account(name=name) for name in NAMES]
    orders = [await world.confirmed(account) for account in accounts]
    for body in ({"from": str(REP_1), "to": str(REP_2), "history": True}, {"from": str(REP_1), "to": str(OTHER_REP)}):
        assert (await world.service.post("/v1/accounts/transfers", body)).status_code == 202
    for number in range(3):
        answer = await world.service.post("/v1/grading-runs", {"as_of": f"2026-02-{20 + number}"})
        assert answer.status_code == 202, answer.text
    await asyncio.gather(
        work_off(world.service),
        work_off(world.service),
        *(to_and_fro(world, accounts, number, 8) for number in range(2)),
    )
    await work_off(world.service)
    assert await world.service.rows("SELECT FROM job WHERE state <> 'succeeded'") == []
    await standing(world)
    behind = "SELECT FROM orders o JOIN account a ON a.id = o.account_id WHERE o.owner_id IS DISTINCT FROM a.owner_id"
    assert await world.service.rows(behind) == []
    assert await world.service.rows("SELECT FROM account WHERE owner_id = $1", REP_1) == []
    whole = sum(order["net_base"] for order in orders)
    sums = await world.service.rows("SELECT sum(revenue_base)::bigint AS revenue FROM grade_result GROUP BY run_id")
    assert [row["revenue"] for row in sums] == [whole] * 3
