"""Whether a rule may count at all, before what the cart costs is looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from services.channels.evaluator.carts import Context, Left
from services.channels.evaluator.results import Reason
from services.channels.evaluator.rewards import Condition, Rule, Window
from services.channels.price_books.rules import covers

FREE = Left()


class Traits(NamedTuple):
    """Numbers of a rule's windows and of its audience with its condition among all different ones; the currencies it
    has amounts in (None: any)."""

    windows: int
    audience: int
    currencies: frozenset[str] | None


def window_at(rule: Rule, moment: datetime) -> Window | None:
    """The window that holds at a moment: its start lies in it, its end does not. Of several the one that ends last, in
    whatever order they are."""
    found: Window | None = None
    for one in rule.windows:
        if one.start <= moment and (one.end is None or moment < one.end):
            if one.end is None:
                return one
            if found is None or found.end is None or found.end < one.end:
                found = one
    return found


class Gate:
    """What of rules depends on the context alone, found once for each different windows and audience."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[int, bool] = {}
        self._reached: dict[int, bool] = {}

    def refusal(self, rule: Rule, traits: Traits) -> Reason | None:
        """The first reason of the rule itself and of who buys."""
        context = self._context
        if not rule.is_active:
            return Reason.NOT_ACTIVE
        if (is_open := self._open.get(traits.windows)) is None:
            is_open = not rule.windows or window_at(rule, context.moment) is not None
            self._open[traits.windows] = is_open
        if not is_open:
            return Reason.WINDOW
        if traits.currencies is not None and context.currency not in traits.currencies:
            return Reason.CURRENCY
        channel_ids = rule.audience.channel_ids
        if channel_ids and context.buyer.channel_id not in channel_ids:
            return Reason.CHANNEL
        if (is_reached := self._reached.get(traits.audience)) is None:
            is_reached = self._reached[traits.audience] = _reaches(rule, context)
        return None if is_reached else Reason.AUDIENCE


def later_refusal(rule: Rule, context: Context) -> Reason | None:
    """The first reason of how it is bought."""
    if rule.payment_terms_max is not None and context.payment_terms_days > rule.payment_terms_max:
        return Reason.PAYMENT_TERMS
    return Reason.COUPON if rule.needs_coupon and rule.code not in context.coupons else None


def limit_refusal(rule: Rule, context: Context, left: Left, use: Callable[[], int]) -> Reason | None:
    """The first reason of uses, budget (`use` is what the rule alone would take of it: all or nothing) and choice."""
    if left.uses is not None and left.uses < 1:
        return Reason.USES
    if left.budget_base is not None and use() > left.budget_base:
        return Reason.BUDGET
    return Reason.DECLINED if rule.code in context.declined else None


def _reaches(rule: Rule, context: Context) -> bool:
    who, buyer = rule.audience, context.buyer
    return (
        (not who.customer_types or context.customer_type in who.customer_types)
        and (not who.grades or buyer.grade in who.grades)
        and (not who.segment_ids or not who.segment_ids.isdisjoint(buyer.segment_ids))
        and (not who.lifecycle_stages or context.lifecycle_stage in who.lifecycle_stages)
        and (not who.regions or any(covers(region, buyer.region) for region in who.regions))
        and (not who.tiers or buyer.tier in who.tiers)
        and (not who.account_ids or buyer.is_one_of(who.account_ids))
        and (rule.condition is None or _meets(rule, context))
    )


def _meets(rule: Rule, context: Context) -> bool:
    if rule.condition is Condition.FIRST_ORDER:
        return not context.has_ordered
    if rule.condition is Condition.QUIET:
        return context.quiet_days is not None and context.quiet_days >= rule.quiet_days
    return context.is_member
