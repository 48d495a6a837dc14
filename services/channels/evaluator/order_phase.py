"""Order promotions are compared by totals, and only the winners spread; gifts are offered beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from kit.money import SHARE_WHOLE
from services.channels.evaluator.carts import Stage, Totals
from services.channels.evaluator.compiled import Candidate
from services.channels.evaluator.eligibility import limit_refusal
from services.channels.evaluator.line_phase import Given, Rank
from services.channels.evaluator.results import NotApplied, Reason
from services.channels.evaluator.rewards import Gift, OrderRate, SpendEvery, SpendSteps
from services.channels.evaluator.spreading import rounded, spread


class Deal(NamedTuple):
    """What a candidate gives of the order in all."""

    rank: Rank
    candidate: Candidate


class Present(NamedTuple):
    """A gift that may be taken, by its value at list price."""

    rank: Rank
    candidate: Candidate


def deals_of(
    stage: Stage, candidates: Iterable[Candidate], totals: Totals, refused: dict[str, NotApplied]
) -> list[Deal]:
    """What candidates alone give of the order, within the rooms and their caps; why others give nothing is noted."""
    found = []
    currency = stage.context.currency
    for candidate in candidates:
        rule = candidate.rule
        spend, room, _quantity = totals.of(candidate.pool, candidate.places)
        exact = _exact(candidate, currency, spend)
        if exact < 0:
            refused[rule.code] = NotApplied(rule.code, Reason.THRESHOLD, -exact)
            continue
        given = min(rounded(exact), spend if rule.below_floor else room)
        if rule.max_discount:
            given = min(given, rule.max_discount[currency])
        reason = limit_refusal(rule, stage.context, candidate.left, partial(stage.in_base, given))
        if reason is None:
            found.append(Deal((given, exact, -candidate.number), candidate))
        else:
            refused[rule.code] = NotApplied(rule.code, reason)
    return found


def _exact(candidate: Candidate, currency: str, spend: int) -> int:
    """Millionths of what is saved of a spend; negative: what the spend is short of, in minor units."""
    reward = candidate.rule.reward
    if isinstance(reward, OrderRate):
        least = reward.spends.get(currency, 0)
        return spend * reward.share if spend >= least else spend - least
    if isinstance(reward, SpendSteps):
        reached = [step for step in reward.steps[currency] if step.spend <= spend]
        if reached:
            return max(reached).amount * SHARE_WHOLE
        return spend - min(step.spend for step in reward.steps[currency])
    if not isinstance(reward, SpendEvery):
        raise TypeError(f"{candidate.rule.code} is no promotion of orders")
    step, most = reward.steps[currency], candidate.rule.max_times
    times = spend // step.spend
    if times == 0:
        return spend - step.spend
    return (times if most is None else min(times, most)) * step.amount * SHARE_WHOLE


def best_deals(deals: Iterable[Deal], *, is_solo: bool = False) -> list[Deal]:
    """Of each group (solo: of all) the one that gives most, if it gives anything."""
    best: dict[str, Deal] = {}
    for deal in deals:
        group = "" if is_solo else deal.candidate.rule.group
        if deal.rank[0] and (group not in best or best[group].rank < deal.rank):
            best[group] = deal
    return [best[group] for group in sorted(best)]


def give_deal(stage: Stage, deal: Deal, given: Given) -> None:
    """Spread what the order is given over its lines, in proportion to their nets, within their rooms."""
    rooms, places = stage.rooms_of(below_floor=deal.candidate.rule.below_floor), deal.candidate.places
    amounts = spread(deal.rank[0], [stage.nets[place] for place in places], [rooms[place] for place in places])
    given.add(deal.candidate, places, amounts)


def presents_of(
    stage: Stage, candidates: Iterable[Candidate], totals: Totals, refused: dict[str, NotApplied]
) -> list[Present]:
    """Gifts that are offered; why the others are not is noted."""
    found = []
    for candidate in candidates:
        rule = candidate.rule
        gift = gift_of(candidate)
        missing = gift.spends.get(stage.context.currency, 0) - totals.of(candidate.pool, candidate.places).net
        value = stage.context.gift_values[gift.sku]
        cost = gift.quantity * value.cost_base
        reason = limit_refusal(rule, stage.context, candidate.left, partial(int, cost))
        if missing > 0:
            refused[rule.code] = NotApplied(rule.code, Reason.THRESHOLD, missing)
        elif reason is not None:
            refused[rule.code] = NotApplied(rule.code, reason)
        else:
            worth = gift.quantity * value.list_price
            found.append(Present((worth, worth * SHARE_WHOLE, -candidate.number), candidate))
    return found


def gift_of(candidate: Candidate) -> Gift:
    """The reward of a candidate that is a gift."""
    if not isinstance(candidate.rule.reward, Gift):
        raise TypeError(f"{candidate.rule.code} is no gift")
    return candidate.rule.reward


def best_presents(presents: Sequence[Present], taken: frozenset[str]) -> list[Present]:
    """Of each group the dearest of the gifts that are taken."""
    best: dict[str, Present] = {}
    for present in presents:
        rule = present.candidate.rule
        if rule.code in taken and (rule.group not in best or best[rule.group].rank < present.rank):
            best[rule.group] = present
    return [best[group] for group in sorted(best)]
