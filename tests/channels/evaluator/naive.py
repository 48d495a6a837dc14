"""The evaluator as the text says it: every rule against every line, unit by unit, nothing compiled, nothing pruned."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from kit.money import SHARE_WHOLE, allocate
from services.channels.evaluator.carts import Context, Left, PricedLine
from services.channels.evaluator.rewards import (
    Bundle,
    Condition,
    Gift,
    Ladder,
    LineAmount,
    LinePrice,
    LineRate,
    NthPiece,
    OrderRate,
    Phase,
    Rule,
    SpendEvery,
    SpendSteps,
)

Gave = dict[int, int]
"""What a rule gives, by the place of a line."""


@dataclass
class Naive:
    """A cart, judged step by step; `discounts` are by place in the order of contents."""

    context: Context
    lines: list[PricedLine]
    left: dict[str, Left]
    applied: dict[str, int]
    nets: list[int]

    def is_for(self, rule: Rule, line: PricedLine) -> bool:
        if isinstance(rule.reward, Bundle):
            return line.sku in {need.sku for need in rule.reward.needs}
        who = rule.products
        named = not (who.skus or who.lines) or line.sku in who.skus or line.product_line in who.lines
        return named and line.sku not in who.excluded

    @property
    def currency(self) -> str:
        return self.context.currency

    def knows_currency(self, rule: Rule) -> bool:
        """A rule with amounts has them in the currency, its reward and its cap."""
        reward = rule.reward
        if isinstance(reward, LineAmount):
            amounts: list[object] = [reward.amounts]
        elif isinstance(reward, LinePrice | Bundle):
            amounts = [reward.prices]
        elif isinstance(reward, OrderRate | Gift):
            amounts = [reward.spends]
        else:
            amounts = [reward.steps] if isinstance(reward, SpendSteps | SpendEvery) else []
        return all(not one or self.currency in one for one in [*amounts, rule.max_discount])  # type: ignore[operator]

    def is_for_buyer(self, rule: Rule) -> bool:
        who, buyer, known = rule.audience, self.context.buyer, self.context
        asked: list[tuple[Set[Any], Set[Any]]] = [
            (who.customer_types, {known.customer_type}),
            (who.grades, {buyer.grade}),
            (who.lifecycle_stages, {known.lifecycle_stage}),
            (who.tiers, {buyer.tier}),
            (who.channel_ids, {buyer.channel_id}),
            (who.segment_ids, set(buyer.segment_ids)),
            (who.account_ids, {buyer.account_id, *buyer.also}),
        ]
        regions = {buyer.region} if buyer.region is None else {buyer.region, buyer.region.split("-")[0]}
        return all(not wanted or wanted & own for wanted, own in [*asked, (who.regions, regions)])

    def is_time(self, rule: Rule) -> bool:
        now = self.context.moment
        return not rule.windows or any(one.start <= now and (one.end is None or now < one.end) for one in rule.windows)

    def meets(self, rule: Rule) -> bool:
        known = self.context
        if rule.condition is Condition.FIRST_ORDER:
            return not known.has_ordered
        if rule.condition is Condition.QUIET:
            return known.quiet_days is not None and known.quiet_days >= rule.quiet_days
        return rule.condition is None or known.is_member

    def places(self, rule: Rule) -> list[int]:
        return [place for place, line in enumerate(self.lines) if self.is_for(rule, line)]

    def room(self, rule: Rule, place: int) -> int:
        net = self.nets[place]
        return net if rule.below_floor else max(0, net - self.lines[place].floor)

    def may(self, rule: Rule) -> bool:
        left = self.left.get(rule.code, Left())
        return (
            rule.is_active
            and self.is_time(rule)
            and self.knows_currency(rule)
            and self.is_for_buyer(rule)
            and self.meets(rule)
            and (rule.payment_terms_max is None or self.context.payment_terms_days <= rule.payment_terms_max)
            and bool(self.places(rule))
            and (not isinstance(rule.reward, Gift) or rule.reward.sku in self.context.gift_values)
            and (not rule.needs_coupon or rule.code in self.context.coupons)
            and rule.code not in self.context.declined
            and (left.uses is None or left.uses > 0)
        )

    def fits(self, rule: Rule, given: int) -> bool:
        budget = self.left.get(rule.code, Left()).budget_base
        used = round(given * self.context.to_base)
        if isinstance(rule.reward, Gift):
            used = rule.reward.quantity * self.context.gift_values[rule.reward.sku].cost_base
        return budget is None or used <= budget

    def present(self, rule: Rule) -> int:
        """What a gift is worth at list price, 0 where it is not offered or not taken."""
        gift = rule.reward
        if not isinstance(gift, Gift) or rule.code not in self.context.gifts or not self.fits(rule, 0):
            return 0
        spend = sum(self.nets[place] for place in self.places(rule))
        is_offered = spend >= gift.spends.get(self.currency, 0)
        return gift.quantity * self.context.gift_values[gift.sku].list_price if is_offered else 0

    def of_line(self, rule: Rule, place: int) -> Fraction:
        line, net, reward = self.lines[place], self.nets[place], rule.reward
        if isinstance(reward, LineAmount):
            return Fraction(reward.amounts[self.currency] * line.quantity)
        if isinstance(reward, LinePrice):
            return Fraction(max(0, net - reward.prices[self.currency] * line.quantity))
        share = 0
        if isinstance(reward, LineRate):
            share = reward.share
        elif isinstance(reward, Ladder):
            quantity = sum(self.lines[other].quantity for other in self.places(rule))
            share = max((rung.share for rung in reward.rungs if rung.min_quantity <= quantity), default=0)
        return Fraction(net * share, SHARE_WHOLE)

    def line_rule(self, rule: Rule) -> tuple[int, Fraction, Gave]:
        exact = {place: self.of_line(rule, place) for place in self.places(rule)}
        gave = {place: min(round(amount), self.room(rule, place)) for place, amount in exact.items()}
        cap = rule.max_discount.get(self.currency)
        if cap is not None and sum(gave.values()) > cap:
            gave = dict(zip(gave, allocate(cap, list(gave.values())), strict=True))
        return sum(gave.values()), sum(exact.values(), Fraction(0)), gave

    def order_rule(self, rule: Rule) -> tuple[int, Fraction, Gave]:
        places, reward = self.places(rule), rule.reward
        spend = sum(self.nets[place] for place in places)
        exact = Fraction(0)
        if isinstance(reward, OrderRate) and spend >= reward.spends.get(self.currency, 0):
            exact = Fraction(spend * reward.share, SHARE_WHOLE)
        elif isinstance(reward, SpendSteps):
            exact = Fraction(
                max(((s.spend, s.amount) for s in reward.steps[self.currency] if s.spend <= spend), default=(0, 0))[1]
            )
        elif isinstance(reward, SpendEvery):
            times = spend // reward.steps[self.currency].spend
            times = times if rule.max_times is None else min(times, rule.max_times)
            exact = Fraction(times * reward.steps[self.currency].amount)
        return self.spread(rule, exact, {place: Fraction(self.nets[place]) for place in places})

    def spread(self, rule: Rule, exact: Fraction, weights: dict[int, Fraction]) -> tuple[int, Fraction, Gave]:
        rooms = {place: self.room(rule, place) for place in weights}
        amount = min(round(exact), sum(rooms.values()), rule.max_discount.get(self.currency, 10**20))
        return amount, exact, poured(amount, weights, rooms)

    def set_rule(self, rule: Rule, units: list[tuple[int, Fraction]]) -> tuple[int, Fraction, Gave, list[int]]:
        """What sets of these units (place, net of it) save, and the places that units are taken from."""
        mine = sorted((net, -place) for place, net in units if self.is_for(rule, self.lines[place]))
        reward, taken, saved = rule.reward, list[int](), dict[int, Fraction]()
        if isinstance(reward, NthPiece):
            mine = sorted((net, place) for place, net in units if self.is_for(rule, self.lines[place]))
            times = min(len(mine) // reward.pieces, 10**9 if rule.max_times is None else rule.max_times)
            taken = [place for _net, place in mine[: times * reward.pieces]]
            for net, place in mine[: times * reward.reduced]:
                saved[place] = saved.get(place, Fraction(0)) + net * Fraction(reward.share, SHARE_WHOLE)
            exact = sum(saved.values(), Fraction(0))
        elif isinstance(reward, Bundle):
            by_sku = {
                need.sku: [(net, -place) for net, place in reversed(mine) if self.lines[-place].sku == need.sku]
                for need in reward.needs
            }
            times = min(len(by_sku[need.sku]) // need.quantity for need in reward.needs)
            times = times if rule.max_times is None else min(times, rule.max_times)
            for need in reward.needs:
                for net, place in by_sku[need.sku][: times * need.quantity]:
                    taken.append(place)
                    saved[place] = saved.get(place, Fraction(0)) + net
            exact = max(Fraction(0), sum(saved.values(), Fraction(0)) - times * reward.prices[self.currency])
        return (*self.spread(rule, exact, saved), taken)

    def settle(self, given: list[tuple[Rule, Gave]]) -> None:
        for place, net in enumerate(self.nets):
            room, left = max(0, net - self.lines[place].floor), net
            for is_below in (False, True):
                gave = sorted(
                    (rule.code, one[place]) for rule, one in given if rule.below_floor is is_below and one.get(place, 0)
                )
                amounts = [amount for _code, amount in gave]
                limit = left if is_below else room
                if sum(amounts) > limit:
                    amounts = allocate(limit, amounts)
                for (code, _amount), amount in zip(gave, amounts, strict=True):
                    self.applied[code] = self.applied.get(code, 0) + amount
                    left -= amount
            self.nets[place] = left


def poured(amount: int, weights: dict[int, Fraction], rooms: dict[int, int]) -> Gave:
    """Water-filling: who is full drops out, the others share what is left."""
    full: Gave = {}
    while True:
        open_ = {place: weight for place, weight in weights.items() if place not in full and rooms[place] and weight}
        left, whole = amount - sum(full.values()), sum(open_.values())
        if not open_ or left <= 0:
            return full
        over = [place for place, weight in open_.items() if left * weight / whole >= rooms[place]]
        if not over:
            places = sorted(open_)
            return full | dict(zip(places, allocate(left, [open_[place] for place in places]), strict=True))
        full |= {place: rooms[place] for place in over}


def naive(
    context: Context, lines: Sequence[PricedLine], rules: Sequence[Rule], left: dict[str, Left] | None = None
) -> tuple[list[int], dict[str, int]]:
    """Nets of the lines by content (before manual discounts), and what each promotion gave."""

    def start() -> Naive:
        ordered = sorted(lines, key=PricedLine.content)
        return Naive(context, ordered, left or {}, {}, [one.amount for one in ordered])

    rest = start()
    together = [rule for rule in rules if rest.may(rule) and not rule.solo]
    _lines(rest, [rule for rule in together if rule.phase is Phase.LINE])
    _sets(rest, [rule for rule in together if rule.phase is Phase.SET])
    presents = _presents(rest, [rule for rule in together if rule.phase is Phase.GIFT])
    _best(rest, [rule for rule in together if rule.phase is Phase.ORDER], rest.order_rule, lambda rule: rule.group)
    rest.applied |= presents
    best, key = rest, (sum(rest.applied.values()), Fraction(10**20), "")
    for rule in (rule for rule in rules if rest.may(rule) and rule.solo):
        alone = start()
        given, exact, gave = _alone(alone, rule)
        if not given or not alone.fits(rule, given):
            continue
        other = (given, exact, rule.code)
        if (other[0], other[1]) > (key[0], key[1]) or (other[:2] == key[:2] and other[2] < key[2]):
            alone.settle([(rule, gave)])
            alone.applied |= {rule.code: given} if rule.phase is Phase.GIFT else {}
            best, key = alone, other
    return best.nets, {code: amount for code, amount in best.applied.items() if amount}


def _presents(state: Naive, rules: list[Rule]) -> dict[str, int]:
    """Of each group the dearest gift that is taken."""
    worth = {rule.code: state.present(rule) for rule in rules}
    found = {}
    for group in {rule.group for rule in rules}:
        code = min((-worth[rule.code], rule.code) for rule in rules if rule.group == group)[1]
        found[code] = worth[code]
    return found


def _alone(state: Naive, rule: Rule) -> tuple[int, Fraction, Gave]:
    if rule.phase is Phase.GIFT:
        return (worth := state.present(rule)), Fraction(worth), {}
    if rule.phase is Phase.SET:
        return state.set_rule(rule, _units(state))[:3]
    return state.line_rule(rule) if rule.phase is Phase.LINE else state.order_rule(rule)


def _units(state: Naive) -> list[tuple[int, Fraction]]:
    return [
        (place, Fraction(state.nets[place], line.quantity))
        for place, line in enumerate(state.lines)
        for _unit in range(line.quantity)
    ]


def _lines(state: Naive, rules: list[Rule]) -> None:
    fitting = [rule for rule in rules if state.fits(rule, state.line_rule(rule)[0])]
    given: list[tuple[Rule, Gave]] = []
    for group in {rule.group for rule in fitting if rule.per_line}:
        rivals = [rule for rule in fitting if rule.group == group]
        for place in range(len(state.lines)):
            offers = [
                (-min(round(exact), state.room(rule, place)), -exact, rule.code, rule)
                for rule in rivals
                if place in state.places(rule) and (exact := state.of_line(rule, place))
            ]
            if offers and (best := min(offers, key=lambda offer: offer[:3]))[0]:
                given.append((best[3], {place: -best[0]}))
    _best(state, [r for r in fitting if not r.per_line], state.line_rule, lambda rule: rule.group, given)


def _sets(state: Naive, rules: list[Rule]) -> None:
    units, groups, given = _units(state), set[str](), list[tuple[Rule, Gave]]()
    open_ = [rule for rule in rules if state.fits(rule, state.set_rule(rule, units)[0])]
    while True:
        found = [(rule, state.set_rule(rule, units)) for rule in open_ if rule.group not in groups]
        open_ = [rule for rule, one in found if state.fits(rule, one[0])]
        found = [(rule, one) for rule, one in found if one[0] and rule in open_]
        if not found:
            return state.settle(given)
        rule, one = min(found, key=lambda pair: (-pair[1][0], -pair[1][1], pair[0].code))
        given.append((rule, one[2]))
        groups.add(rule.group)
        for place in one[3]:
            units.remove(next(unit for unit in units if unit[0] == place))


def _best(
    state: Naive,
    rules: list[Rule],
    worth: Callable[[Rule], tuple[int, Fraction, Gave]],
    group_of: Callable[[Rule], str],
    given: list[tuple[Rule, Gave]] | None = None,
) -> None:
    """The rule that gives most of each group, and all at once."""
    given = given or []
    found = [(rule, worth(rule)) for rule in rules]
    found = [(rule, one) for rule, one in found if one[0] and state.fits(rule, one[0])]
    for group in {group_of(rule) for rule, _one in found}:
        rivals = [(rule, one) for rule, one in found if group_of(rule) == group]
        rule, one = min(rivals, key=lambda pair: (-pair[1][0], -pair[1][1], pair[0].code))
        given.append((rule, one[2]))
    state.settle(given)
