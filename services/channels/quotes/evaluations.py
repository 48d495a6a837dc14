"""What terms come to for an account at a moment: everything that decides is read, the evaluator computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from kit.clock import business_date
from kit.errors import FieldError, NotFound, UnknownReference
from kit.money import MAX_AMOUNT
from kit.work import Work
from services.channels.agreements import service as agreements
from services.channels.channel_policies import service as policies
from services.channels.channels import service as channels
from services.channels.channels.enums import ONLINE_KINDS, ChannelState
from services.channels.competitor_prices import service as competitors
from services.channels.coupons import service as coupons
from services.channels.coupons.models import Coupon
from services.channels.coupons.rules import CouponInvalid
from services.channels.evaluator.carts import Context, GiftValue
from services.channels.evaluator.eligibility import window_at
from services.channels.evaluator.evaluation import evaluate
from services.channels.evaluator.points_phase import redeem
from services.channels.evaluator.prices import Article, AskedLine, Market, price_lines, price_of
from services.channels.evaluator.results import Evaluation
from services.channels.partners import service as partners
from services.channels.partners.enums import PartnerState
from services.channels.points import service as points
from services.channels.price_approvals import service as approvals
from services.channels.price_books import standings as prices
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import Offer, minor_rate
from services.channels.price_books.rules import Buyer
from services.channels.products import service as products
from services.channels.products.models import Product
from services.channels.products.rules import cost_on
from services.channels.promotions import standings as promotions
from services.channels.quotes.access import manual_share_of
from services.channels.quotes.changes import Found
from services.channels.quotes.rules import (
    ChannelArchived,
    ExchangeRateMissing,
    GiftNotOffered,
    PartnerInactive,
    SkuInactive,
)
from services.channels.quotes.schemas import QuoteContent
from services.channels.sales import service as sales
from services.channels.sales.models import AccountFact
from services.channels.tier_evaluations import standings as tiers
from services.channels.traits import service as traits
from services.channels.traits.models import Traits


class Ask(NamedTuple):
    """Who asks for what, and the moment that decides."""

    account: AccountFact
    partner_id: UUID | None
    content: QuoteContent
    moment: datetime


@dataclass(frozen=True, slots=True)
class _Goods:
    """Products by their own sku, as articles, and the prices' market; own spelling of the skus that were asked for."""

    products: Mapping[str, Product]
    articles: Mapping[str, Article]
    market: Market
    rate: str
    spelt: Mapping[str, str]


async def find_terms(work: Work, ask: Ask) -> Found:
    """What the terms come to. Raises UnknownReference, PartnerInactive, ChannelArchived, SkuInactive, GiftNotOffered,
    ExchangeRateMissing, PriceMissing, AmountOverflow, DiscountTooLarge, CouponInvalid, TooFewPoints, PointsUnfit."""
    content, day = ask.content, business_date(work.settings.timezone, ask.moment)
    await _check_ways(work, ask)
    rules = await promotions.standing_rules(work)
    known = await traits.traits_of(work, ask.account.id)
    tier = await tiers.tier_on(work, ask.partner_id, day)
    buyer = _buyer(ask, day, known, tier.level)
    held = await _coupons(work, ask, buyer, rules)
    goods = await _goods(work, ask, buyer, [gift.sku for gift in rules.gifts().values()])
    skus = sorted({*goods.spelt.values()})
    approved = await approvals.approvals_for(work, skus, content.currency, day, known.also, ask.partner_id)
    units = {sku: one.min_unit_net for sku, one in approved.items()}
    market = replace(await _agreed(work, ask, goods, day), tier=tier.discount, approved=units)
    asked = [AskedLine(goods.spelt[line.sku], line.quantity, line.manual_discount) for line in content.lines]
    priced, found = price_lines(asked, goods.articles, buyer, market)
    taken = [rules.named(code) for code in content.gifts]
    context = replace(
        await _context(work, ask, buyer, known),
        to_base=market.rates[content.currency],
        declined=frozenset(rules.named(code) for code in content.declined),
        gifts=frozenset(taken),
        gift_values=_gift_values(goods, buyer, rules),
        coupons=frozenset(held),
    )
    evaluation = evaluate(context, priced, rules.compiled, rules.left())
    _check_gifts(taken, evaluation)
    evaluation, redeemed = await _redeem(work, ask, day, evaluation)
    used = {one.code for one in evaluation.used}
    return Found(
        quote_date=day,
        rate=goods.rate,
        to_base=market.rates[content.currency],
        articles=goods.articles,
        prices=found,
        priced=priced,
        reasons=[line.reason for line in content.lines],
        evaluation=evaluation,
        approved=approved,
        tier_end=tier.last_day,
        promotion_ids={code: one.promotion_id for code, one in rules.limits.items()},
        coupon_ids=tuple(sorted(one.id for code, one in held.items() if code in used)),
        redeemed=redeemed,
    )


