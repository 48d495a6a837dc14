"""The evaluator: a pure function of context, priced lines, compiled rules and what is left of budgets and uses.

No order of lines or rules can matter: lines are sorted by content and rules by code at the entrance; in a phase each
promotion is computed alone on what the phase before left; each choice is a maximum under a total order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from kit.errors import FieldError, Invalid
from kit.money import SHARE_WHOLE
from services.channels.evaluator import line_phase, order_phase, set_phase
from services.channels.evaluator.carts import Cart, Context, Left, PricedLine, Stage, Totals
from services.channels.evaluator.compiled import Candidate, Chosen, Compiled, candidates
from services.channels.evaluator.eligibility import window_at
from services.channels.evaluator.line_phase import Given
from services.channels.evaluator.order_phase import Present, gift_of
from services.channels.evaluator.results import (
    Evaluation,
    LineResult,
    NotApplied,
    OfferedGift,
    Part,
    QuoteApproval,
    Reason,
    Step,
    Used,
)
from services.channels.evaluator.rewards import Phase, Rule
from services.channels.evaluator.spreading import cut

Candidates = Mapping[Phase, Sequence[Candidate]]


class DiscountTooLarge(Invalid):
    code, title = "discount-too-large", "A manual discount is larger than what the line costs"


@dataclass(slots=True)
class Tally:
    """What has been given so far: nets of the lines, and parts of each by step."""

    nets: list[int]
    parts: dict[int, list[tuple[Phase, Rule, int]]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    refused: dict[str, NotApplied] = field(default_factory=dict)
    offered: list[Present] = field(default_factory=list)
    presents: list[Present] = field(default_factory=list)

    @property
    def given(self) -> int:
        """All discounts, gifts at list price."""
        return sum(self.totals.values()) + sum(present.rank[0] for present in self.presents)


def evaluate(
    context: Context, lines: Sequence[PricedLine], compiled: Compiled, left: Mapping[str, Left] | None = None
) -> Evaluation:
    """Promotions, manual discounts and approvals of a cart; raises DiscountTooLarge."""
    cart = Cart(lines)
    chosen = candidates(compiled, cart, context, left or {})
    rest = _together(cart, context, compiled, chosen.together)
    tally = _or_solo(cart, context, chosen, rest)
    results = [_line(cart, context, place, tally) for place in cart.places]
    restored = sorted(zip(cart.order, results, strict=True), key=lambda one: one[0])
    refused = {**chosen.refused, **tally.refused}
    rules = {ready.rule.code: ready.rule for ready in compiled.rules}
    used = _used(context, cart, rules, tally)
    held = [window_at(rules[one.code], context.moment) for one in used]
    return Evaluation(
        lines=tuple(line for _index, line in restored),
        gifts=tuple(_gift_line(context, present) for present in _by_code(tally.presents)),
        used=used,
        not_applied=tuple(refused[code] for code in sorted(refused)),
        offered=tuple(
            OfferedGift(one.candidate.rule.code, gift_of(one.candidate).sku, gift_of(one.candidate).quantity)
            for one in _by_code(tally.offered)
        ),
        ends_at=min((one.end for one in held if one is not None and one.end is not None), default=None),
    )


def _by_code(presents: Iterable[Present]) -> list[Present]:
    return sorted(presents, key=lambda present: present.candidate.number)


def _together(cart: Cart, context: Context, compiled: Compiled, found: Candidates) -> Tally:
    """All phases of what may be combined."""
    tally = Tally([line.amount for line in cart.lines])
    _lines(Stage(cart, context, list(tally.nets)), compiled, found[Phase.LINE], tally)
    _sets(Stage(cart, context, list(tally.nets)), found[Phase.SET], tally)
    _orders(Stage(cart, context, list(tally.nets)), found[Phase.ORDER], found[Phase.GIFT], tally)
    return tally


def _lines(stage: Stage, compiled: Compiled, found: Sequence[Candidate], tally: Tally) -> None:
    given, totals = Given(), Totals(stage)
    offers = line_phase.offers_of(stage, found, totals, given.refused)
    won = line_phase.best_of_lines(stage, compiled, [o for o in offers if o.candidate.rule.per_line], given)
    together = [o for o in offers if not o.candidate.rule.per_line]
    for _rank, offer in line_phase.best_of_all(stage, together, totals):
        given.add(offer.candidate, offer.candidate.places, line_phase.gives(stage, offer))
        won[offer.candidate.rule.group] = set(stage.cart.places)
    _settle(stage, Phase.LINE, given, tally)
    _explain(found, given, won, tally)


def _sets(stage: Stage, found: Sequence[Candidate], tally: Tally) -> None:
    given = Given()
    won = set_phase.choose_sets(stage, found, given)
    _settle(stage, Phase.SET, given, tally)
    _explain(found, given, {key: set(stage.cart.places) for key in won}, tally)


def _orders(stage: Stage, orders: Sequence[Candidate], gifts: Sequence[Candidate], tally: Tally) -> None:
    given, totals = Given(), Totals(stage)
    best = order_phase.best_deals(order_phase.deals_of(stage, orders, totals, given.refused))
    for deal in best:
        order_phase.give_deal(stage, deal, given)
    _settle(stage, Phase.ORDER, given, tally)
    _explain(orders, given, {deal.candidate.rule.group: set(stage.cart.places) for deal in best}, tally)
    tally.offered = order_phase.presents_of(stage, gifts, totals, tally.refused)
    tally.presents = order_phase.best_presents(tally.offered, stage.context.gifts)
    _explain_gifts(stage.context, tally)


def _settle(stage: Stage, phase: Phase, given: Given, tally: Tally) -> None:
    """Cut what each line is given to its room, and take it off."""
    for place in sorted(given.parts):
        parts = sorted(given.parts[place], key=lambda part: part[0].number)
        gave = [(candidate.number, candidate.rule.below_floor, amount) for candidate, amount in parts]
        real = cut(gave, stage.nets[place], stage.rooms[place])
        for (candidate, _amount), amount in zip(parts, real, strict=True):
            if amount:
                rule = candidate.rule
                tally.parts.setdefault(place, []).append((phase, rule, amount))
                tally.totals[rule.code] = tally.totals.get(rule.code, 0) + amount
                tally.nets[place] -= amount


def _explain(found: Sequence[Candidate], given: Given, won: Mapping[str, set[int]], tally: Tally) -> None:
    """Why candidates of a phase gave nothing: no room for what won, or another of the group won where they could."""
    tally.refused.update(given.refused)
    winners = {candidate.rule.code for parts in given.parts.values() for candidate, _amount in parts}
    for candidate in found:
        code = candidate.rule.code
        if code in tally.totals or code in given.refused:
            continue
        has_lost = code not in winners and not won.get(candidate.rule.group, set()).isdisjoint(candidate.places)
        tally.refused[code] = NotApplied(code, Reason.LOST_IN_GROUP if has_lost else Reason.NO_ROOM)


def _explain_gifts(context: Context, tally: Tally) -> None:
    taken = {present.candidate.rule.code for present in tally.presents}
    for present in tally.offered:
        code = present.candidate.rule.code
        if code not in taken:
            reason = Reason.LOST_IN_GROUP if code in context.gifts else Reason.DECLINED
            tally.refused[code] = NotApplied(code, reason)


def _or_solo(cart: Cart, context: Context, chosen: Chosen, rest: Tally) -> Tally:
    """The solo promotion that gives most alone, if that is more than all others together give; a tie to them."""
    stage = Stage(cart, context, [line.amount for line in cart.lines])
    refused: dict[str, NotApplied] = {}
    found = [code for phase in Phase for code in (one.rule.code for one in chosen.solo[phase])]
    if not found:
        return rest
    tally = _best_solo(stage, chosen.solo, refused)
    if tally is None or tally.given <= rest.given:
        tally = rest
    else:
        for code in (one.rule.code for phase in Phase for one in chosen.together[phase]):
            known = rest.refused.get(code)
            is_other = known is not None and known.reason is not Reason.LOST_IN_GROUP
            tally.refused[code] = known if known and is_other else NotApplied(code, Reason.LOST_TO_SOLO)
    winner = {*tally.totals, *(present.candidate.rule.code for present in tally.presents)}
    reason = Reason.LOST_TO_SOLO if tally.given else Reason.NO_ROOM
    tally.refused.update({code: refused.get(code, NotApplied(code, reason)) for code in found if code not in winner})
    return tally


def _best_solo(stage: Stage, solo: Candidates, refused: dict[str, NotApplied]) -> Tally | None:
    """What the best solo promotion gives alone."""
    options: list[tuple[tuple[int, Fraction, int], Phase, Given, list[Present]]] = []
    totals = Totals(stage)
    offers = line_phase.offers_of(stage, solo[Phase.LINE], totals, refused)
    for rank, offer in line_phase.best_of_all(stage, offers, totals, is_solo=True):
        given = Given()
        given.add(offer.candidate, offer.candidate.places, line_phase.gives(stage, offer))
        options.append(((rank[0], Fraction(rank[1], SHARE_WHOLE), rank[2]), Phase.LINE, given, []))
    saving = set_phase.best_set(stage, solo[Phase.SET], refused)
    if saving is not None:
        given = Given()
        set_phase.give_set(stage, saving, given)
        options.append((saving.worth, Phase.SET, given, []))
    deals = order_phase.deals_of(stage, solo[Phase.ORDER], totals, refused)
    for deal in order_phase.best_deals(deals, is_solo=True):
        given = Given()
        order_phase.give_deal(stage, deal, given)
        rank = deal.rank
        options.append(((rank[0], Fraction(rank[1], SHARE_WHOLE), rank[2]), Phase.ORDER, given, []))
    for present in order_phase.presents_of(stage, solo[Phase.GIFT], totals, refused):
        code, rank = present.candidate.rule.code, present.rank
        if code in stage.context.gifts:
            options.append(((rank[0], Fraction(rank[0]), rank[2]), Phase.GIFT, Given(), [present]))
        else:
            refused[code] = NotApplied(code, Reason.DECLINED)
    if not options:
        return None
    _worth, phase, given, presents = max(options, key=lambda option: option[0])
    tally = Tally(list(stage.nets), presents=presents, offered=presents)
    _settle(stage, phase, given, tally)
    return tally


def _line(cart: Cart, context: Context, place: int, tally: Tally) -> LineResult:
    """A line with its parts and steps, the manual discount last."""
    line, now = cart.lines[place], cart.lines[place].amount
    steps, parts = [], []
    for phase, rule, amount in tally.parts.get(place, ()):
        steps.append(Step(phase, rule.code, rule.version, now, now - amount))
        parts.append(Part(rule.code, amount))
        now -= amount
    if line.manual > now:
        at = f"/lines/{cart.order[place]}/manual_discount"
        detail = f"at most {now}"
        raise DiscountTooLarge(detail, errors=[FieldError(at, DiscountTooLarge.code, detail)])
    if line.manual:
        steps.append(Step("manual", "", 0, now, now - line.manual))
    net = now - line.manual
    return LineResult(
        sku=line.sku,
        quantity=line.quantity,
        list_price=line.list_price,
        unit_price=line.unit_price,
        discount=line.amount - net,
        manual=line.manual,
        net=net,
        floor=line.floor,
        parts=tuple(sorted(parts)),
        steps=tuple(steps),
        approvals=_approvals(line, net, context.manual_share),
    )


def _approvals(line: PricedLine, net: int, manual_share: int) -> tuple[QuoteApproval, ...]:
    """A price or a manual discount under the floor (promotions keep it, or were approved without), unless a standing
    approval covers the net; a manual discount above what the seller may give alone."""
    is_below = line.amount < line.floor or (line.manual > 0 and net < line.floor)
    is_covered = line.approved is not None and net >= line.approved
    is_large = line.manual * SHARE_WHOLE > manual_share * (net + line.manual)
    found = [QuoteApproval.BELOW_FLOOR] if is_below and not is_covered else []
    return tuple([*found, QuoteApproval.MANUAL_SHARE] if is_large else found)


def _gift_line(context: Context, present: Present) -> LineResult:
    rule, gift = present.candidate.rule, gift_of(present.candidate)
    price = context.gift_values[gift.sku].list_price
    amount = gift.quantity * price
    return LineResult(
        sku=gift.sku,
        quantity=gift.quantity,
        list_price=price,
        unit_price=price,
        discount=amount,
        manual=0,
        net=0,
        floor=0,
        parts=(Part(rule.code, amount),),
        steps=(Step(Phase.GIFT, rule.code, rule.version, amount, 0),),
    )


def _used(context: Context, cart: Cart, rules: Mapping[str, Rule], tally: Tally) -> tuple[Used, ...]:
    in_base = Stage(cart, context, list(tally.nets)).in_base
    found = [Used(code, rules[code].version, given, in_base(given)) for code, given in tally.totals.items()]
    for present in tally.presents:
        rule, gift = present.candidate.rule, gift_of(present.candidate)
        cost = gift.quantity * context.gift_values[gift.sku].cost_base
        found.append(Used(rule.code, rule.version, present.rank[0], cost))
    return tuple(sorted(found))
