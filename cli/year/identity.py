"""Two accounts turn out to be one customer; two others were merged by mistake, which is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from cli.showcase.steps import Law
from cli.year.book import CURRENCY, Act, Book
from cli.year.company import PIECE_PRICE
from cli.year.crossings import credits_joined
from cli.year.offers import PIECES, SKU, ordered

Join = Callable[[Book, str, str], Coroutine[Any, Any, None]]
"""Waits until what one account had is the other's."""


async def merged(book: Book) -> Act:
    """The last two companies are one; of the first two of the shop one thought so."""
    last = book.scale.companies - 1
    survivor, other = book.accounts[last - 1], book.accounts[last]
    await _deal(book, other)
    await _merge(book, survivor, other, credits_joined)
    first, second = book.accounts[last + 1], book.accounts[last + 2]
    before = await _balances(book, first, second)
    points = [await _points(book, account) for account in (first, second)]

    async def together() -> bool | None:
        return True if await _points(book, first) == sum(points) else None

    async def points_joined(_book: Book, _survivor: str, _other: str) -> None:
        await book.effect("a merge joins the points", together)

    merge = await _merge(book, first, second, points_joined)
    await book.api.post(f"/v1/merges/{merge}/unmerge", {"dry_run": False})

    async def apart() -> bool | None:
        return True if await _filed(book, second) == {second} else None

    async def parted() -> bool | None:
        return True if [await _points(book, account) for account in (first, second)] == points else None

    async with asyncio.TaskGroup() as group:
        group.create_task(book.effect("an unmerge is known to risk", apart))
        group.create_task(book.effect("an unmerge parts the points", parted))
    after = await _balances(book, first, second)
    return Act(
        "One customer twice",
        (
            "Two companies are one customer: what was filed under the second reads as the first's.",
            "Two customers of the shop were merged by mistake, and the merge was undone: each has what it had.",
        ),
        (
            Law("what was merged is of one account in risk", await _filed(book, other) == {survivor}),
            Law("after the unmerge each owes what it owed", after == before),
        ),
    )


async def _deal(book: Book, account: str) -> None:
    """A partner registers a deal with the account, and an order wins it."""
    partner = book.partners[0]
    registered = {
        "partner_id": partner,
        "customer_name": (await book.api.get(f"/v1/accounts/{account}"))["name"],
        "country": "CN",
        "value": PIECES * PIECE_PRICE,
        "currency": CURRENCY,
        "evidence": "Their buyer was met at the fair.",
    }
    deal = await book.made("/v1/deals", registered, by="channel-manager")
    await book.api.post(f"/v1/deals/{deal['id']}/approve", {"note": "New to us."})
    line = {"sku": SKU, "quantity": 1, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}
    await ordered(book, "deal", account, [line], partner_id=partner, deal_id=deal["id"])

    async def won() -> bool | None:
        return True if (await book.api.get(f"/v1/deals/{deal['id']}"))["state"] == "won" else None

    await book.effect("an order wins the deal that it names", won)


async def _points(book: Book, account: str) -> int:
    """What an account has in the club of the year."""
    found = await book.api.get(f"/v1/points-balances/{account}")
    return sum(item["available"] for item in found["items"] if item["programme_id"] == book.club)


async def _merge(book: Book, survivor: str, other: str, *joined: Join) -> str:
    """Merge two accounts and wait until that is `joined` everywhere; returns the id of the merge."""
    body = {"merged_id": other, "reason": "One customer, entered twice"}
    made = await book.api.post(f"/v1/accounts/{survivor}/merge", body)

    async def risk() -> bool | None:
        return True if await _filed(book, other) == {survivor} else None

    async with asyncio.TaskGroup() as group:
        group.create_task(book.effect("a merge is known to risk", risk))
        for join in joined:
            group.create_task(join(book, survivor, other))
    return str(made["merge_id"])


async def _filed(book: Book, account: str) -> set[str]:
    """As whose the entries of risk read that were filed under the account."""
    entries = await book.all_of("/v1/exposure-entries", filed_account_id=account)
    return {entry["account_id"] for entry in entries}


async def _balances(book: Book, *accounts: str) -> list[int]:
    return [
        sum([entry["amount"] for entry in await book.all_of("/v1/exposure-entries", account_id=account)])
        for account in accounts
    ]
