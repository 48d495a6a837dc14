"""The table: sums from the ledger lines of each owning service, against the file and against each other."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from cli.load import cdnow
from cli.load.client import Api
from cli.load.loader import LoadFailed, settled
from cli.load.organisation import REBATE_TIERS

READS = 4
SETTLE_SECONDS = 60.0
CONFIRMED = {"confirmed", "fulfilled", "closed"}
NEVER = ("1900-01-01", "2200-12-31")


@dataclass(frozen=True, slots=True)
class TableRow:
    """`left` and `right` must agree; cents (or a count)."""

    name: str
    left_name: str
    left: int
    right_name: str
    right: int

    @property
    def agrees(self) -> bool:
        """Whether both sides are the same; of the whole: whether everything is in, too."""
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class Table:
    """All rows; `missing` counts what of the file is not in yet, by kind, and is empty when everything is."""

    rows: tuple[TableRow, ...]
    missing: dict[str, int]
    orders: int
    held: int

    @property
    def complete(self) -> bool:
        """Whether nothing of the file is missing."""
        return not self.missing

    @property
    def agrees(self) -> bool:
        """Whether both sides are the same; of the whole: whether everything is in, too."""
        return self.complete and all(row.agrees for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "complete": self.complete,
            "missing": self.missing,
            "agrees": self.agrees,
            "orders": self.orders,
            "held": self.held,
            "rows": [{**asdict(row), "agrees": row.agrees} for row in self.rows],
        }


def file_total(path: Path) -> tuple[int, int]:
    """(orders, cents) by a reader of its own: plain decimal text, no code shared with the loader."""
    count, total = 0, Decimal(0)
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.split()
        if words and words[0].isdigit():
            count, total = count + 1, total + Decimal(words[-1])
    cents = total * 100
    if cents != cents.to_integral_value():
        raise cdnow.DataFileError("the file has fractions of cents")
    return count, int(cents)


@dataclass
class _Facts:
    """What the services say, by the lists of their ledgers."""

    orders: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    exposure: list[dict[str, Any]]
    credits: list[dict[str, Any]]
    rebates: list[dict[str, Any]]
    overridden: set[str]
    by_group: dict[str, int]


async def _facts(api: Api) -> _Facts:
    async def all_of(path: str, **params: object) -> list[dict[str, Any]]:
        return [item async for item in api.pages(path, **params)]

    by_group = {}
    for group in ("member", "unit", "month"):
        answer = await api.get("/v1/attainment", group_by=group, **{"from": NEVER[0], "to": NEVER[1]})
        by_group[group] = sum(item["actual"] for item in answer["items"])
    return _Facts(
        orders=await all_of("/v1/orders", external_source=cdnow.SOURCE),
        returns=await all_of("/v1/returns", external_source=cdnow.SOURCE),
        payments=await all_of("/v1/payments", external_source=cdnow.SOURCE),
        exposure=await all_of("/v1/exposure-entries"),
        credits=await all_of("/v1/credit-lines"),
        rebates=await all_of("/v1/rebate-entries"),
        overridden={item["order_id"] for item in await all_of("/v1/credit-decisions", decision="override")},
        by_group=by_group,
    )


async def settled_table(api: Api, path: Path) -> Table:
    """The table of a system that has worked off what was on its way; read again while others write."""
    for _ in range(READS - 1):
        with suppress(LoadFailed):  # parked events, or no end of new ones: the table shows what differs
            await settled(api, SETTLE_SECONDS)
        table = await make_table(api, path)
        if table.agrees:
            return table
    return await make_table(api, path)


async def make_table(api: Api, path: Path) -> Table:
    """Read everything through the gateway and compare. Only orders of the file count."""
    facts = await _facts(api)
    orders, cents = file_total(path)
    ids = {order["id"] for order in facts.orders}
    confirmed = [order for order in facts.orders if order["state"] in CONFIRMED]
    held = [order for order in facts.orders if order["state"] == "on_hold"]
    confirmed_gross = sum(order["gross_base"] for order in confirmed)
    held_gross = sum(order["gross_base"] for order in held)
    returned_gross = sum(_settled(item) for item in facts.returns)
    returned_net = -sum(item["net_base"] for item in facts.returns)
    net = sum(order["net_base"] for order in confirmed) - returned_net
    paid = sum(payment["amount"] - payment["refunded"] for payment in facts.payments)
    exposure = sum(entry["amount"] for entry in facts.exposure if entry["order_id"] in ids)
    credited = [line for line in facts.credits if line["order_id"] in ids]
    others = sum(line["amount"] for line in facts.credits) - sum(line["amount"] for line in credited)
    rows = [
        TableRow("orders", "lines in the file", orders, "orders in customer", len(facts.orders)),
        TableRow("gross", "file", cents, "confirmed + held", confirmed_gross + held_gross),
        TableRow("held", "orders on hold", held_gross, "gross - confirmed", cents - confirmed_gross),
        TableRow("returned", "customer", returned_gross, "risk", _by_kind(facts.exposure, ids, "returned")),
        TableRow("paid", "customer", paid, "risk", _by_kind(facts.exposure, ids, "paid", "refunded")),
        TableRow(
            "exposure", "exposure + payments + returns", exposure + paid + returned_gross, "confirmed", confirmed_gross
        ),
        TableRow("credited", "confirmed - returned, net", net, "lines of the file", sum(c["amount"] for c in credited)),
    ]
    rows += [
        TableRow(f"credited by {group}", "file and other orders", net + others, f"attainment by {group}", total)
        for group, total in facts.by_group.items()
    ]
    rows += _rebate_rows(path, facts, confirmed)
    return Table(tuple(rows), missing=_missing(path, facts), orders=len(facts.orders), held=len(held))


def _missing(path: Path, facts: _Facts) -> dict[str, int]:
    """How much of the file is not in yet. Orders that somebody released by hand need no payment and no return."""
    orders = {int(order["external_id"]): order for order in facts.orders}
    payments = {payment["external_id"] for payment in facts.payments}
    returns = {item["external_id"] for item in facts.returns}
    missing = dict.fromkeys(("orders", "decisions", "releases", "payments", "returns"), 0)
    for purchase in cdnow.read(path):
        order, released = orders.get(purchase.line), cdnow.is_released(purchase)
        if order is None:
            missing["orders"] += 1
        elif order["state"] in ("draft", "placed"):
            missing["decisions"] += 1
        elif order["state"] == "on_hold":
            missing["releases"] += released
        elif order["state"] in CONFIRMED and (released or order["id"] not in facts.overridden):
            parts = range(1, len(cdnow.payments_of(purchase)) + 1)
            missing["payments"] += sum(cdnow.payment_id(purchase, part) not in payments for part in parts)
            missing["returns"] += cdnow.return_of(purchase) is not None and cdnow.return_id(purchase) not in returns
    return {kind: count for kind, count in missing.items() if count}


def _settled(item: dict[str, Any]) -> int:
    """What a return settles; those of release 0.1.0 settle their gross amount."""
    settled = item["settled_base"]
    return int(-item["gross_base"] if settled is None else settled)


def _by_kind(entries: list[dict[str, Any]], ids: set[str], *kinds: str) -> int:
    return -sum(int(entry["amount"]) for entry in entries if entry["order_id"] in ids and entry["kind"] in kinds)


def rebate_of(volume: int) -> int:
    """The marginal rebate of a quarter's net volume, written here a second time with fractions."""
    total = Fraction(0)
    starts = [tier["start"] for tier in REBATE_TIERS] + [None]
    for tier, end in zip(REBATE_TIERS, starts[1:], strict=True):
        top = volume if end is None else min(volume, end)
        total += Fraction(max(0, top - tier["start"]) * tier["rate"], 1_000_000)
    return round(total)


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


