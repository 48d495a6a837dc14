"""A preview of a quote as the service makes it, on a database: what `bench.quotes` adds to the evaluator alone."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

from bench.servers import Servers
from kit.db.database import Database, DatabaseSettings, Tx
from kit.db.migrate import upgrade
from kit.db.rows import insert_rows
from kit.records import fresh
from kit.work import system_work
from services.channels.evaluator.rewards import Phase
from services.channels.price_books.enums import BookState, PriceMethod
from services.channels.price_books.models import PriceBook, PriceEntry
from services.channels.products.models import Product
from services.channels.promotion_groups.enums import GroupPer
from services.channels.promotion_groups.models import PromotionGroup
from services.channels.promotions.enums import PromotionGoal, PromotionKind, PromotionState
from services.channels.promotions.models import Promotion
from services.channels.promotions.repository import raise_counter
from services.channels.quotes.schemas import QuoteLineBody, QuotePreview
from services.channels.quotes.service import preview_quote
from services.channels.sales.models import AccountFact
from services.channels.settings import Settings

SKUS, LINES = 200, 10
GROUPS = {Phase.LINE: 2, Phase.SET: 1, Phase.ORDER: 1}
"""Few: a quote has at most 500 pairs of a line and a promotion."""
ACCOUNT = UUID(int=1)
NOW = datetime(2026, 2, 12, 12, tzinfo=UTC)
REWARDS: dict[Phase, list[tuple[str, dict[str, Any]]]] = {
    Phase.LINE: [
        ("cash_off", {"type": "line_rate", "share": 50_000}),
        ("cash_off", {"type": "line_amount", "amounts": {"USD": 70}}),
        ("quantity", {"type": "ladder", "rungs": [{"min_quantity": 2, "share": 20_000}]}),
    ],
    Phase.SET: [("nth_piece", {"type": "nth_piece", "pieces": 3, "reduced": 1, "share": 500_000})],
    Phase.ORDER: [
        ("cash_off", {"type": "order_rate", "share": 20_000, "spends": {}}),
        ("spend", {"type": "spend_every", "steps": {"USD": {"spend": 50_000, "amount": 900}}}),
    ],
}


async def prepare(servers: Servers, rules: int) -> Database:
    """A channels database with products, a price for each, and so many promotions."""
    name = f"bench_quotes_{rules}"
    await servers.postgres.ensure_database(name)
    settings = DatabaseSettings(connect=servers.database(name), name="channels")
    await upgrade("channels", settings)
    db = Database(settings)
    async with db.transaction() as tx:
        await _fill(tx, rules)
    return db


async def _fill(tx: Tx, rules: int) -> None:
    skus = [f"S{number}" for number in range(SKUS)]
    products = [
        Product(**fresh(), sku=sku, name=sku, product_line=f"L{number % LINES}", is_active=True)
        for number, sku in enumerate(skus)
    ]
    book = PriceBook(
        **fresh(),
        code="LIST",
        book_version=1,
        name="List",
        currency="USD",
        round_to=1,
        ending=0,
        min_markup=0,
        valid_from=date(2026, 1, 1),
        state=BookState.PUBLISHED,
        published_by="bench",
        published_on=date(2026, 1, 1),
    )
    await insert_rows(tx, Product, products)
    await insert_rows(tx, PriceBook, [book])
    await insert_rows(tx, PriceEntry, [_entry(book, number, sku) for number, sku in enumerate(skus)])
    groups = {
        (phase, number): PromotionGroup(
            **fresh(), code=f"{phase}-{number}", name="Group", phase=phase, per=GroupPer.QUOTE
        )
        for phase in REWARDS
        for number in range(GROUPS[phase])
    }
    await insert_rows(tx, PromotionGroup, list(groups.values()))
    draw = Random(rules)
    await insert_rows(tx, Promotion, [_promotion(draw, number, groups) for number in range(rules)])
    await raise_counter(tx)
    buyer = AccountFact(
        id=ACCOUNT,
        stream_key=ACCOUNT,
        owner_id=None,
        name_key=None,
        region="CN-SH",
        country="CN",
        customer_type="new",
        is_archived=False,
        version=1,
    )
    await insert_rows(tx, AccountFact, [buyer])


def _entry(book: PriceBook, number: int, sku: str) -> PriceEntry:
    terms = {"method": PriceMethod.FIXED, "breaks": [{"min_quantity": 1, "unit_price": 500 + 37 * number}]}
    nobody = dict.fromkeys(
        ("product_line", "account_id", "partner_id", "tier", "segment_id", "grade", "channel_id", "region", "markup")
    )
    more = dict.fromkeys(("position", "min_sources", "adjustment", "valid_from", "valid_to"))
    own = {"id": fresh()["id"], "book_id": book.id, "code": sku, "currency": "USD", "sku": sku, "cell": sku}
    return PriceEntry.model_validate({**nobody, **more, **own, **terms, "final": False})


def _promotion(draw: Random, number: int, groups: dict[tuple[Phase, int], PromotionGroup]) -> Promotion:
    """Line rewards mostly; a third each for a product, a product line, everything."""
    phase = draw.choices((Phase.LINE, Phase.SET, Phase.ORDER), (70, 8, 22))[0]
    kind, reward = draw.choice(REWARDS[phase])
    named: tuple[dict[str, list[str]], ...] = (
        {"skus": [f"S{draw.randrange(SKUS)}"]},
        {"product_lines": [f"L{draw.randrange(LINES)}"]},
        {},
    )
    values = {
        **fresh(),
        "code": f"P{number:06}",
        "name": "Promotion",
        "goal": PromotionGoal.SALES,
        "kind": PromotionKind(kind),
        "reward": reward,
        "products": draw.choice(named),
        "audience": {"grades": ["A"]} if draw.random() < 0.3 else {},
        "windows": [{"starts_at": NOW, "ends_at": None}],
        "starts_at": NOW,
        "ends_at": None,
        "payment_terms_max": None,
        "quiet_days": 180,
        "group_id": groups[phase, draw.randrange(GROUPS[phase])].id,
        "solo": draw.random() < 0.1,
        "needs_coupon": False,
        "below_floor": False,
        "max_discount": {},
        "max_times": None,
        "budget_base": 10**6 if draw.random() < 0.2 else None,
        "uses": None,
        "uses_per_account": None,
        "tasks": (),
        "channel_notes": "",
        "state": PromotionState.ACTIVE,
        "created_by": "bench",
        "approved_by": "other",
    }
    return Promotion.model_validate(values)


async def previews(db: Database, lines: int, repeat: int) -> tuple[float, list[float]]:
    """Milliseconds of the first preview, which compiles the rules, and of those that follow."""
    draw = Random(lines)
    chosen = draw.sample(range(SKUS), lines)
    asked = [QuoteLineBody(sku=f"S{number}", quantity=draw.randint(1, 30)) for number in chosen]
    body = QuotePreview(account_id=ACCOUNT, currency="USD", lines=asked, at=NOW)
    found = []
    for _ in range(repeat + 4):
        async with db.reading() as tx:
            began = time.perf_counter()
            await preview_quote(system_work(tx, "channels", Settings()), body)
            found.append((time.perf_counter() - began) * 1000)
    return found[0], found[4:]
