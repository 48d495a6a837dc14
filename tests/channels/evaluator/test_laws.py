"""Laws of the evaluator on random carts: no order matters, sums agree, floors hold, and a naive one says the same."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from services.channels.evaluator.carts import Context, Left, PricedLine
from services.channels.evaluator.compiled import compile_rules
from services.channels.evaluator.evaluation import DiscountTooLarge, evaluate
from services.channels.evaluator.results import Evaluation
from services.channels.evaluator.rewards import (
    NONE,
    Bundle,
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
)
from tests.channels.evaluator.carts import context
from tests.channels.evaluator.naive import naive

SKUS = {"A": "x", "B": "x", "C": "y", "D": "z"}
CARTS = 3_000


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
        LineRate(share),
        LineAmount({"CNY": amount}),
        LinePrice({"CNY": draw.choice([0, 4, 300, 900])}),
        Ladder((Rung(2, share // 2), Rung(5, share))),
        OrderRate(share, draw.choice([NONE, {"CNY": spend}])),
        SpendSteps({"CNY": steps}),
        SpendEvery({"CNY": SpendStep(spend, amount)}),
        Bundle((Need(skus[0], draw.randint(1, 2)), Need(skus[1], 1)), {"CNY": draw.choice([1, 500, 1500])}),
        NthPiece(draw.randint(2, 3), 1, share),
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
                solo=draw.random() < 0.1,
                below_floor=draw.random() < 0.2,
                needs_coupon=draw.random() < 0.1,
                max_discount=NONE if is_best_of_line or draw.random() < 0.7 else {"CNY": draw.choice([1, 99, 500])},
                max_times=draw.choice([None, None, 1, 2]),
            )
        )
    return found


def left_of(draw: Random, rules: list[Rule]) -> dict[str, Left]:
    return {
        rule.code: Left(draw.choice([0, 20, 100, 400]), draw.choice([None, 0, 1]))
        for rule in rules
        if draw.random() < 0.2
    }


def case(seed: int) -> tuple[Context, list[PricedLine], list[Rule], dict[str, Left]]:
    draw = Random(seed)
    lines, rules = lines_of(draw), rules_of(draw)
    codes = [rule.code for rule in rules]
    known = context(
        to_base=Fraction(137, 1000) if draw.random() < 0.5 else Fraction(1),
        coupons=frozenset(code for code in codes if draw.random() < 0.5),
        declined=frozenset(code for code in codes if draw.random() < 0.05),
    )
    return known, lines, rules, left_of(draw, rules)


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
    for line in found.lines:
        for part in line.parts:
            by_code[part.code] += part.amount
    assert by_code == Counter({used.code: used.discount for used in found.used})
    assert found.net + found.discount == sum(line.quantity * line.unit_price for line in lines)
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
