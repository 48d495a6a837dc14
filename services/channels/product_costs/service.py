"""Use cases of costs: appended one by one or in batches, under the locks of their products, which tell of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from kit import clock
from kit.errors import Conflict, FieldError, Taken, UnknownReference
from kit.ids import new_id
from kit.security import audit
from kit.security.audit import AuditEntry
from kit.web.batch import Results, decide_rows
from kit.work import Work
from services.channels.product_costs import repository
from services.channels.product_costs.models import ProductCost
from services.channels.product_costs.rules import full_cost
from services.channels.product_costs.schemas import ProductCostCreate
from services.channels.products import service as products
from services.channels.products.models import CostStep, Product

NOUN = "product-cost"
MAX_COSTS = 1000
"""Dated costs of a product: an event of the product carries them all."""
_AUDITED = {"sku", "valid_from", "direct_base", "indirect_base", "indirect_share"}


class TooManyCosts(Conflict):
    code, title = "too-many-costs", f"A product has at most {MAX_COSTS} dated costs"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Products by sku as it is named (locked), costs known by the product's own sku and day, and those to be added."""

    known_products: dict[str, Product]
    known: dict[tuple[str, date], ProductCost]
    added: dict[str, list[ProductCost]] = field(default_factory=lambda: defaultdict(list))


async def create_cost(work: Work, data: ProductCostCreate) -> ProductCost:
    """Append a cost; raises UnknownReference, Taken for a day that has one, TooManyCosts, IndirectTwice,
    AmountOverflow."""
    attempt = await _prepare(work, [data])
    status, cost = _decide(work, attempt, data)
    if status != "created":
        raise Taken(NOUN, "valid_from", cost.id)
    await _write(work, attempt)
    return cost


async def append_costs(work: Work, rows: Sequence[tuple[int, ProductCostCreate]], results: Results) -> None:
    """Append costs by sku and day: the same again is unchanged, another cost of a day that has one is refused."""

    def decide(attempt: Attempt, data: ProductCostCreate) -> tuple[str, UUID]:
        status, cost = _decide(work, attempt, data)
        return status, cost.id

    await decide_rows(
        work.tx,
        rows,
        results,
        lambda: _prepare(work, [data for _index, data in rows]),
        decide,
        lambda attempt: _write(work, attempt),
    )


async def _prepare(work: Work, rows: Sequence[ProductCostCreate]) -> Attempt:
    found = await products.products_by_sku(work, [row.sku for row in rows], lock=True)
    skus, days = sorted({row.sku for row in found.values()}), sorted({row.valid_from for row in rows})
    known = await repository.list_of_days(work.tx, skus, days)
    return Attempt(found, {(cost.sku, cost.valid_from): cost for cost in known})


def _decide(work: Work, attempt: Attempt, data: ProductCostCreate) -> tuple[str, ProductCost]:
    """`created` or `unchanged`, and the cost; what is created is noted in the attempt."""
    product = attempt.known_products.get(data.sku)
    if product is None:
        raise UnknownReference(errors=[FieldError("/sku", "unknown-reference", "no product of this sku")])
    cost = _new(work, product, data)
    found = attempt.known.get((product.sku, data.valid_from))
    if found is not None:
        if all(getattr(found, name) == getattr(cost, name) for name in _AUDITED):
            return "unchanged", found
        raise Taken(NOUN, "valid_from", found.id)
    if len(product.costs) + len(attempt.added[product.sku]) >= MAX_COSTS:
        raise TooManyCosts()
    attempt.known[product.sku, data.valid_from] = cost
    attempt.added[product.sku].append(cost)
    return "created", cost


def _new(work: Work, product: Product, data: ProductCostCreate) -> ProductCost:
    cost = full_cost(data.direct_base, data.indirect_base, data.indirect_share)
    return ProductCost(
        id=new_id(),
        product_id=product.id,
        sku=product.sku,
        valid_from=data.valid_from,
        direct_base=data.direct_base,
        indirect_base=cost.indirect,
        indirect_share=data.indirect_share,
        unit_cost_base=cost.full,
        created_by=work.actor.subject,
        created_at=clock.now(),
    )


async def _write(work: Work, attempt: Attempt) -> None:
    added = {sku: costs for sku, costs in attempt.added.items() if costs}
    written = [cost for costs in added.values() for cost in costs]
    await repository.add_costs(work.tx, written)
    steps = {
        sku: [CostStep(valid_from=cost.valid_from, unit_cost_base=cost.unit_cost_base) for cost in costs]
        for sku, costs in added.items()
    }
    await products.add_costs(work, steps, {product.sku: product for product in attempt.known_products.values()})
    entries = [
        AuditEntry(
            actor=work.actor.subject,
            roles=sorted(work.actor.roles),
            action="create",
            resource="product_cost",
            resource_id=str(cost.id),
            before=None,
            after=cost.model_dump(mode="json", include=_AUDITED),
            reason="",
        )
        for cost in written
    ]
    await audit.record_many(work.tx, entries, key=work.secret)