def _rebate_rows(path: Path, facts: _Facts, confirmed: list[dict[str, Any]]) -> list[TableRow]:
    """Rebate per partner recomputed from the file (which orders were confirmed is asked of customer)."""
    lines = {int(order["external_id"]) for order in confirmed}
    partner_ids = {order["external_id"]: order["partner_id"] for order in confirmed}
    volumes: dict[tuple[str, tuple[int, int]], int] = defaultdict(int)
    for purchase in cdnow.read(path):
        if purchase.line not in lines or cdnow.partner_of(purchase.customer) is None:
            continue
        volume = purchase.cents
        if (returned := cdnow.return_of(purchase)) is not None:
            volume -= round(Fraction(purchase.cents * returned[1], purchase.quantity))
        volumes[partner_ids[str(purchase.line)], _quarter(purchase.day)] += volume
    expected: dict[str, int] = defaultdict(int)
    for (partner, _quarter_of), volume in volumes.items():
        expected[partner] += rebate_of(volume)
    order_ids = {order["id"] for order in confirmed}
    posted: dict[str, int] = defaultdict(int)
    balance = 0
    for entry in facts.rebates:
        if entry["order_id"] in order_ids:
            balance += entry["amount"]
            if entry["ledger_account"] == "rebate_expense":
                posted[entry["partner_id"]] += entry["amount"]
    rows = [
        TableRow(f"rebate of partner {number}", "file", expected[partner], "rebate ledger", posted[partner])
        for number, partner in enumerate(sorted(expected), start=1)
    ]
    return [*rows, TableRow("rebate ledger", "debits + credits", balance, "zero", 0)]
