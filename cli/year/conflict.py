"""Two partners sold to one customer: found by events, stated, and from the next day split between them and their
sellers."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from cli.showcase.steps import Law
from cli.year.book import Act, Book, dollars
from cli.year.company import PIECE_PRICE
from cli.year.offers import PIECES, SKU, ordered

SHARES = (600_000, 400_000)
WHOLE = sum(SHARES)


async def split(book: Book) -> Act:
    """The first company buys through another partner than before; they agree to share it from tomorrow on."""
    account = book.accounts[0]
    line = {"sku": SKU, "quantity": PIECES, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}
    await ordered(book, "rival", account, [line], partner_id=book.partners[1])

    async def found() -> dict[str, Any] | None:
        items = await book.all_of("/v1/conflicts", account_id=account, kind="same_customer")
        return items[0] if items else None

    conflict = await book.effect("an order through another partner is found to be in conflict", found)
    path, manager = f"/v1/conflicts/{conflict['id']}", book.api.acting_as("channel-manager")
    await manager.post(f"{path}/assess", {"severity": "medium", "note": "Both know the buyer."})
    for number, partner in enumerate(conflict["partner_ids"], start=1):
        body = {"partner_id": partner, "statement": f"Partner {number} has served them this year."}
        await manager.post(f"{path}/state", body)
    proposal = {
        "outcome": "split",
        "valid_from": book.today + timedelta(days=1),
        "member_shares": {book.seller(number): share for number, share in enumerate(SHARES)},
        "partner_shares": dict(zip(conflict["partner_ids"], SHARES, strict=True)),
        "note": "Both keep the customer, by what they sold.",
    }
    await manager.post(f"{path}/propose", proposal)
    for partner in conflict["partner_ids"]:
        await book.api.post(f"{path}/agree", {"partner_id": partner, "accepts": True})
    closed = await book.api.post(f"{path}/close", {"note": "Both partners were told."})
    book.split = closed["partner_shares"]
    return Act(
        "A partner conflict",
        (
            f"{closed['number']}: two partners sold {dollars(closed['value_base'])} to one customer, which "
            f"{closed['evidence_count']} pieces of evidence show. From tomorrow its orders are split 60/40.",
        ),
        (
            Law("the conflict is closed with a split", closed["state"] == "closed" and closed["outcome"] == "split"),
            Law("the shares of the partners make a whole", sum(closed["partner_shares"].values()) == WHOLE),
        ),
    )


async def shared(book: Book) -> Act:
    """On a later day the company orders again through one of the two: credits and rebate are shared as was agreed."""
    line = {"sku": SKU, "quantity": PIECES, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}
    order = await ordered(book, "shared", book.accounts[0], [line], partner_id=book.partners[0])
    of, net = order["id"], order["net_base"]
    book.shared[of] = book.split
    sellers = {book.seller(number): net * share // WHOLE for number, share in enumerate(SHARES)}
    partners = {partner: net * share // WHOLE for partner, share in book.split.items()}

    async def credited() -> bool | None:
        lines = await book.all_of("/v1/credit-lines", order_id=of)
        return True if _sums(lines, "member_id", "amount") == sellers else None

    async def accrued() -> bool | None:
        entries = await book.all_of("/v1/rebate-entries", order_id=of, ledger_account="rebate_expense")
        return True if _sums(entries, "partner_id", "volume") == partners else None

    async with asyncio.TaskGroup() as group:
        group.create_task(book.effect("a split shares an order between its sellers", credited))
        group.create_task(book.effect("a split shares an order between its partners", accrued))
    return Act(
        "The split holds",
        (
            f"On {book.today} the company orders for {dollars(net)} through one of the two partners: their sellers are "
            f"credited {' and '.join(dollars(amount) for amount in sellers.values())}, and as much counts for the "
            "rebate of each partner.",
        ),
        (
            Law("the sellers have all of the order", sum(sellers.values()) == net),
            Law("the partners have all of the order", sum(partners.values()) == net),
        ),
    )


def _sums(rows: list[dict[str, Any]], key: str, amount: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row[key]] += row[amount]
    return dict(found)
