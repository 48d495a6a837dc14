"""The performance of channels against plain Python over the same orders."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.customer import events_out as customer

PATH = "/v1/channels/performance"
YEAR = "from=2026-01-01&to=2026-08-31"
W = 1_000_000


@dataclass
class Line:
    quantity: int
    net: int
    unit_cost: int | None
    back: int = 0

    @property
    def kept(self) -> int:
        return self.net - self.back_net

    @property
    def back_net(self) -> int:
        return self.net * self.back // self.quantity


@dataclass
class Sale:
    channel: UUID
    account: UUID
    day: date
    lines: list[Line]
    id: UUID = field(default_factory=new_id)

    def events(self) -> list[Event]:
        return [self._event(customer.OrderConfirmed, 3)] + (
            [self._event(customer.OrderReturned, 4, return_id=new_id(), returned_lines=self._returned())]
            if any(line.back for line in self.lines)
            else []
        )

    def _returned(self) -> list[dict[str, Any]]:
        line = customer.OrderReturned.EXAMPLE["returned_lines"][0]
        return [
            {
                **line,
                "line_no": number,
                "returned_before": 0,
                "returned_after": one.back,
                "returned_net_base_before": 0,
                "returned_net_base_after": one.back_net,
            }
            for number, one in enumerate(self.lines, start=1)
            if one.back
        ]

    def _event(self, kind: type[Any], version: int, **changes: Any) -> Event:
        line = customer.OrderPlaced.EXAMPLE["lines"][0]
        lines = [
            {**line, "line_no": number, "quantity": one.quantity, "net_base": one.net, "unit_cost_base": one.unit_cost}
            for number, one in enumerate(self.lines, start=1)
        ]
        payload = {
            **kind.EXAMPLE,
            "id": self.id,
            "stream_key": self.account,
            "account_id": self.account,
            "partner_id": None,
            "channel_id": self.channel,
            "order_date": self.day,
            "version": version,
            "lines": lines,
            **changes,
        }
        return make_event(kind.TYPE, payload, self.account, subject=self.id, sequence=version)


def sale(channel: UUID, day: str, *lines: Line, account: UUID | None = None) -> Sale:
    return Sale(channel, account or new_id(), date.fromisoformat(day), list(lines))


async def a_channel(service: ServiceHarness, code: str, *regions: str, kind: str = "shop") -> UUID:
    body = {"code": code, "name": f"Shop {code}", "kind": kind, "is_direct": True, "regions": list(regions)}
    return UUID((await service.post("/v1/channels", body)).json()["id"])


async def a_cost(service: ServiceHarness, channel: UUID, month: str, amount: int, kind: str = "rent") -> None:
    body = {"channel_id": str(channel), "month": month, "kind": kind, "amount_base": amount}
    assert (await service.post("/v1/channel-costs", body)).status_code == 201


def account(account_id: UUID, region: str | None, *, is_archived: bool = False) -> Event:
    payload = {
        **customer.AccountCreated.EXAMPLE,
        "id": account_id,
        "stream_key": account_id,
        "region": region,
        "is_archived": is_archived,
    }
    return make_event(customer.AccountCreated.TYPE, payload, account_id, subject=account_id)


async def deliver(service: ServiceHarness, sales: list[Sale]) -> None:
    for one in sales:
        await service.deliver(*one.events())


async def asked(service: ServiceHarness, query: str = YEAR) -> dict[str, Any]:
    answer = await service.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def values(item: dict[str, Any]) -> dict[str, Any]:
    for name, figure in item.items():
        if isinstance(figure, dict):
            assert figure["insufficient_data"] is (figure["value"] is None), name
    return {name: figure["value"] if isinstance(figure, dict) else figure for name, figure in item.items()}


def millionths(amount: int, whole: int) -> int | None:
    return round(Fraction(amount, whole) * W) if whole > 0 else None


def expected(sales: list[Sale], costs: list[tuple[str, int]], first: date, last: date, earlier: date) -> dict[str, Any]:
    """All figures but coverage, from orders one by one; months and costs of the period are whole."""
    inside = [one for one in sales if first <= one.day <= last]
    revenue = sum(line.kept for one in inside for line in one.lines)
    before = sum(line.kept for one in sales if earlier <= one.day < first for line in one.lines)
    orders = sum(any(line.back < line.quantity for line in one.lines) for one in inside)
    kept = [line for one in inside for line in one.lines if line.back < line.quantity]
    uncosted = sum(line.unit_cost is None for line in kept)
    margin = None if uncosted else revenue - sum((line.unit_cost or 0) * (line.quantity - line.back) for line in kept)
    cost = sum(amount for month, amount in costs if first.isoformat() <= month <= last.isoformat())
    months = [
        Decimal(sum(line.kept for one in inside if one.day.month == month for line in one.lines))
        for month in range(first.month, last.month + 1)
    ]
    stable = None
    if len(months) >= 6 and sum(months) > 0:
        stable = round(max(Decimal(0), 1 - statistics.stdev(months) / statistics.mean(months)) * W)
    return {
        "revenue_base": revenue,
        "orders": orders,
        "cost_base": cost,
        "uncosted_lines": uncosted,
        "margin": margin,
        "average": round(Fraction(revenue, orders)) if orders else None,
        "growth": millionths(revenue - before, before),
        "efficiency": millionths(revenue, cost),
        "roi": None if margin is None else millionths(margin - cost, cost),
        "stability": stable,
    }


def random_sales(chance: random.Random, channels: list[UUID], accounts: list[UUID]) -> list[Sale]:
    found = []
    for _ in range(150):
        lines = [
            Line(quantity, chance.randint(0, 9_999), chance.randint(0, 500))
            for quantity in (chance.randint(1, 9) for _ in range(chance.randint(1, 3)))
        ]
        if chance.random() < 0.3:
            for line in lines:
                line.back = chance.choice((0, line.quantity, chance.randint(0, line.quantity)))
        day = date(2025, 4, 20) + timedelta(chance.randrange(560))
        found.append(Sale(chance.choice(channels), chance.choice(accounts), day, lines))
    return found


@pytest.mark.parametrize("seed", [1, 2])
async def test_figures_are_what_plain_python_says(service: ServiceHarness, seed: int) -> None:
    chance = random.Random(seed)
    channels = [await a_channel(service, code, "CN-SH", "CN-Z") for code in ("a", "b", "c")]
    idle = await a_channel(service, "idle", "CN")
    accounts = {new_id(): chance.choice(("CN-SH", "CN-ZJ", "CN-SH-1", "US", None)) for _ in range(40)}
    archived = set(chance.sample(list(accounts), 5))
    await service.deliver(*(account(one, region, is_archived=one in archived) for one, region in accounts.items()))
    costs = {one: [(f"2026-{m:02d}-01", chance.randint(0, 90_000)) for m in (1, 3, 8, 9)] for one in channels}
    for one, months in costs.items():
        for month, amount in months:
            await a_cost(service, one, month, amount)
    sales = random_sales(chance, channels, list(accounts))
    sales.append(sale(channels[2], "2026-05-05", Line(2, 500, None)))
    shuffled = chance.sample(sales, len(sales))
    await deliver(service, shuffled)

    found = await asked(service)
    assert (found["before_from"], found["before_to"], found["formula_version"]) == ("2025-05-01", "2025-12-31", 2)
    assert [item["code"] for item in found["items"]] == ["a", "b", "c", "idle"]
    assert UUID(found["items"][3]["channel_id"]) == idle
    first, last = date(2026, 1, 1), date(2026, 8, 31)
    covered = {one for one, region in accounts.items() if region in ("CN-SH", "CN-SH-1") and one not in archived}
    for channel, item in zip(channels, found["items"], strict=False):
        of = [one for one in sales if one.channel == channel]
        shown = values(item)
        want = expected(of, costs[channel], first, last, date(2025, 5, 1))
        assert {name: shown[name] for name in want} == want
        buyers = {
            one.account
            for one in of
            if first <= one.day <= last and any(line.back < line.quantity for line in one.lines)
        }
        assert shown["coverage"] == millionths(len(buyers & covered), len(covered))
        assert item["coverage"]["sample_size"] == len(covered)
        assert item["stability"]["sample_size"] == 8


async def test_the_worked_example_of_stability(service: ServiceHarness) -> None:
    channel = await a_channel(service, "shop")
    for month, revenue in enumerate((100, 120, 80, 110, 90, 100), start=1):
        await deliver(service, [sale(channel, f"2026-{month:02d}-10", Line(1, revenue, 60))])
    (item,) = (await asked(service, "from=2026-01-01&to=2026-06-30"))["items"]
    assert item["stability"] == {"value": 858_579, "sample_size": 6, "insufficient_data": False}
    (item,) = (await asked(service, "from=2026-01-02&to=2026-06-30"))["items"]
    assert item["stability"] == {"value": None, "sample_size": 5, "insufficient_data": True}
    (item,) = (await asked(service, "from=2026-01-01&to=2026-08-31"))["items"]
    assert item["stability"]["value"] == round(
        (1 - statistics.stdev([100, 120, 80, 110, 90, 100, 0, 0]) / statistics.mean([600 / 8])) * W
    )


async def test_roi_and_efficiency_by_hand(service: ServiceHarness) -> None:
    channel = await a_channel(service, "shop")
    await a_cost(service, channel, "2026-02-01", 2_000)
    await a_cost(service, channel, "2026-02-01", 800, "staff")
    await deliver(service, [sale(channel, "2026-02-20", Line(4, 10_000, 1_000, back=1), Line(1, 300, 50, back=1))])
    (item,) = (await asked(service, "from=2026-02-01&to=2026-02-28"))["items"]
    shown = values(item)
    assert (shown["revenue_base"], shown["orders"], shown["cost_base"]) == (7_500, 1, 2_800)
    assert (shown["margin"], shown["average"], shown["efficiency"], shown["roi"]) == (4_500, 7_500, 2_678_571, 607_143)
    (half,) = (await asked(service, "from=2026-02-15&to=2026-02-28"))["items"]
    assert half["cost_base"] == 1_400


async def test_what_has_no_denominator_says_so(service: ServiceHarness) -> None:
    await a_channel(service, "new")
    (item,) = (await asked(service))["items"]
    shown = values(item)
    assert (shown["revenue_base"], shown["orders"], shown["cost_base"], shown["margin"]) == (0, 0, 0, 0)
    assert [shown[name] for name in ("average", "growth", "coverage", "efficiency", "roi", "stability")] == [None] * 6


async def test_a_line_without_a_known_cost_leaves_no_margin(service: ServiceHarness) -> None:
    channel = await a_channel(service, "shop")
    await a_cost(service, channel, "2026-02-01", 100)
    lines = Line(1, 100, None), Line(1, 100, 10)
    await deliver(service, [sale(channel, "2026-02-20", *lines)])
    shown = values((await asked(service))["items"][0])
    assert (shown["uncosted_lines"], shown["margin"], shown["roi"], shown["efficiency"]) == (1, None, None, 2 * W)


async def test_a_wholly_returned_order_is_none_and_buys_nothing(service: ServiceHarness) -> None:
    channel, buyer = await a_channel(service, "shop", "CN"), new_id()
    await service.deliver(account(buyer, "CN-SH"))
    await deliver(service, [sale(channel, "2026-02-20", Line(2, 999, None, back=2), account=buyer)])
    shown = values((await asked(service))["items"][0])
    assert (shown["orders"], shown["revenue_base"], shown["uncosted_lines"], shown["margin"]) == (0, 0, 0, 0)
    assert (shown["average"], shown["coverage"]) == (None, 0)


async def test_the_largest_amounts_are_counted(service: ServiceHarness) -> None:
    channel = await a_channel(service, "shop")
    largest = 10**13
    for day in ("2026-02-01", "2026-02-02"):
        await deliver(service, [sale(channel, day, *(Line(W, largest, largest) for _ in range(3)))])
    shown = values((await asked(service))["items"][0])
    assert shown["margin"] == 6 * largest - 6 * largest * W


async def test_channels_are_chosen(service: ServiceHarness) -> None:
    shop = await a_channel(service, "shop")
    await a_channel(service, "web", kind="own_site")
    assert [item["code"] for item in (await asked(service))["items"]] == ["shop", "web"]
    assert [item["code"] for item in (await asked(service, f"{YEAR}&kind=own_site"))["items"]] == ["web"]
    assert [item["code"] for item in (await asked(service, f"{YEAR}&channel_id={shop}"))["items"]] == ["shop"]
    assert (await asked(service, f"{YEAR}&channel_id={shop}&kind=distributor"))["items"] == []
    unknown = await service.get(f"{PATH}?{YEAR}&channel_id={new_id()}")
    assert (unknown.status_code, codes(unknown.json())) == (422, ["channel_id"]), "nothing of nobody"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-02-02&to=2026-02-01", "to"),
        ("from=2026-01-01&to=2199-01-01", "to"),
        ("from=2001-01-01&to=2026-01-01", "to"),
        ("from=2026-01-01", "to"),
        ("to=2026-01-01", "from"),
        ("from=yesterday&to=2026-01-01", "from"),
        (f"{YEAR}&kind=pigeon", "kind"),
        (f"{YEAR}&score=1", "score"),
    ],
)
async def test_a_malformed_query_names_its_field(service: ServiceHarness, query: str, field: str) -> None:
    answer = await service.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (400, "bad-query", [field])


@pytest.mark.parametrize(
    ("role", "status"), [("sales_manager", 200), ("auditor", 200), ("sales_rep", 403), ("risk_officer", 403)]
)
async def test_who_sees_costs_sees_what_comes_of_them(service: ServiceHarness, role: str, status: int) -> None:
    assert (await service.get(f"{PATH}?{YEAR}", headers=service.headers("x", role))).status_code == status


async def test_nothing_is_answered_while_sales_are_being_filled(service: ServiceHarness) -> None:
    async with service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('sales', 1, 'building')")
    answer = await service.get(f"{PATH}?{YEAR}")
    assert (answer.status_code, answer.json()["code"]) == (503, "projection-building")
