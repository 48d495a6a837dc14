"""Act 1: the company is there: units, sellers, products with prices and costs, partners with a rebate, a plan."""

from __future__ import annotations

from typing import Any

from cli.load.cdnow import PRODUCTS
from cli.load.cdnow import REGIONS as PLACES
from cli.showcase.steps import Law
from cli.year.book import CURRENCY, PARTNERS, SELLERS, Act, Book, dollars
from cli.year.sales import LINES, MONTHS, MUSIC, sku_of

TEAMS = ("east", "west")
TIERS: list[dict[str, Any]] = [
    {"start": 0, "rate": 10_000},
    {"start": 500_000, "rate": 20_000},
    {"start": 1_500_000, "rate": 30_000},
]
PIECE_PRICE = 1_650
GROWTH = 130
"""The plan in percent of what the files say that the year will bring."""


async def found(book: Book) -> Act:
    """Set up what everything else needs."""
    await _units(book)
    await _members(book)
    await _products(book)
    await _partners(book)
    return Act(
        "The company",
        (
            f"Two teams with {SELLERS} sellers; {len(LINES)} product lines of a pizza house and the records of a shop.",
            f"{PARTNERS} partners, who get a marginal rebate of each quarter: 1, 2 and 3 % from 0.00, "
            f"{dollars(TIERS[1]['start'])} and {dollars(TIERS[2]['start'])}.",
        ),
    )


async def _units(book: Book) -> None:
    async def unit(name: str, kind: str, parent: str | None) -> None:
        above = book.units[parent] if parent else None
        body = {"code": book.code(name), "name": name.title(), "kind": kind, "parent_id": above}
        book.units[name] = (await book.api.post("/v1/units", body))["id"]

    await unit("company", "company", None)
    for team in TEAMS:
        await unit(team, "team", "company")


async def _members(book: Book) -> None:
    for number in range(SELLERS):
        name = f"seller-{number + 1}"
        team = book.units[TEAMS[number % len(TEAMS)]]
        body = {"code": book.code(name), "role": "sales_rep", "unit_id": team, "valid_from": book.calendar.start}
        book.members[name] = (await book.api.post("/v1/members", body))["id"]


async def _products(book: Book) -> None:
    """Products are the same in every year that is played; their prices too."""
    rows = [{"sku": sku_of(line), "name": f"Pizza, {line}", "product_line": line} for line in LINES]
    rows += [{"sku": sku, "name": name, "product_line": MUSIC} for sku, name, _line in PRODUCTS]
    known = {item["sku"] for item in await book.all_of("/v1/products")}
    await book.rows("/v1/products/batch", [row for row in rows if row["sku"] not in known])
    if sku_of(LINES[0]) not in known:
        await _prices(book)


async def _prices(book: Book) -> None:
    breaks = [{"min_quantity": 1, "unit_price": PIECE_PRICE}, {"min_quantity": 100, "unit_price": 1_550}]
    entries = [{"code": sku_of(line), "sku": sku_of(line), "method": "fixed", "breaks": breaks} for line in LINES]
    body = {
        "code": book.code("LIST"),
        "name": "List prices",
        "currency": CURRENCY,
        "min_markup": 100_000,
        "valid_from": book.calendar.start,
    }
    path = f"/v1/price-books/{(await book.api.post('/v1/price-books', body))['id']}"
    await book.api.call("PUT", f"{path}/entries", {"entries": entries}, headers={"If-Match": "*"})
    await book.api.post(f"{path}/publish")


async def _partners(book: Book) -> None:
    for number in range(PARTNERS):
        body = {
            "code": book.code(f"YP-{number + 1}"),
            "name": f"Partner {number + 1} of {book.run}",
            "kind": "reseller",
            "regions": [PLACES[number]],
        }
        partner = (await book.api.post("/v1/partners", body))["id"]
        await book.api.post(f"/v1/partners/{partner}/activate")
        book.partners.append(partner)
    programme = {
        "name": book.code("Rebate of the year"),
        "kind": "marginal",
        "tiers": TIERS,
        "period": "quarter",
        "valid_from": book.calendar.start,
        "valid_to": book.calendar.end,
        "partner_ids": book.partners,
    }
    book.programme = (await book.api.post("/v1/rebate-programmes", programme))["id"]
    await book.api.post(f"/v1/rebate-programmes/{book.programme}/publish")


async def planned(book: Book) -> Act:
    """Act 2: the year's plan, by team, seller and month, before anything is sold."""
    traded = {(sale.day.year, sale.day.month) for sale in book.sales}
    amount = sum(sale.cents for sale in book.sales) * MONTHS // len(traded) * GROWTH // 100
    body = {
        "name": book.code("Revenue of the year"),
        "metric": "revenue",
        "amount": amount,
        "currency": CURRENCY,
        "period_start": book.calendar.start,
        "period_end": book.calendar.end,
        "unit_id": book.units["company"],
    }
    book.root = (await book.api.post("/v1/targets", body))["id"]
    teams = await _split(book, book.root, "unit", [{"unit_id": book.units[team]} for team in TEAMS])
    sellers = []
    for team in teams:
        numbers = [n for n in range(SELLERS) if book.units[TEAMS[n % len(TEAMS)]] == team["unit_id"]]
        children = [{"member_id": book.seller(number)} for number in numbers]
        sellers += await _split(book, team["target_id"], "member", children)
    months = await _split(book, book.root, "month", is_crediting=False)
    await book.api.post(f"/v1/targets/{book.root}/activate")
    return Act(
        "The plan",
        (
            f"{dollars(amount)} from {book.calendar.start} to {book.calendar.end}, "
            f"set for the company and split by team and by seller, and by month beside that.",
        ),
        (
            Law("the teams make the year", sum(team["amount"] for team in teams) == amount),
            Law("the sellers make the year", sum(seller["amount"] for seller in sellers) == amount),
            Law("the months make the year", sum(month["amount"] for month in months) == amount),
        ),
    )


async def _split(
    book: Book, target: str, dimension: str, children: list[dict[str, Any]] | None = None, *, is_crediting: bool = True
) -> list[dict[str, Any]]:
    body: dict[str, Any] = {"dimension": dimension, "is_crediting": is_crediting}
    if children is not None:
        body["children"] = children
    made = await book.api.post(f"/v1/targets/{target}/decompositions", body)
    found: list[dict[str, Any]] = made["children"]
    return found
