"""Channels' side: prices, two promotions and their budgets, points, partners on their way to a level, a conflict.

Two quotes of an account of its own become orders of today, through two partners: these are what uses the promotions,
earns the points and is in conflict. The load's table counts them as other orders.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cli.load.cdnow import CURRENCY, quarter_bounds
from cli.load.client import Api
from cli.load.organisation import seller_code
from cli.showcase import steps
from cli.showcase.steps import Law

SOURCE = "showcase"
QUARTER = "1998Q1"
BOOK = "LIST"
SKU, LINE = "CD-ROCK", "rock"
CUSTOMER = "Showcase customer"
ORDERS = (("P-001", 10), ("P-002", 6))
GROUPS = (("SHOW-LINES", "line"), ("SHOW-ORDERS", "order"))
PROMOTIONS: tuple[dict[str, Any], ...] = (
    {
        "code": "SHOW-ROCK",
        "name": "A tenth off rock",
        "goal": "sales",
        "kind": "cash_off",
        "reward": {"type": "line_rate", "share": 100_000},
        "budget_base": 10_000,
    },
    {
        "code": "SHOW-SPEND",
        "name": "5.00 off orders of 50.00 and more",
        "goal": "sales",
        "kind": "spend",
        "reward": {"type": "spend_steps", "steps": {CURRENCY: [{"spend": 5_000, "amount": 500}]}},
        "budget_base": 5_000,
    },
)
WINDOW = {"starts_on": "2026-01-01", "ends_on": "2199-12-31"}
CLUB: dict[str, Any] = {
    "code": "SHOW-CLUB",
    "name": "A point for each 1.00, two for rock",
    "points": 1,
    "per_base": 100,
    "factors": [{"factor": 2_000_000, "product_lines": [LINE]}],
    "validity_months": 12,
    "lock_days": 7,
    "valid_from": "2026-01-01",
}
LEVELS: dict[str, Any] = {
    "code": "SHOW-LEVELS",
    "name": "Levels by revenue",
    "valid_from": "1998-01-01",
    "levels": [
        {"code": "bronze", "name": "Bronze", "rank": 1, "thresholds": {"revenue": 10_000}},
        {"code": "silver", "name": "Silver", "rank": 2, "thresholds": {"revenue": 100_000}},
        {"code": "gold", "name": "Gold", "rank": 3, "thresholds": {"revenue": 150_000, "growth": 50_000}},
        {"code": "platinum", "name": "Platinum", "rank": 4, "thresholds": {"revenue": 1_000_000}},
    ],
}
SETTLE_SECONDS = 30.0
SOLD = ("confirmed", "fulfilled", "closed")


@dataclass(frozen=True, slots=True)
class Price:
    """What so many pieces of a product cost each."""

    sku: str
    min_quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What orders took of a promotion."""

    code: str
    name: str
    state: str
    budget_base: int
    reserved_base: int
    committed_base: int
    left_base: int


@dataclass(frozen=True, slots=True)
class Points:
    """What a member has, and what moved it."""

    programme: str
    available: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """What a partner lacks of something that the next level asks for."""

    metric: str
    value: int | None
    threshold: int
    missing: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A partner after the evaluation, and its way to the next level."""

    partner: str
    revenue: int
    level: str | None
    next_level: str | None
    missing: tuple[Lack, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """An order that shows a conflict, with the hash of what was found."""

    subject: str
    found_on: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two partners with one customer, or what else was found of it."""

    number: str
    kind: str
    severity: str
    state: str
    value_base: int
    evidence_count: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ChannelsSide:
    """All that is shown."""

    prices: tuple[Price, ...]
    budgets: tuple[Budget, ...]
    points: Points
    period: str
    standings: tuple[Standing, ...]
    conflicts: tuple[Conflict, ...]

    def laws(self) -> tuple[Law, ...]:
        """What must hold."""
        budgets = [(b.reserved_base + b.committed_base + b.left_base, b.budget_base) for b in self.budgets]
        lacks = [lack for standing in self.standings for lack in standing.missing if lack.metric == "revenue"]
        whole = [(lack.value or 0) + (lack.missing or 0) == lack.threshold for lack in lacks]
        return (
            Law("used and left of a budget make it", all(parts == budget for parts, budget in budgets)),
            Law("both promotions were used", len(budgets) == 2 and all(b.committed_base for b in self.budgets)),
            Law("the entries of a member make its points", sum(self.points.entries) == self.points.available),
            Law("what a partner has and lacks makes the threshold", all(whole)),
            Law("every conflict has its evidence", all(c.evidence_count == len(c.evidence) for c in self.conflicts)),
            Law("two partners with one customer are in conflict", any(is_shared(c) for c in self.conflicts)),
        )


