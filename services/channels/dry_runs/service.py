"""What a promotion would have given of the sales of the last 90 days, for who approves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from kit import clock
from kit.money import SHARE_WHOLE, ratio
from kit.work import Work
from services.channels.dry_runs import repository
from services.channels.dry_runs.repository import SampledOrder
from services.channels.dry_runs.schemas import PromotionDryRunRead
from services.channels.evaluator.carts import Context, PricedLine
from services.channels.evaluator.compiled import compile_rules
from services.channels.evaluator.evaluation import evaluate
from services.channels.price_books.rules import Buyer
from services.channels.promotion_groups import service as groups
from services.channels.promotions import service as promotions
from services.channels.promotions.terms import rule_of
from services.channels.tier_evaluations import standings as tiers

DAYS: Final = 90
MOST_ORDERS: Final = 2_000
"""Orders that are looked at, so that whoever asks need not wait for a job."""
PROJECTIONS: Final = ("sales", "account_fact", "account_redirect", "account_grade", "account_stage", "account_segment")
"""What the answers are read from."""


async def dry_run(work: Work, promotion_id: UUID) -> PromotionDryRunRead:
    """What a promotion, in whatever state, would have given; raises NotFound."""
    promotion = await promotions.require_promotion(work, promotion_id)
    group = (await groups.groups_by_id(work, [promotion.group_id]))[promotion.group_id]
    rule = replace(rule_of(promotion, group), is_active=True, windows=(), needs_coupon=False, payment_terms_max=None)
    compiled = compile_rules([rule])
    first, last = work.today - timedelta(days=DAYS), work.today - timedelta(days=1)
    orders = await repository.sample(work.tx, first, last, MOST_ORDERS)
    asked = {(one.partner_id, one.order_date) for one in orders if one.partner_id is not None}
    levels = await tiers.levels_on(work, asked)
    discounts: list[tuple[SampledOrder, int, int]] = []
    for one in orders:
        tier = None if one.partner_id is None else levels.get((one.partner_id, one.order_date))
        lines = _lines(one)
        given = evaluate(_context(work, one, tier), lines, compiled).discount if lines else 0
        if given:
            discounts.append((one, given, sum(line.amount for line in lines)))
    total, count = sum(given for _one, given, _net in discounts), orders[0].orders if orders else 0
    net = sum(amount for _one, _given, amount in discounts)
    return PromotionDryRunRead(
        promotion_id=promotion.id,
        first=first,
        last=last,
        orders=count,
        looked_at=len(orders),
        reached=len(discounts),
        accounts=len({one.account_id for one, _given, _net in discounts}),
        net_base=net,
        discount_base=total,
        discount_share=ratio(SHARE_WHOLE, total, net) if net else None,
        estimated_base=ratio(total, count, len(orders)) if orders else 0,
    )


def _lines(order: SampledOrder) -> list[PricedLine]:
    """Kept pieces at what each cost, in base currency; fractions of a unit are left out."""
    found = []
    for line in order.lines:
        price = line.net // line.quantity
        found.append(PricedLine(line.sku, line.product_line or "", line.quantity, price, price))
    return found


def _context(work: Work, order: SampledOrder, tier: str | None) -> Context:
    buyer = Buyer(
        order.order_date,
        account_id=order.account_id,
        partner_id=order.partner_id,
        tier=tier,
        segment_ids=frozenset(order.segment_ids),
        grade=order.grade,
        channel_id=order.channel_id,
        region=order.region,
    )
    return Context(
        currency=work.base_currency,
        moment=clock.start_of_day(work.settings.timezone, order.order_date),
        buyer=buyer,
        customer_type=order.customer_type,
        lifecycle_stage=order.stage,
        has_ordered=order.before is not None,
        quiet_days=None if order.before is None else (order.order_date - order.before).days,
        is_member=order.is_member,
    )
