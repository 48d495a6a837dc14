"""Laws of the evaluator on random carts: no order matters, sums agree, floors hold, and a naive one says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from services.channels.evaluator.carts import Context, GiftValue, Left, PricedLine
from services.channels.evaluator.compiled import compile_rules
from services.channels.evaluator.evaluation import DiscountTooLarge, evaluate
from services.channels.evaluator.results import Evaluation, Reason
from services.channels.evaluator.rewards import (
    NONE,
    Audience,
    Bundle,
    Condition,
    Gift,
    Ladder,
    LineAmount,
    LinePrice,
    LineRate,
    Need,
    NthPiece,
    OrderRate,
    Products,
    Reward,
    Rule,
    Rung,
    SpendEvery,
    SpendStep,
    SpendSteps,
    Window,
)
from services.channels.price_books.rules import Buyer
from tests.channels.evaluator.carts import DAY, NOON, context
from tests.channels.evaluator.naive import naive

SKUS = {"A": "x", "B": "x", "C": "y", "D": "z"}
CARTS, RARE = 3_000, 20
CURRENCIES = {
    "CNY": Fraction(137, 1000),
    "JPY": Fraction(950_200, 1_000_000),
    "KWD": Fraction(325, 1000),
    "USD": Fraction(1),
}
"""Cents of a dollar for a minor unit: of two decimals, none, three, the base."""
CHANNELS, SEGMENT, ACCOUNT = [UUID(int=number) for number in (1, 2)], UUID(int=3), UUID(int=4)


def amounts_of(draw: Random, *amounts: int) -> dict[str, int]:
    """An amount in every currency, in some, or in none that anybody pays in."""
    known = draw.choice([list(CURRENCIES)] * 8 + [["CNY", "JPY"], ["KWD", "USD"], ["EUR"]])
    return dict.fromkeys(known, draw.choice(amounts))


def lines_of(draw: Random) -> list[PricedLine]:
    found = []
    for _ in range(draw.randint(1, 5)):
        sku = draw.choice(list(SKUS))
        quantity, price = draw.choice([1, 1, 2, 3, 7]), draw.choice([1, 5, 333, 999, 1000, 4985])
        floor = draw.choice([0, 0, quantity * price * draw.randint(5, 11) // 10])
        found.append(PricedLine(sku, SKUS[sku], quantity, price, price, floor))
    return found


def reward_of(draw: Random) -> Reward:
    share = draw.choice([1, 50_000, 100_000, 100_001, 333_333, 500_000, 1_000_000])
    amount, spend = draw.choice([1, 50, 100, 700, 5000]), draw.choice([1, 300, 1000, 5000])
    steps = tuple(SpendStep(spend * n, amount * n) for n in (1, 2, 4))
    skus = draw.sample(list(SKUS), 2)
    choices: list[Reward] = [
        LineRate(share),
        LineAmount(amounts_of(draw, amount)),
        LinePrice(amounts_of(draw, 0, 4, 300, 900)),
        Ladder((Rung(2, share // 2), Rung(5, share))),
        OrderRate(share, draw.choice([NONE, amounts_of(draw, spend)])),
        SpendSteps(dict.fromkeys(amounts_of(draw, 0), steps)),
        SpendEvery(dict.fromkeys(amounts_of(draw, 0), SpendStep(spend, amount))),
        Bundle((Need(skus[0], draw.randint(1, 2)), Need(skus[1], 1)), amounts_of(draw, 1, 500, 1500)),
        Bundle((Need(skus[0], draw.randint(1, 2)), Need(skus[1], 1)), amounts_of(draw, 1, 500, 1500)),
        NthPiece(draw.randint(2, 3), 1, share),
        Gift(
            draw.choice(["CUP", "CUP", "CAP", "MUG"]), draw.randint(1, 2), draw.choice([NONE, amounts_of(draw, spend)])
        ),
    ]
    return draw.choice(choices)


def products_of(draw: Random) -> Products:
    return draw.choice(
        [
            Products(),
            Products(),
            Products(skus=frozenset(draw.sample(list(SKUS), 1))),
            Products(skus=frozenset(draw.sample(list(SKUS), 2)), lines=frozenset({"z"})),
            Products(lines=frozenset({"x"})),
            Products(excluded=frozenset({"A"})),
            Products(lines=frozenset({"x"}), excluded=frozenset({"B"})),
        ]
    )


def audience_of(draw: Random) -> Audience:
    """Anybody mostly; else one or two of the things that are asked of a buyer."""
    if draw.random() < 0.85:
        return Audience()
    asked: dict[str, Iterable[Any]] = {
        "customer_types": draw.choice([{"enterprise"}, {"enterprise", "person"}]),
        "grades": draw.choice([{"A"}, {"A", "B"}]),
        "segment_ids": {SEGMENT},
        "lifecycle_stages": {draw.choice(["new", "loyal"])},
        "regions": {draw.choice(["CN", "CN-SH", "CN-S"])},
        "channel_ids": {draw.choice(CHANNELS)},
        "tiers": {"gold"},
        "account_ids": {ACCOUNT},
    }
    return Audience(**{name: frozenset(asked[name]) for name in draw.sample(list(asked), draw.randint(1, 2))})


def windows_of(draw: Random) -> tuple[Window, ...]:
    """None, or some of which one may hold, which begins or ends at this moment."""
    hour = timedelta(hours=1)
    all_ = [Window(NOON, None), Window(NOON - hour, NOON), Window(NOON - hour, NOON + hour), Window(NOON + hour, None)]
    return () if draw.random() < 0.85 else tuple(draw.sample(all_, draw.randint(1, 2)))


def rules_of(draw: Random) -> list[Rule]:
    found = []
    per_line = {group: draw.random() < 0.5 for group in "GHI"}
    for number in range(draw.randint(0, 12)):
        reward, group = reward_of(draw), draw.choice("GHI")
        is_line = isinstance(reward, LineRate | LineAmount | LinePrice | Ladder)
        is_best_of_line = is_line and per_line[group]
        found.append(
            Rule(
                code=f"P{number:02}",
                version=1,
                reward=reward,
                group=group,
                per_line=is_best_of_line,
                products=products_of(draw),
                audience=audience_of(draw),
                windows=windows_of(draw),
                condition=None if draw.random() < 0.9 else draw.choice(list(Condition)),
                quiet_days=draw.choice([30, 180]),
                payment_terms_max=draw.choice([None] * 6 + [10]),
                is_active=draw.random() < 0.97,
                solo=draw.random() < 0.1,
                below_floor=draw.random() < 0.2,
                needs_coupon=draw.random() < 0.1,
                max_discount=NONE if is_best_of_line or draw.random() < 0.7 else amounts_of(draw, 1, 99, 500),
                max_times=draw.choice([None, None, 1, 2]),
            )
        )
    return found


def left_of(draw: Random, rules: list[Rule]) -> dict[str, Left]:
    return {
        rule.code: Left(draw.choice([0, 1, 20, 100, 400]), draw.choice([None, 0, 1]))
        for rule in rules
        if draw.random() < 0.2
    }


def buyer_of(draw: Random) -> Buyer:
    """Of somebody some things are not known."""
    return Buyer(
        DAY,
        account_id=draw.choice([None, ACCOUNT]),
        tier=draw.choice([None, "gold", "silver"]),
        channel_id=draw.choice([None, *CHANNELS]),
        region=draw.choice([None, "CN", "CN-SH", "CN-BJ"]),
        grade=draw.choice([None, "A", "B"]),
        segment_ids=draw.choice([frozenset(), frozenset({SEGMENT})]),
    )


def case(seed: int) -> tuple[Context, list[PricedLine], list[Rule], dict[str, Left]]:
    draw = Random(seed)
    lines, rules = lines_of(draw), rules_of(draw)
    codes = [rule.code for rule in rules]
    currency = draw.choice(list(CURRENCIES))
    known = context(
        currency=currency,
        to_base=CURRENCIES[currency],
        buyer=buyer_of(draw),
        customer_type=draw.choice([None, "enterprise", "person"]),
        lifecycle_stage=draw.choice([None, "new", "loyal"]),
        has_ordered=draw.random() < 0.5,
        quiet_days=draw.choice([None, 29, 30, 180]),
        is_member=draw.random() < 0.5,
        payment_terms_days=draw.choice([0, 10, 11]),
        coupons=frozenset(code for code in codes if draw.random() < 0.5),
        declined=frozenset(code for code in codes if draw.random() < 0.05),
        gifts=frozenset(code for code in codes if draw.random() < 0.7),
        gift_values={"CUP": GiftValue(1_500, 1), "CAP": GiftValue(2_500, 400)},
    )
    return known, lines, rules, left_of(draw, rules)


def reached(known: Context, rules: list[Rule], found: Evaluation) -> set[str]:
    """What a cart has shown: each kind of reward that gave something, each reason, and what makes them hard."""
    by_code, gave = {rule.code: rule for rule in rules}, {used.code for used in found.used}
    own = [by_code[code] for code in gave]
    seen = {type(one.reward).__name__ for one in own} | {one.reason.value for one in found.not_applied}
    seen |= {f"{type(one.reward).__name__} in {known.currency}" for one in own if amounts_by_currency(one)}
    parts = [[by_code[part.code] for part in line.parts] for line in found.lines]
    capped = {u.code for u in found.used if u.discount == by_code[u.code].max_discount.get(known.currency)}
    marks = {
        "solo": any(one.solo for one in own),
        "best of a line": any(one.per_line for one in own),
        "capped": bool(capped),
        "two caps at once": len(capped) > 1,
        "three phases on a line": any(len({one.phase for one in some}) > 2 for some in parts),
        "two groups in a phase": any(len({one.phase for one in some}) < len(some) for some in parts),
        "below a floor": any(line.net < line.floor for line in found.lines),
        "at its floor": any(line.net == line.floor > 0 and line.parts for line in found.lines),
        "for nothing": any(line.net == 0 and line.parts for line in found.lines),
        "coupon": any(one.needs_coupon for one in own),
        "audience": any(one.audience != Audience() for one in own),
        "window": any(one.windows for one in own),
        "condition": any(one.condition is not None for one in own),
        "max times": any(one.max_times == 1 and isinstance(one.reward, Bundle | NthPiece | SpendEvery) for one in own),
    }
    return seen | {name for name, is_so in marks.items() if is_so}


def amounts_by_currency(rule: Rule) -> bool:
    reward = rule.reward
    return isinstance(reward, LineAmount | LinePrice | SpendSteps | SpendEvery | Bundle)


def test_random_carts_reach_what_they_are_for() -> None:
    """A law on carts says nothing of what no cart shows: every reward, currency, reason and clash is there, often."""
    counted: Counter[str] = Counter()
    for seed in range(CARTS):
        known, lines, rules, left = case(seed)
        counted.update(reached(known, rules, evaluate(known, lines, compile_rules(rules), left)))
    rewards = [LineRate, LineAmount, LinePrice, Ladder, OrderRate, SpendSteps, SpendEvery, Bundle, NthPiece, Gift]
    expected = {one.__name__ for one in rewards} | {reason.value for reason in Reason}
    of_amounts = (LineAmount, LinePrice, SpendSteps, SpendEvery, Bundle)
    expected |= {f"{one.__name__} in {currency}" for one in of_amounts for currency in CURRENCIES}
    expected |= {
        "solo",
        "best of a line",
        "capped",
        "two caps at once",
        "three phases on a line",
        "two groups in a phase",
        "below a floor",
        "at its floor",
        "for nothing",
        "coupon",
        "audience",
        "window",
        "condition",
        "max times",
    }
    rare = {name: counted[name] for name in expected if counted[name] < RARE}
    assert rare == {}, rare


def test_a_naive_evaluator_agrees_on_thousands_of_carts() -> None:
    for seed in range(CARTS):
        known, lines, rules, left = case(seed)
        found = evaluate(known, sorted(lines, key=PricedLine.content), compile_rules(rules), left)
        nets, applied = naive(known, lines, rules, left)
        assert [line.net for line in found.lines] == nets, seed
        assert {used.code: used.discount for used in found.used} == applied, seed


def plain(found: Evaluation) -> object:
    return Counter(found.lines), found.used, found.not_applied, found.net, found.discount, found.ends_at


@given(st.integers(0, 10**9), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_no_order_of_lines_or_rules_matters(seed: int, order: Random) -> None:
    known, lines, rules, left = case(seed)
    expected = evaluate(known, lines, compile_rules(rules), left)
    order.shuffle(lines)
    order.shuffle(rules)
    rules = [replace(rule, windows=tuple(order.sample(rule.windows, len(rule.windows)))) for rule in rules]
    found = evaluate(known, lines, compile_rules(rules), left)
    assert plain(found) == plain(expected)
    assert [(line.sku, line.quantity) for line in found.lines] == [(line.sku, line.quantity) for line in lines]


@given(st.integers(0, 10**9))
@settings(max_examples=300, deadline=None)
def test_lines_sum_to_the_total_and_each_promotion_to_its_discount(seed: int) -> None:
    known, lines, rules, left = case(seed)
    found = evaluate(known, lines, compile_rules(rules), left)
    for line in found.lines:
        assert line.quantity * line.unit_price == line.net + line.discount
        assert line.discount == sum(part.amount for part in line.parts) + line.manual
        assert line.net >= 0
        assert all(part.amount > 0 for part in line.parts)
        assert [line.quantity * line.unit_price, *(step.after for step in line.steps)][-1] == line.net
    by_code: Counter[str] = Counter()
    for line in [*found.lines, *found.gifts]:
        for part in line.parts:
            by_code[part.code] += part.amount
    assert by_code == Counter({used.code: used.discount for used in found.used})
    asked = [line.quantity * line.unit_price for line in lines]
    assert found.net + found.discount == sum(asked) + sum(gift.discount for gift in found.gifts)
    assert all(gift.net == 0 and gift.discount == gift.quantity * gift.list_price for gift in found.gifts)
    assert {used.code for used in found.used} | {one.code for one in found.not_applied} == {r.code for r in rules}
    assert len(found.used) + len(found.not_applied) == len(rules)


@given(st.integers(0, 10**9))
@settings(max_examples=300, deadline=None)
def test_no_floor_is_broken_without_an_approval(seed: int) -> None:
    known, lines, rules, left = case(seed)
    compiled = compile_rules([rule for rule in rules if not rule.below_floor])
    nets = [line.net for line in evaluate(known, lines, compiled, left).lines]
    draw = Random(seed)
    lines = [line._replace(manual=draw.randint(0, net)) for line, net in zip(lines, nets, strict=True)]
    try:
        found = evaluate(known, lines, compiled, left)
    except DiscountTooLarge:
        reject()
    for line in found.lines:
        assert line.net >= line.floor or line.approvals


@given(st.integers(0, 10**9))
@settings(max_examples=200, deadline=None)
def test_no_budget_is_exceeded(seed: int) -> None:
    known, lines, rules, left = case(seed)
    for used in evaluate(known, lines, compile_rules(rules), left).used:
        budget = left.get(used.code, Left()).budget_base
        assert budget is None or used.budget_base <= budget