def _buyer(ask: Ask, day: date, known: Traits, tier: str | None) -> Buyer:
    return Buyer(
        day,
        account_id=ask.account.id,
        partner_id=ask.partner_id,
        tier=tier,
        channel_id=ask.content.channel_id,
        region=ask.account.region,
        grade=known.grade,
        segment_ids=known.segment_ids,
        also=known.also,
    )


async def _agreed(work: Work, ask: Ask, goods: _Goods, day: date) -> Market:
    """The market with what agreements of the partner take off product lines where the account is."""
    channel_id = ask.content.channel_id
    kind = None if channel_id is None else (await channels.require_channel(work, channel_id)).kind
    way = None if kind is None else "online" if kind in ONLINE_KINDS else "offline"
    shares = await agreements.discounts_on(work, ask.partner_id, day, ask.account.region, way)
    lines = {one.product_line: shares.get(one.product_line.lower()) for one in goods.articles.values()}
    given = {line: share for line, share in lines.items() if share is not None}
    ends = {line: one.end for line, one in given.items() if one.end is not None}
    return replace(goods.market, agreement={line: one.share for line, one in given.items()}, agreement_ends=ends)


async def _redeem(
    work: Work, ask: Ask, day: date, evaluation: Evaluation
) -> tuple[Evaluation, points.Redeemable | None]:
    content = ask.content
    if not content.points:
        return evaluation, None
    by = points.Buyer(ask.account.id, content.currency, day, content.points_programme_id)
    redeemed = await points.redeemable(work, by, content.points, evaluation.net)
    return redeem(evaluation, redeemed.value), redeemed


async def _coupons(work: Work, ask: Ask, buyer: Buyer, rules: promotions.Standing) -> dict[str, Coupon]:
    """Coupons by the code of their promotion, each of another one, that counts at the moment and for the account."""
    codes = {one.promotion_id: code for code, one in rules.limits.items()}
    named = {ready.rule.code: ready.rule for ready in rules.compiled.rules} if ask.content.coupon_codes else {}
    held: dict[str, Coupon] = {}
    faults = []
    for number, coupon in enumerate(await coupons.find_coupons(work, ask.content.coupon_codes)):
        code = None if coupon is None else codes.get(coupon.promotion_id)
        rule = None if code is None else named.get(code)
        counts = rule is not None and rule.is_active and (not rule.windows or window_at(rule, ask.moment) is not None)
        is_theirs = rule is not None and (not rule.audience.account_ids or buyer.is_one_of(rule.audience.account_ids))
        if coupon is None or rule is None or not counts or not is_theirs or coupon.order_id or rule.code in held:
            faults.append(FieldError(f"/coupon_codes/{number}", CouponInvalid.code, CouponInvalid.title))
        else:
            held[rule.code] = coupon
    if faults:
        raise CouponInvalid(errors=faults)
    return held


async def _check_ways(work: Work, ask: Ask) -> None:
    """Partner and channel, where there are any, must be known and open for sales."""
    if ask.partner_id is not None:
        try:
            partner = await partners.require_partner(work, ask.partner_id)
        except NotFound:
            raise _unknown("/partner_id", "no such partner") from None
        if partner.state is not PartnerState.ACTIVE:
            raise PartnerInactive(errors=[FieldError("/partner_id", PartnerInactive.code, PartnerInactive.title)])
    if ask.content.channel_id is not None:
        try:
            channel = await channels.require_channel(work, ask.content.channel_id)
        except NotFound:
            raise _unknown("/channel_id", "no such channel") from None
        if channel.state is ChannelState.ARCHIVED:
            raise ChannelArchived(errors=[FieldError("/channel_id", ChannelArchived.code, ChannelArchived.title)])


