"""The table of the year: who says what of the same money, to the cent, with all returns in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from cli.year.book import Book
from cli.year.closing import PER_BASE
from cli.year.company import TIERS
from cli.year.trade import SOLD


@dataclass(frozen=True, slots=True)
class Row:
    """One amount as two say it; minor units of the base currency."""

    name: str
    left: str
    says: int
    right: str
    also: int

    @property
    def ties(self) -> bool:
        """Whether the two sides are the same to the cent."""
        return self.says == self.also


@dataclass(frozen=True, slots=True)
class Tied:
    """All rows."""

    rows: tuple[Row, ...]

    @property
    def ties(self) -> bool:
        """Whether the two sides are the same to the cent."""
        return all(row.ties for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"ties": self.ties, "rows": [{**asdict(row), "ties": row.ties} for row in self.rows]}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the lists of the services say of the year's orders."""

    orders: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    credits: list[dict[str, Any]]
    rebates: list[dict[str, Any]]
    exposure: list[dict[str, Any]]

    def net(self, ids: set[str]) -> int:
        """Orders less returns, net, as customer has them."""
        ordered = sum(int(order["net_base"]) for order in self.orders if order["id"] in ids)
        return ordered + sum(int(item["net_base"]) for item in self.returns if item["order_id"] in ids)


async def _facts(book: Book) -> _Facts:
    accounts = set(book.accounts) | set(book.others)
    orders = [
        order
        for order in await book.all_of("/v1/orders")
        if (order["filed_account_id"] or order["account_id"]) in accounts and order["state"] in SOLD
    ]
    ids = {order["id"] for order in orders}

    async def of_orders(path: str) -> list[dict[str, Any]]:
        return [item for item in await book.all_of(path) if item["order_id"] in ids]

    payments = [item for item in await book.all_of("/v1/payments") if item["account_id"] in accounts]
    exposure = [
        item
        for item in await book.all_of("/v1/exposure-entries")
        if (item["filed_account_id"] or item["account_id"]) in accounts
    ]
    return _Facts(
        orders=orders,
        returns=await of_orders("/v1/returns"),
        payments=payments,
        credits=await of_orders("/v1/credit-lines"),
        rebates=await of_orders("/v1/rebate-entries"),
        exposure=exposure,
    )


async def tied(book: Book) -> Tied:
    """Ask every service and compare."""
    facts = await _facts(book)
    rows = [
        *_of_files(book, facts),
        *await _of_targets(book, facts),
        *_of_channels(book, facts),
        *await _of_risk(book, facts),
        *_of_the_end(book, facts),
    ]
    return Tied(tuple(rows))


def _of_files(book: Book, facts: _Facts) -> list[Row]:
    played = set(book.orders.values())
    gross = sum(order["gross_base"] for order in facts.orders if order["id"] in played)
    return [Row("orders of the files", "files", sum(sale.cents for sale in book.sales), "customer", gross)]


async def _of_targets(book: Book, facts: _Facts) -> list[Row]:
    """Customer's net of returns against credits, and these against attainment by every way to add them up."""
    net = facts.net({order["id"] for order in facts.orders})
    credited = sum(line["amount"] for line in facts.credits)
    rows = [Row("net of returns", "customer: orders less returns", net, "targets: credit lines", credited)]
    year = (await book.api.get("/v1/attainment", target_id=book.root))["items"][0]["actual"]
    rows.append(Row("the year's target", "customer: orders less returns", net, "targets: attainment", year))
    days = {"unit_id": book.units["company"], "from": book.calendar.start, "to": book.today}
    for group in ("member", "unit", "month", "product_line"):
        items = (await book.api.get("/v1/attainment", group_by=group, **days))["items"]
        total = sum(item["actual"] for item in items)
        rows.append(Row(f"by {group}", "customer: orders less returns", net, "targets: attainment", total))
    return rows


