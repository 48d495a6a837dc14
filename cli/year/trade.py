"""Accounts open; orders of the files are placed on their days, delivered, paid, and come back in part."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cli.load.cdnow import REGIONS
from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.book import CURRENCY, PARTNERS, SELLERS, Act, Book, dollars
from cli.year.sales import NET_DAYS, Sale

LIMIT = 1_000_000_000
DIRECT = 2
"""So many companies buy without a partner, and so does everybody in the shop."""
RETURNED_EACH, UNPAID_EACH, PARTS_EACH = 12, 15, 6
LATE = 3
"""Number of the company that pays all that it owes, if late, and sends nothing back."""
SOLD = ("confirmed", "fulfilled", "closed")


def partner_of(book: Book, sale: Sale) -> str | None:
    """The partner that a sale goes through."""
    if sale.buyer >= book.scale.companies - DIRECT:
        return None
    return book.partners[sale.buyer % PARTNERS]


def credits_of(book: Book, sale: Sale) -> list[dict[str, Any]]:
    """One seller, or two at 60/40 for each third buyer."""
    first = sale.buyer % SELLERS
    if sale.buyer % 3:
        return [{"member_id": book.seller(first), "share": 1_000_000}]
    second = (first + 1) % SELLERS
    return [{"member_id": book.seller(first), "share": 600_000}, {"member_id": book.seller(second), "share": 400_000}]


def payments_of(book: Book, sale: Sale) -> list[tuple[date, int]]:
    """(day, cents) up to today: early, on the day, late, or in two parts; some never pay."""
    if sale.buyer == LATE:
        return [(min(sale.day + timedelta(days=NET_DAYS + 11), book.today), sale.cents)]
    if sale.number % UNPAID_EACH == 0 or is_returned(sale):
        return []
    delay = (4, 18, NET_DAYS, 41)[sale.number % 4]
    days = [sale.day + timedelta(days=delay)]
    parts = [sale.cents]
    if sale.number % PARTS_EACH == 0 and sale.cents > 1:
        days.append(days[0] + timedelta(days=9))
        parts = [sale.cents // 3, sale.cents - sale.cents // 3]
    return [(day, cents) for day, cents in zip(days, parts, strict=True) if day <= book.today and cents]


def is_returned(sale: Sale) -> bool:
    """Whether a sale comes back, whole or in part."""
    return sale.number % RETURNED_EACH == 0 and sale.buyer != LATE


async def accounts_open(book: Book) -> Act:
    """The customers, with an owner and a credit limit."""
    total = book.scale.companies + book.scale.shoppers
    rows = [
        {
            "kind": "organization" if buyer < book.scale.companies else "person",
            "name": f"{'Company' if buyer < book.scale.companies else 'Customer'} {buyer + 1} of {book.run}",
            "region": REGIONS[buyer % len(REGIONS)],
            "business_type": "retail",
            "owner_id": book.seller(buyer % SELLERS),
            "external_ids": {book.source: str(buyer)},
        }
        for buyer in range(total)
    ]
    results = await book.rows("/v1/accounts/batch", rows)
    book.accounts = [result["id"] for result in results]
    limits = [{"account_id": account, "credit_limit": LIMIT} for account in book.accounts]
    await book.rows("/v1/credit-profiles/batch", limits)
    return Act(
        "The customers",
        (f"{book.scale.companies} companies and {book.scale.shoppers} of the shop, each with a credit limit.",),
    )


async def placed(book: Book, first: date, last: date) -> Act:
    """The orders of these days, in their order; each is checked for its credit and confirmed."""
    sales = [sale for sale in book.sales if first <= sale.day <= last]
    results = await book.rows("/v1/orders/batch", [_order(book, sale) for sale in sales])
    for sale, result in zip(sales, results, strict=True):
        book.orders[sale.number] = result["id"]
    await book.settled()
    wanted = {sale.number for sale in sales}
    orders = await book.all_of("/v1/orders", external_source=book.source)
    ours = [order for order in orders if order["external_id"].isdigit() and int(order["external_id"]) in wanted]
    gross = sum(order["gross_base"] for order in ours)
    return Act(
        f"Orders from {first} to {last}",
        (f"{len(sales)} orders over {dollars(gross)} are placed, checked and confirmed.",),
        (
            Law("every order is confirmed", all(order["state"] in SOLD for order in ours)),
            Law("what was placed is what the files say", gross == sum(sale.cents for sale in sales)),
        ),
    )


def _order(book: Book, sale: Sale) -> dict[str, Any]:
    lines = [
        {
            "sku": line.sku,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount": line.discount,
            "tax_rate": 0,
        }
        for line in sale.lines
    ]
    return {
        "external_id": book.ref(sale.number),
        "account_id": book.accounts[sale.buyer],
        "partner_id": partner_of(book, sale),
        "currency": CURRENCY,
        "order_date": sale.day,
        "payment_terms_days": NET_DAYS,
        "credits": credits_of(book, sale),
        "lines": lines,
        "total": sale.cents,
        "place": True,
    }


async def delivered(book: Book) -> Act:
    """What is ordered is delivered."""
    for order in book.orders.values():
        await book.api.post(f"/v1/orders/{order}/fulfil")
    return Act("Deliveries", (f"{len(book.orders)} orders are delivered.",))


async def paid(book: Book) -> Act:
    """Payments come early, on the day, late, in parts, or not at all."""
    rows: list[dict[str, Any]] = []
    early = late = 0
    for sale in book.sales:
        due = sale.day + timedelta(days=NET_DAYS)
        for part, (day, cents) in enumerate(payments_of(book, sale), start=1):
            early, late = early + (day < due), late + (day > due)
            rows.append(
                {
                    "external_id": book.ref(f"{sale.number}/{part}"),
                    "account_id": book.accounts[sale.buyer],
                    "currency": CURRENCY,
                    "amount": cents,
                    "received_on": day,
                    "method": "bank_transfer",
                    "allocations": [{"order_id": book.orders[sale.number], "amount": cents}],
                }
            )
    await book.rows("/v1/payments/batch", rows)
    await book.settled()
    total = sum(row["amount"] for row in rows)
    return Act(
        "Payments",
        (f"{len(rows)} payments over {dollars(total)}: {early} before their day, {late} after it.",),
        (Law("some pay early and some late", early > 0 and late > 0),),
    )


async def returned(book: Book) -> Act:
    """Each twelfth order comes back, its first line in part or all of it."""
    rows = []
    for sale in book.sales:
        if not is_returned(sale):
            continue
        whole = sale.number % (2 * RETURNED_EACH) == 0
        lines = [{"line_no": number, "quantity": line.quantity} for number, line in enumerate(sale.lines, start=1)]
        part = [{"line_no": 1, "quantity": max(1, sale.lines[0].quantity // 3)}]
        rows.append(
            {
                "external_id": book.ref(f"{sale.number}/return"),
                "order_id": book.orders[sale.number],
                "return_date": min(sale.day + timedelta(days=12), book.today),
                "lines": lines if whole else part,
            }
        )
    await book.rows("/v1/returns/batch", rows)
    await book.settled()
    returns = await book.all_of("/v1/returns", external_source=book.source)
    net = -sum(item["net_base"] for item in returns)
    return Act(
        "Returns",
        (f"{len(rows)} orders come back in part or whole, {dollars(net)} of goods.",),
        (Law("every return is in", len(returns) == len(rows)),),
    )


async def order_in(book: Book, order: str, *states: str) -> dict[str, Any]:
    """An order once it stands in one of these states."""
    return await steps.in_state(book.api, f"/v1/orders/{order}", states, ("draft", "placed"))
