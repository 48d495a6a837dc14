"""Line promotions: of each group the best of each line, or the one that gives most in all.

Only the best of equal rules meets a line: with the same products, kind of reward and floor, the larger reward never
gives less, and of equal ones the smaller code wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from kit.money import SHARE_WHOLE, allocate
from services.channels.evaluator.carts import Cart, Stage, Totals
from services.channels.evaluator.compiled import Candidate, Compiled
from services.channels.evaluator.eligibility import limit_refusal
from services.channels.evaluator.results import NotApplied, Reason
from services.channels.evaluator.rewards import Ladder, LineAmount, LinePrice, LineRate
from services.channels.evaluator.spreading import rounded

RATE, AMOUNT, PRICE = range(3)
Rank = tuple[int, int, int]
"""What an offer is compared by: what it gives, exactly before rounding and cuts, the smaller code (as -number)."""


class Offer(NamedTuple):
    """A candidate with its reward as a kind and a value, of which the larger gives more."""

    candidate: Candidate
    kind: int
    value: int

    def exact(self, net: int, quantity: int) -> int:
        """What it saves of a line, in millionths of a minor unit."""
        if self.kind == RATE:
            return net * self.value
        if self.kind == AMOUNT:
            return self.value * quantity * SHARE_WHOLE
        return max(0, net + self.value * quantity) * SHARE_WHOLE

    def exacts(self, stage: Stage) -> list[int]:
        """What it saves of each of its lines, in millionths of a minor unit."""
        nets, quantities, value, places = stage.nets, stage.cart.quantities, self.value, self.candidate.places
        if self.kind == RATE:
            return [nets[place] * value for place in places]
        if self.kind == AMOUNT:
            return [value * quantities[place] * SHARE_WHOLE for place in places]
        return [max(0, nets[place] + value * quantities[place]) * SHARE_WHOLE for place in places]


@dataclass(slots=True)
class Given:
    """What candidates of a phase give, by place, before cuts; who has won where; why others give nothing."""

    parts: dict[int, list[tuple[Candidate, int]]] = field(default_factory=dict)
    refused: dict[str, NotApplied] = field(default_factory=dict)

    def add(self, candidate: Candidate, places: Sequence[int], amounts: Sequence[int]) -> None:
        """Note what a candidate gives."""
        for place, amount in zip(places, amounts, strict=True):
            if amount:
                self.parts.setdefault(place, []).append((candidate, amount))


def offers_of(
    stage: Stage, candidates: Iterable[Candidate], totals: Totals, refused: dict[str, NotApplied]
) -> list[Offer]:
    """Candidates that may give something; why the others may not is noted."""
    found = []
    for candidate in candidates:
        reward = candidate.rule.reward
        if isinstance(reward, LineRate):
            offer = Offer(candidate, RATE, reward.share)
        elif isinstance(reward, LineAmount):
            offer = Offer(candidate, AMOUNT, reward.amounts[stage.context.currency])
        elif isinstance(reward, LinePrice):
            offer = Offer(candidate, PRICE, -reward.prices[stage.context.currency])
        elif isinstance(reward, Ladder):
            quantity = totals.of(candidate.pool, candidate.places).quantity
            reached = [rung for rung in reward.rungs if rung.min_quantity <= quantity]
            if not reached:
                missing = min(rung.min_quantity for rung in reward.rungs) - quantity
                refused[candidate.rule.code] = NotApplied(candidate.rule.code, Reason.QUANTITY, missing)
                continue
            offer = Offer(candidate, RATE, max(reached).share)
        else:
            raise TypeError(f"{candidate.rule.code} is no line promotion")
        reason = _limit(stage, offer, totals)
        if reason is None:
            found.append(offer)
        else:
            refused[candidate.rule.code] = NotApplied(candidate.rule.code, reason)
    return found


def _limit(stage: Stage, offer: Offer, totals: Totals) -> Reason | None:
    candidate = offer.candidate
    if candidate.left.budget_base is None and candidate.left.uses is None and not stage.context.declined:
        return None
    return limit_refusal(candidate.rule, stage.context, candidate.left, partial(_use, stage, offer, totals))


def _use(stage: Stage, offer: Offer, totals: Totals) -> int:
    """What an offer alone takes of its budget, in base currency; at most that where even that fits."""
    most, budget = stage.in_base(_most(offer, totals)), offer.candidate.left.budget_base
    return most if budget is not None and most <= budget else stage.in_base(sum(gives(stage, offer)))


def _most(offer: Offer, totals: Totals) -> int:
    """More than an offer gives of all its lines, or as much, found without looking at each."""
    candidate = offer.candidate
    net, room, quantity = totals.of(candidate.pool, candidate.places)
    exact = net * SHARE_WHOLE if offer.kind == PRICE else offer.exact(net, quantity)
    return min(exact // SHARE_WHOLE + len(candidate.places), net if candidate.rule.below_floor else room)


def gives(stage: Stage, offer: Offer, exacts: Sequence[int] | None = None) -> list[int]:
    """What an offer alone gives of each of its lines, within their rooms and its cap."""
    rule, places = offer.candidate.rule, offer.candidate.places
    rooms = stage.rooms_of(below_floor=rule.below_floor)
    saved = offer.exacts(stage) if exacts is None else exacts
    amounts = [
        given if (given := rounded(exact)) < rooms[place] else rooms[place]
        for exact, place in zip(saved, places, strict=True)
    ]
    cap = rule.max_discount.get(stage.context.currency) if rule.max_discount else None
    return amounts if cap is None or sum(amounts) <= cap else allocate(cap, amounts)


def rank_of(stage: Stage, offer: Offer) -> Rank:
    """What an offer is worth over all its lines."""
    exacts = offer.exacts(stage)
    return sum(gives(stage, offer, exacts)), sum(exacts), -offer.candidate.number


def best_of_all(
    stage: Stage, offers: Iterable[Offer], totals: Totals, *, is_solo: bool = False
) -> list[tuple[Rank, Offer]]:
    """Of each group the offer that gives most in all (solo: of all groups), if it gives anything."""
    pruned: dict[tuple[object, ...], Offer] = {}
    for offer in offers:
        rule, candidate = offer.candidate.rule, offer.candidate
        cap = rule.max_discount.get(stage.context.currency) if rule.max_discount else None
        key = (candidate.pool, "" if is_solo else rule.group, offer.kind, rule.below_floor, cap)
        known = pruned.get(key)
        if known is None or known.value < offer.value:
            pruned[key] = offer
    best: dict[str, tuple[Rank, Offer]] = {}
    for most, offer in sorted(((_most(one, totals), one) for one in pruned.values()), key=lambda one: -one[0]):
        group = "" if is_solo else offer.candidate.rule.group
        if group in best and most < best[group][0][0]:
            continue
        rank = rank_of(stage, offer)
        if rank[0] and (group not in best or best[group][0] < rank):
            best[group] = rank, offer
    return [best[group] for group in sorted(best)]


def best_of_lines(stage: Stage, compiled: Compiled, offers: Iterable[Offer], given: Given) -> dict[str, set[int]]:
    """Give each line the best offer of each group; returns the places where a group gave, by group."""
    won: dict[str, set[int]] = {}
    by_sku = _best_by_sku(stage.cart, compiled, offers)
    for place, line in enumerate(stage.cart.lines):
        best: dict[str, tuple[Rank, Candidate]] = {}
        net, quantity = stage.nets[place], line.quantity
        for rivals in by_sku.get(line.sku, ()):
            # Within one room who saves most exactly gives most: only the winner is rounded.
            winner, exact = rivals[0], rivals[0].exact(net, quantity)
            for offer in rivals[1:]:
                other = offer.exact(net, quantity)
                if other > exact or (other == exact and offer.candidate.number < winner.candidate.number):
                    winner, exact = offer, other
            candidate, rule = winner.candidate, winner.candidate.rule
            room = net if rule.below_floor else stage.rooms[place]
            rank = (min(rounded(exact), room), exact, -candidate.number)
            if rank[0] and (rule.group not in best or best[rule.group][0] < rank):
                best[rule.group] = rank, candidate
        for group, (rank, candidate) in best.items():
            given.add(candidate, (place,), (rank[0],))
            won.setdefault(group, set()).add(place)
    return won


def _best_by_sku(cart: Cart, compiled: Compiled, offers: Iterable[Offer]) -> dict[str, list[list[Offer]]]:
    """The offers that can win on a line of each sku: of each group, kind and floor one; those of a group that have the
    same room are rivals."""
    buckets: dict[tuple[str, str], dict[tuple[str, int, bool], Offer]] = {}
    for offer in offers:
        products, rule = compiled.pools[offer.candidate.pool], offer.candidate.rule
        if not offer.candidate.ready.is_simple:
            keys = [("sku", sku) for sku in {cart.lines[place].sku for place in offer.candidate.places}]
        elif products.skus or products.lines:
            keys = [("sku", sku) for sku in products.skus if sku in cart.by_sku]
            keys += [("line", line) for line in products.lines if line in cart.by_line]
        else:
            keys = [("all", "")]
        for key in keys:
            _keep_better(buckets.setdefault(key, {}), (rule.group, offer.kind, rule.below_floor), offer)
    found = {}
    for sku, places in cart.by_sku.items():
        best: dict[tuple[str, int, bool], Offer] = {}
        product_line = cart.lines[places[0]].product_line
        for bucket in (("sku", sku), ("line", product_line), ("all", "")):
            for slot, offer in buckets.get(bucket, {}).items():
                _keep_better(best, slot, offer)
        rivals: dict[tuple[str, bool], list[Offer]] = {}
        for (group, _kind, is_below), offer in best.items():
            rivals.setdefault((group, is_below), []).append(offer)
        found[sku] = list(rivals.values())
    return found


def _keep_better(best: dict[tuple[str, int, bool], Offer], slot: tuple[str, int, bool], offer: Offer) -> None:
    known = best.get(slot)
    if (
        known is None
        or known.value < offer.value
        or (known.value == offer.value and known.candidate.number > offer.candidate.number)
    ):
        best[slot] = offer