def is_shared(conflict: Conflict) -> bool:
    """Whether it is one of two partners with one customer, shown by both orders."""
    return conflict.kind == "same_customer" and conflict.evidence_count >= len(ORDERS)


async def prepare(api: Api) -> None:
    """Make what is missing."""
    account = await _account(api)
    await _promotions(api, account)
    await _club(api, account)
    orders = [await _order(api, account, number, *order) for number, order in enumerate(ORDERS, start=1)]
    await _deliver(api, orders)
    await _evaluate(api)
    await _settled(api, account)


async def _account(api: Api) -> str:
    owner = await steps.found(api, "/v1/members", code=seller_code(0))
    body = {
        "kind": "organization",
        "name": CUSTOMER,
        "region": "CN-BJ",
        "business_type": "retail",
        "owner_id": owner["id"],
    }
    return str((await steps.ensured(api, "/v1/accounts", "name", body))["id"])


async def _promotions(api: Api, account: str) -> None:
    """Written by the channel manager, approved by the administrator; for the showcase's account alone."""
    writer = api.acting_as("channel-manager")
    for (group, phase), promotion in zip(GROUPS, PROMOTIONS, strict=True):
        found = await steps.ensured(
            writer, "/v1/promotion-groups", "code", {"code": group, "name": group, "phase": phase}
        )
        rest = {
            "group_id": found["id"],
            "products": {"skus": [SKU]},
            "audience": {"account_ids": [account]},
            "windows": [WINDOW],
        }
        made = await steps.ensured(writer, "/v1/promotions", "code", promotion | rest)
        path = f"/v1/promotions/{made['id']}"
        if made["state"] == "draft":
            await api.post(f"{path}/approve")
        await steps.in_state(api, path, ("active", "paused", "ended"), ("approved", "scheduled"))


async def _club(api: Api, account: str) -> None:
    programme = await steps.ensured(api, "/v1/points-programmes", "code", CLUB)
    if await steps.first(api, "/v1/points-accounts", programme_id=programme["id"], account_id=account) is None:

        async def join() -> Any:
            return await api.post(f"/v1/points-programmes/{programme['id']}/join", {"account_id": account})

        await steps.retried("channels knows the account", join)


async def _order(api: Api, account: str, number: int, partner: str, quantity: int) -> str:
    """An order from a quote, under an external id of its own."""
    found = await steps.first(api, "/v1/orders", external_source=SOURCE, external_id=str(number))
    if found is not None:
        return str(found["id"])
    through = await steps.found(api, "/v1/partners", code=partner)
    asked = {"account_id": account, "partner_id": through["id"], "currency": CURRENCY, "payment_terms_days": 30}

    async def offer() -> dict[str, Any]:
        quote: dict[str, Any] = await api.post("/v1/quotes", asked | {"lines": [{"sku": SKU, "quantity": quantity}]})
        return quote

    quote = await steps.retried("channels knows the account", offer)
    names = ("sku", "quantity", "unit_price", "discount")
    lines = [{name: line[name] for name in names} for line in quote["lines"]]
    rest = {
        "external_id": {"source": SOURCE, "id": str(number)},
        "quote_id": quote["id"],
        "lines": lines,
        "place": True,
    }

    async def place() -> dict[str, Any]:
        order: dict[str, Any] = await api.post("/v1/orders", asked | rest)
        return order

    return str((await steps.retried("customer knows partner and product", place))["id"])


async def _deliver(api: Api, orders: list[str]) -> None:
    """What is delivered earns points."""
    for order in orders:
        path = f"/v1/orders/{order}"
        seen = await steps.in_state(api, path, SOLD, ("draft", "placed"))
        if seen["state"] == "confirmed":
            await api.post(f"{path}/fulfil")


