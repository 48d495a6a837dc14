"""Orders, payments and returns of both sides of merges, before, between and after them: what is filed under an account
stays there, and the root's books are the sum of those that lead to it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from tests.customer.conftest import World, reserved
from tests.customer.merges.test_service import merge, unmerge

Books = dict[str, Counter[str]]


async def traded(world: World, account: dict[str, Any], amount: int, books: Books) -> None:
    """An order of an account, paid in part by so much, of which a piece comes back."""
    order = await world.draft(account)
    answer = await world.service.post(f"/v1/orders/{order['id']}/place")
    assert answer.status_code == 200, answer.text
    await world.service.deliver_alone(reserved(answer.json()))
    part = {"account_id": account["id"], "currency": "CNY", "amount": amount, "method": "cash"}
    body = {**part, "allocations": [{"order_id": order["id"], "amount": amount}]}
    assert (await world.service.post("/v1/payments", body)).status_code == 201
    back = {"lines": [{"line_no": 1, "quantity": 1}]}
    answer = await world.service.post(f"/v1/orders/{order['id']}/returns", back)
    assert answer.status_code == 201, answer.text
    gross = -answer.json()["gross"]
    assert gross > 0
    books[account["id"]] += Counter(orders=1, sold=order["gross"], paid=amount, returned=gross)


async def filed(world: World) -> Books:
    """What is filed under each account."""
    rows = await world.service.rows(
        "SELECT o.account_id, count(*) AS orders, sum(o.gross) AS sold, sum(o.paid) AS paid, "
        "sum((SELECT -sum(r.gross) FROM order_return r WHERE r.order_id = o.id)) AS returned FROM orders o GROUP BY 1"
    )
    found = {str(row.pop("account_id")): Counter({name: int(sum_) for name, sum_ in row.items()}) for row in rows}
    paid = await world.service.rows("SELECT account_id, sum(amount)::bigint AS paid FROM payment GROUP BY 1")
    assert {str(row["account_id"]): row["paid"] for row in paid} == {each: one["paid"] for each, one in found.items()}
    return found


async def hold(world: World, books: Books, roots: dict[str, str]) -> None:
    """The books are as they were kept, and each root reads the sum of its group."""
    assert await filed(world) == books
    sums: dict[str, Counter[str]] = {}
    for account_id, own in books.items():
        root = roots.get(account_id, account_id)
        sums[root] = sums.get(root, Counter()) + own
    for account_id in books:
        root = roots.get(account_id, account_id)
        for name, path in (("sold", "orders"), ("paid", "payments")):
            answer = await world.service.get(f"/v1/{path}?account_id={account_id}&limit=200")
            items = answer.json()["items"]
            assert {item["account_id"] for item in items} == {root}
            assert sum(item["gross" if path == "orders" else "amount"] for item in items) == sums[root][name]
        answer = await world.service.get(f"/v1/accounts/{account_id}/timeline?kind=return&limit=200")
        assert -sum(item["data"]["gross"] for item in answer.json()["items"]) == sums[root]["returned"]


async def test_books_before_between_and_after(world: World) -> None:
    """B into A, then A into C; the lower one ends first, then the upper one."""
    first, second, third = accounts = [await world.account(name=name) for name in ("Ahoy", "Bravo", "Cobalt")]
    a, b, c = (account["id"] for account in accounts)
    books: Books = {account["id"]: Counter() for account in accounts}
    amounts = iter(range(10, 1_000))

    async def all_trade() -> None:
        for account in accounts:
            await traded(world, account, next(amounts), books)

    await all_trade()
    await hold(world, books, {})
    lower = await merge(world, first, second)
    await all_trade()
    await hold(world, books, {b: a})
    upper = await merge(world, third, first)
    await all_trade()
    await hold(world, books, {a: c, b: c})
    answer = await world.service.post(f"/v1/accounts/{b}/merge", {"merged_id": c})
    assert (answer.status_code, answer.json()["code"]) == (409, "account-merged"), "no loop"
    await unmerge(world, lower["merge_id"])
    await all_trade()
    await hold(world, books, {a: c})
    await unmerge(world, upper["merge_id"])
    await all_trade()
    await hold(world, books, {})
    answer = await world.service.post(f"/v1/merges/{upper['merge_id']}/unmerge", {})
    assert answer.status_code == 409
    await hold(world, books, {})


async def test_merges_and_trade_at_once(world: World) -> None:
    """Whoever wins, nothing that is filed is lost, and there is no loop."""
    accounts = [await world.account(name=name) for name in ("Ahoy", "Bravo", "Cobalt", "Dover")]
    books: Books = {account["id"]: Counter() for account in accounts}
    pairs = [(0, 1), (1, 0), (2, 3), (3, 2), (0, 2), (3, 0), (1, 3)]
    merges = asyncio.gather(
        *(
            world.service.post(f"/v1/accounts/{accounts[one]['id']}/merge", {"merged_id": accounts[other]["id"]})
            for one, other in pairs
        )
    )
    await asyncio.gather(
        *(traded(world, account, 10 + number, books) for number, account in enumerate([*accounts, *accounts]))
    )
    answers = await merges
    assert {answer.status_code for answer in answers} == {201, 409}
    made = [answer.json()["merge_id"] for answer in answers if answer.status_code == 201]
    rows = await world.service.rows("SELECT id, merged_into, root_id FROM account ORDER BY id")
    into: dict[UUID, UUID] = {row["id"]: row["merged_into"] for row in rows if row["merged_into"]}
    assert len(into) == len(made) <= 3
    roots = {str(row["id"]): str(row["root_id"]) for row in rows if row["root_id"]}
    for account_id, root in roots.items():
        at = UUID(account_id)
        for _ in into:
            at = into.get(at, at)
        assert (str(at), root in roots) == (root, False)
    await hold(world, books, roots)
    said = await world.service.published("customer.account.merged.v1")
    assert Counter(event.payload["merge_id"] for event in said) == dict.fromkeys(made, 2)
    ended = await asyncio.gather(*(unmerge(world, merge_id) for merge_id in made))
    assert [one["kept"] for one in ended] == [[]] * len(made)
    await hold(world, books, {})
