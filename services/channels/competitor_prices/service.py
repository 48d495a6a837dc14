"""Use cases of what competitors ask: entered one by one or in batches, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from kit import clock
from kit.db.text_keys import fold_code
from kit.errors import FieldError, Invalid, Taken, UnknownReference
from kit.ids import new_id
from kit.security import audit
from kit.security.audit import AuditEntry
from kit.web.batch import Results, decide_rows, settled
from kit.work import Work
from services.channels.competitor_prices import repository
from services.channels.competitor_prices.models import CompetitorPrice
from services.channels.competitor_prices.schemas import CompetitorPriceCreate
from services.channels.price_books.pricing import MARKET_DAYS, Offer
from services.channels.products import service as products

NOUN = "competitor-price"
_SAID = {"sku", "competitor", "price", "currency", "observed_on", "source"}
Key = tuple[str, str, date]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Own spelling of the skus that are named; what is known by it, key of the competitor and day; what is to be
    added."""

    skus: dict[str, str]
    known: dict[Key, CompetitorPrice]
    added: list[CompetitorPrice] = field(default_factory=list)


async def create_price(work: Work, data: CompetitorPriceCreate) -> CompetitorPrice:
    """Enter what a competitor asked; raises UnknownReference, Taken for a day that has its price."""
    made: list[CompetitorPrice] = []

    async def enter() -> None:
        attempt = await _prepare(work, [data])
        status, price = _decide(work, attempt, data)
        if status != "created":
            raise Taken(NOUN, "observed_on", price.id)
        await _write(work, attempt)
        made[:] = [price]

    await settled(work.tx, enter)
    return made[0]


async def add_prices(work: Work, rows: Sequence[tuple[int, CompetitorPriceCreate]], results: Results) -> None:
    """Enter prices by product, competitor and day: the same again is unchanged, another one of a day is refused."""

    def decide(attempt: Attempt, data: CompetitorPriceCreate) -> tuple[str, UUID]:
        status, price = _decide(work, attempt, data)
        return status, price.id

    await decide_rows(
        work.tx,
        rows,
        results,
        lambda: _prepare(work, [data for _index, data in rows]),
        decide,
        lambda attempt: _write(work, attempt),
    )


async def _prepare(work: Work, rows: Sequence[CompetitorPriceCreate]) -> Attempt:
    found = await products.products_by_sku(work, [row.sku for row in rows], lock=True)
    skus = {sku: product.sku for sku, product in found.items()}
    known = await repository.list_of_days(work.tx, sorted(skus.values()), sorted({row.observed_on for row in rows}))
    return Attempt(skus, {(price.sku, fold_code(price.competitor), price.observed_on): price for price in known})


def _decide(work: Work, attempt: Attempt, data: CompetitorPriceCreate) -> tuple[str, CompetitorPrice]:
    """`created` or `unchanged`, and the price; what is created is noted in the attempt."""
    sku = attempt.skus.get(data.sku)
    if sku is None:
        raise UnknownReference(errors=[FieldError("/sku", "unknown-reference", "no product of this sku")])
    said = data.model_dump() | {"sku": sku}
    if data.observed_on > work.today:
        raise Invalid("not seen yet", errors=[FieldError("/observed_on", "in-future", f"today is {work.today}")])
    key = (sku, fold_code(data.competitor), data.observed_on)
    found = attempt.known.get(key)
    if found is not None:
        said["competitor"] = found.competitor
        if all(getattr(found, name) == said[name] for name in _SAID):
            return "unchanged", found
        raise Taken(NOUN, "observed_on", found.id)
    price = CompetitorPrice(**said, id=new_id(), created_by=work.actor.subject, created_at=clock.now())
    attempt.known[key] = price
    attempt.added.append(price)
    return "created", price


async def _write(work: Work, attempt: Attempt) -> None:
    await repository.add_prices(work.tx, attempt.added)
    entries = [
        AuditEntry(
            actor=work.actor.subject,
            roles=sorted(work.actor.roles),
            action="create",
            resource="competitor_price",
            resource_id=str(price.id),
            before=None,
            after=price.model_dump(mode="json", include=_SAID),
            reason="",
        )
        for price in attempt.added
    ]
    await audit.record_many(work.tx, entries, key=work.secret)


async def offers_on(work: Work, skus: Sequence[str], day: date) -> dict[str, tuple[Offer, ...]]:
    """The latest offer of each competitor for these products that is not too old on a day, by sku."""
    found: dict[str, list[Offer]] = {}
    if skus:
        first = day - timedelta(days=MARKET_DAYS)
        for one in await repository.latest_between(work.tx, skus, first, day):
            found.setdefault(one.sku, []).append(Offer(*one[1:]))
    return {sku: tuple(offers) for sku, offers in found.items()}