async def _evaluate(api: Api) -> None:
    """Levels of partners by a quarter of the sample, published from tomorrow on."""
    writer = api.acting_as("channel-manager")
    programme = await steps.ensured(writer, "/v1/tier-programmes", "code", LEVELS)
    if programme["state"] == "draft":
        await api.post(f"/v1/tier-programmes/{programme['id']}/publish")
    evaluation = await _evaluation(api, programme["id"])
    if evaluation is None:
        first, last = quarter_bounds(QUARTER)
        body = {"programme_id": programme["id"], "period_from": first, "period_to": last}
        evaluation = await writer.post("/v1/tier-evaluations", body)
    path = f"/v1/tier-evaluations/{evaluation['id']}"
    seen = await steps.in_state(api, path, ("previewed", "published"), ("calculating", "publishing"))
    if seen["state"] == "previewed":
        partner = await steps.found(api, "/v1/partners", code=ORDERS[0][0])
        today = date.fromisoformat((await api.get(f"/v1/partners/{partner['id']}/tier"))["as_of"])
        await api.post(f"{path}/publish", {"effective_from": today + timedelta(1)})
        await steps.in_state(api, path, ("published",), ("previewed", "publishing"))


async def _evaluation(api: Api, programme: str) -> dict[str, Any] | None:
    found = api.pages("/v1/tier-evaluations", programme_id=programme)
    return next((item for item in [each async for each in found] if item["state"] != "cancelled"), None)


async def _settled(api: Api, account: str) -> None:
    """Wait for what the orders lead to by events; what does not come is what a law says then."""

    async def seen() -> bool | None:
        entries = (await _points(api, account)).entries
        budgets = [await _budget(api, promotion["code"]) for promotion in PROMOTIONS]
        conflicts = [item async for item in api.pages("/v1/conflicts", account_id=account, kind="same_customer")]
        used = all(budget.committed_base for budget in budgets)
        return True if used and len(entries) >= len(ORDERS) and conflicts else None

    with suppress(steps.ShowcaseFailed):
        await steps.until("promotions, points and the conflict show the orders", seen, SETTLE_SECONDS)


async def show(api: Api) -> ChannelsSide:
    """Read what is shown."""
    account = await _account(api)
    conflicts = [item async for item in api.pages("/v1/conflicts", account_id=account)]
    return ChannelsSide(
        prices=await _prices(api),
        budgets=tuple([await _budget(api, promotion["code"]) for promotion in PROMOTIONS]),
        points=await _points(api, account),
        period=QUARTER,
        standings=await _standings(api),
        conflicts=tuple([await _conflict(api, item) for item in conflicts]),
    )


async def _prices(api: Api) -> tuple[Price, ...]:
    book = await steps.found(api, "/v1/price-books", code=BOOK)
    entries = [item async for item in api.pages(f"/v1/price-books/{book['id']}/entries")]
    prices = [
        Price(entry["sku"], step["min_quantity"], step["unit_price"]) for entry in entries for step in entry["breaks"]
    ]
    return tuple(sorted(prices, key=lambda price: (price.sku, price.min_quantity)))


async def _budget(api: Api, code: str) -> Budget:
    promotion = await steps.found(api, "/v1/promotions", code=code)
    budget = await api.get(f"/v1/promotions/{promotion['id']}/budget")
    return steps.row_of(Budget, {**promotion, **budget})


async def _points(api: Api, account: str) -> Points:
    programme = await steps.found(api, "/v1/points-programmes", code=CLUB["code"])
    member = await steps.found(api, "/v1/points-accounts", programme_id=programme["id"], account_id=account)
    path = f"/v1/points-accounts/{member['id']}"
    entries = [item["points"] async for item in api.pages(f"{path}/entries")]
    return Points(programme["name"], (await api.get(path))["available"], tuple(reversed(entries)))


async def _standings(api: Api) -> tuple[Standing, ...]:
    programme = await steps.found(api, "/v1/tier-programmes", code=LEVELS["code"])
    evaluation = await _evaluation(api, programme["id"])
    if evaluation is None:
        raise steps.ShowcaseFailed("there is no evaluation of partners")
    names = {item["id"]: item["name"] async for item in api.pages("/v1/partners")}
    return tuple(
        [
            Standing(
                partner=names[item["partner_id"]],
                revenue=item["revenue"],
                level=item["new_level"],
                next_level=item["next_level"],
                missing=steps.rows_of(Lack, item["missing"]),
            )
            async for item in api.pages(f"/v1/tier-evaluations/{evaluation['id']}/results", sort="-revenue")
        ]
    )


async def _conflict(api: Api, item: dict[str, Any]) -> Conflict:
    evidence = (await api.get(f"/v1/conflicts/{item['id']}/evidence"))["items"]
    return steps.row_of(Conflict, {**item, "evidence": steps.rows_of(Evidence, evidence)})