def _unknown(pointer: str, detail: str) -> UnknownReference:
    return UnknownReference(detail, errors=[FieldError(pointer, UnknownReference.code, detail)])


async def _goods(work: Work, ask: Ask, buyer: Buyer, gifts: Sequence[str]) -> _Goods:
    lines = ask.content.lines
    named = await products.products_by_sku(work, sorted({*(line.sku for line in lines), *gifts}))
    _check_products([line.sku for line in lines], named)
    own = {product.sku: product for product in named.values()}
    product_lines = sorted({product.product_line for product in own.values()})
    standing = await prices.standing_entries(work, sorted(own), product_lines, buyer)
    entries = {sku: standing.of(sku, product.product_line) for sku, product in own.items()}
    compared = sorted(
        sku for sku, found in entries.items() if any(e.method.method is PriceMethod.MARKET for e in found)
    )
    offers = await competitors.offers_on(work, compared, buyer.day)
    texts, rates = await _rates(work, ask.content.currency, offers, buyer.day)
    articles = {
        sku: Article(sku, one.product_line, cost_on(one.costs, buyer.day), entries[sku], offers.get(sku, ()))
        for sku, one in own.items()
    }
    market = Market(ask.content.currency, rates, standing.min_markups)
    spelt = {line.sku: named[line.sku].sku for line in lines}
    return _Goods(own, articles, market, texts, spelt)


def _check_products(skus: Sequence[str], named: Mapping[str, Product]) -> None:
    absent = [n for n, sku in enumerate(skus) if sku not in named]
    if absent:
        errors = [FieldError(f"/lines/{n}/sku", UnknownReference.code, "no product of this sku") for n in absent[:100]]
        raise UnknownReference(errors=errors)
    stopped = [n for n, sku in enumerate(skus) if not named[sku].is_active]
    if stopped:
        raise SkuInactive(errors=[FieldError(f"/lines/{n}/sku", SkuInactive.code, "not sold") for n in stopped[:100]])


async def _rates(
    work: Work, currency: str, offers: Mapping[str, Sequence[Offer]], day: date
) -> tuple[str, dict[str, Fraction]]:
    """The rate of the currency as text, and of all currencies that are known exactly."""
    currencies = {currency, *(offer.currency for found in offers.values() for offer in found)}
    texts = await sales.rates_on(work, sorted(currencies), day)
    if currency not in texts:
        detail = f"none of {currency} on {day}"
        raise ExchangeRateMissing(detail, errors=[FieldError("/currency", ExchangeRateMissing.code, detail)])
    return texts[currency], {code: minor_rate(rate, code, work.base_currency) for code, rate in texts.items()}


async def _context(work: Work, ask: Ask, buyer: Buyer, known: Traits) -> Context:
    day = buyer.day
    ordered = await sales.ordered_by(work, sorted(known.also))
    last = ordered.last_order_date
    return Context(
        currency=ask.content.currency,
        moment=ask.moment,
        buyer=buyer,
        customer_type=ask.account.customer_type,
        lifecycle_stage=known.stage,
        has_ordered=ordered.keeps_an_order,
        is_member=await points.is_member(work, ask.account.id),
        quiet_days=None if last is None else (day - last).days,
        payment_terms_days=ask.content.payment_terms_days,
        manual_share=manual_share_of(work.actor, await policies.discounts_on(work, day)),
    )


def _gift_values(goods: _Goods, buyer: Buyer, rules: promotions.Standing) -> dict[str, GiftValue]:
    """What gifts are worth; one without a price, a known cost, or that is not sold is not offered."""
    found = {}
    for gift in rules.gifts().values():
        product = goods.products.get(gift.sku)
        if product is None or not product.is_active:
            continue
        article = goods.articles[gift.sku]
        price = price_of(article, 1, buyer, goods.market)
        if price is None or article.cost_base is None:
            continue
        if max(price.list_price, article.cost_base) * gift.quantity <= MAX_AMOUNT:
            found[gift.sku] = GiftValue(price.list_price, article.cost_base)
    return found


def _check_gifts(taken: Sequence[str], evaluation: Evaluation) -> None:
    offered = {one.code for one in evaluation.offered}
    faults = [n for n, code in enumerate(taken) if code not in offered]
    if faults:
        raise GiftNotOffered(errors=[FieldError(f"/gifts/{n}", GiftNotOffered.code, "not offered") for n in faults])