def _of_channels(book: Book, facts: _Facts) -> list[Row]:
    """Customer's net where a partner is named against the base of its rebate, and the rebate itself."""
    rows = []
    for number, partner in enumerate(book.partners, start=1):
        expense = [
            entry
            for entry in facts.rebates
            if entry["partner_id"] == partner and entry["ledger_account"] == "rebate_expense"
        ]
        volumes: dict[tuple[int, int], int] = defaultdict(int)
        for order in facts.orders:
            part = _part(book, order, partner)
            volumes[_quarter(order["order_date"])] += facts.net({order["id"]}) * part // 1_000_000 if part else 0
        net, base = sum(volumes.values()), sum(entry["volume"] for entry in expense)
        rows.append(Row(f"partner {number}", "customer: orders less returns", net, "channels: accrual base", base))
        posted = sum(entry["amount"] for entry in expense)
        expected = sum(rebate_of(volume) for volume in volumes.values())
        rows.append(
            Row(f"rebate of partner {number}", "customer's net by the tiers", expected, "channels: ledger", posted)
        )
    rows.append(Row("rebate ledger", "debits and credits", sum(entry["amount"] for entry in facts.rebates), "zero", 0))
    return rows


def _part(book: Book, order: dict[str, Any], partner: str) -> int:
    """The share of an order that is a partner's, in millionths; nothing comes back of what is shared."""
    if order["id"] in book.shared:
        return book.shared[order["id"]].get(partner, 0)
    return 1_000_000 if order["partner_id"] == partner else 0


def rebate_of(volume: int) -> int:
    """The marginal rebate of a quarter's net, with fractions."""
    total = Fraction(0)
    ends = [tier["start"] for tier in TIERS[1:]] + [max(volume, TIERS[-1]["start"])]
    for tier, end in zip(TIERS, ends, strict=True):
        total += Fraction(max(0, min(volume, end) - tier["start"]) * tier["rate"], 1_000_000)
    return round(total)


def _quarter(day: str) -> tuple[int, int]:
    found = date.fromisoformat(day)
    return found.year, (found.month - 1) // 3


async def _of_risk(book: Book, facts: _Facts) -> list[Row]:
    """Customer's orders, returns and payments against the entries of risk, and what is open against its ageing."""

    def entered(*kinds: str) -> int:
        return sum(entry["amount"] for entry in facts.exposure if entry["kind"] in kinds)

    gross = sum(order["gross_base"] for order in facts.orders)
    settled = sum(item["settled_base"] for item in facts.returns)
    money = sum(payment["amount"] - payment["refunded"] for payment in facts.payments)
    balance = sum(entry["amount"] for entry in facts.exposure)
    accounts = {*book.accounts, *book.others}
    ageing = [item for item in await book.all_of("/v1/receivable-ageings", by="account") if item["key"] in accounts]
    return [
        Row("returned", "customer: returns", settled, "risk: entries", -entered("returned")),
        Row("paid", "customer: payments", money, "risk: entries", -entered("paid", "refunded")),
        Row("open", "customer: ordered less returned less paid", gross - settled - money, "risk: entries", balance),
        Row("open by age", "risk: entries", balance, "risk: ageing", sum(item["total"] for item in ageing)),
    ]


def _of_the_end(book: Book, facts: _Facts) -> list[Row]:
    """What the year's end says: grades, statements, points."""
    net = facts.net({order["id"] for order in facts.orders})
    posted = sum(entry["amount"] for entry in facts.rebates if entry["ledger_account"] == "rebate_expense")
    members = set(book.accounts[book.scale.companies :])
    mine = [order for order in facts.orders if (order["filed_account_id"] or order["account_id"]) in members]
    points = sum(order["net_base"] // PER_BASE for order in mine)
    return [
        Row("grades", "customer: orders less returns", net, "customer: revenue graded", book.graded),
        Row("statements", "channels: ledger", posted, "channels: statements", sum(book.stated.values())),
        Row("points", "customer's net, 1 for 1.00", points * PER_BASE, "channels: points", book.points * PER_BASE),
    ]
