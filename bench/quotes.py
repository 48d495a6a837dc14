"""What evaluating a cart costs: 100 lines against 1,000 rules, and how it grows with either.

usage: python -m bench.quotes [--repeat 15] [--quick]

Rules of every kind in 8 groups for products, lines and all, a tenth of them solo, some with budgets. Figures are the
median processor time of an evaluation in milliseconds, without the database; `growth` is the slope in logarithms (at
most 1.1). `preview` is what the service takes for one, from the body to the rows, with its statements on PostgreSQL
(p50 of the clock); the first one after a change of promotions compiles them.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from bench.quote_service import prepare, previews
from bench.report import exponent, middle, percentile, write
from bench.servers import Servers, infrastructure
from kit.testing.native import run_apart
from services.channels.evaluator.carts import Context, Left, PricedLine
from services.channels.evaluator.compiled import Compiled, compile_rules
from services.channels.evaluator.evaluation import evaluate
from services.channels.evaluator.rewards import (
    Audience,
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
    Window,
)
from services.channels.price_books.rules import Buyer

GROUPS, SKUS, LINES = 8, 200, 10
LIMIT_MS, GROWTH = 20.0, 1.1
NOW = datetime(2026, 2, 12, 12, tzinfo=UTC)
CONTEXT = Context("CNY", NOW, Buyer(date(2026, 2, 12), grade="A", region="CN-SH"), payment_terms_days=30)


def reward_of(draw: Random) -> Reward:
    """Line rewards mostly, as shops have them."""
    share, amount = draw.randint(1, 30) * 10_000, draw.randint(1, 500)
    skus = draw.sample(range(SKUS), 2)
    line: list[Reward] = [
        LineRate(share),
        LineAmount({"CNY": amount}),
        LinePrice({"CNY": amount * 10}),
        Ladder((Rung(2, share // 2), Rung(20, share))),
    ]
    other: list[Reward] = [
        OrderRate(share // 4),
        SpendSteps({"CNY": (SpendStep(30_000, 2_000), SpendStep(100_000, 9_000))}),
        SpendEvery({"CNY": SpendStep(50_000, 1_000)}),
        NthPiece(3, 1, 1_000_000),
        Bundle((Need(f"S{skus[0]}", 1), Need(f"S{skus[1]}", 1)), {"CNY": 5_000}),
    ]
    return draw.choice(line if draw.random() < 0.7 else other)


def products_of(draw: Random) -> Products:
    """A third each for a product, a product line, everything."""
    sku, line = f"S{draw.randrange(SKUS)}", f"L{draw.randrange(LINES)}"
    return draw.choice((Products(skus=frozenset({sku})), Products(lines=frozenset({line})), Products()))


def rules_of(count: int, draw: Random) -> list[Rule]:
    """Active rules."""
    found = []
    for number in range(count):
        reward, group = reward_of(draw), draw.randrange(GROUPS)
        is_line = isinstance(reward, LineRate | LineAmount | LinePrice | Ladder)
        found.append(
            Rule(
                code=f"P{number:06}",
                version=1,
                reward=reward,
                group=f"G{group}",
                per_line=is_line and group % 4 > 0,
                products=products_of(draw),
                windows=(Window(NOW, None),),
                audience=Audience(grades=frozenset("AB")) if draw.random() < 0.3 else Audience(),
                solo=draw.random() < 0.1,
                below_floor=draw.random() < 0.1,
            )
        )
    return found


def cart_of(count: int, draw: Random) -> list[PricedLine]:
    """Lines of different products and quantities."""
    found = []
    for _ in range(count):
        sku, price = draw.randrange(SKUS), draw.randint(100, 100_000)
        quantity = draw.randint(1, 30)
        found.append(PricedLine(f"S{sku}", f"L{sku % LINES}", quantity, price, price, quantity * price * 6 // 10))
    return found


def milliseconds(lines: list[PricedLine], compiled: Compiled, left: dict[str, Left], repeat: int) -> list[float]:
    """Evaluations, one after the other."""
    found = []
    for _ in range(repeat):
        start = time.process_time()
        evaluate(CONTEXT, lines, compiled, left)
        found.append((time.process_time() - start) * 1000)
    return found


def measure(lines: int, rules: int, repeat: int) -> float:
    """Median milliseconds of one size."""
    draw = Random(lines * 1_000_003 + rules)
    compiled = compile_rules(rules_of(rules, draw))
    left = {ready.rule.code: Left(draw.randint(0, 10**6)) for ready in compiled.rules if draw.random() < 0.2}
    return middle(milliseconds(cart_of(lines, draw), compiled, left, repeat))


async def through_the_service(servers: Servers, repeat: int) -> list[dict[str, Any]]:
    """Previews of 100 lines against 1,000 promotions."""
    db = await prepare(servers, 1_000)
    first, took = await previews(db, 100, repeat)
    await db.stop()
    name, p50 = "preview, 100 lines, 1000 rules", percentile(took, 0.5)
    return [
        {"name": name, "value": p50, "unit": "ms", "limit": LIMIT_MS, "ratio": p50 / LIMIT_MS, "repetitions": repeat},
        {"name": f"{name}, the first", "value": first, "unit": "ms", "repetitions": 1},
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    repeat = 3 if arguments.quick else arguments.repeat
    sizes = [(100, 500), (100, 1_000), (100, 2_000), (100, 4_000), (50, 1_000), (200, 1_000), (400, 1_000)]
    found = {size: measure(*size, repeat) for size in sizes}
    rows: list[dict[str, Any]] = [
        {
            "name": f"{lines} lines, {rules} rules",
            "value": took,
            "unit": "ms",
            "limit": LIMIT_MS if (lines, rules) == (100, 1_000) else None,
            "ratio": took / LIMIT_MS if (lines, rules) == (100, 1_000) else None,
            "repetitions": repeat,
        }
        for (lines, rules), took in found.items()
    ]
    by_rules = exponent([(rules, took) for (lines, rules), took in found.items() if lines == 100])
    by_lines = exponent([(lines, took) for (lines, rules), took in found.items() if rules == 1_000])
    for name, slope in (("growth with rules", by_rules), ("growth with lines", by_lines)):
        rows.append({"name": name, "value": slope, "unit": "exponent", "limit": GROWTH, "ratio": slope / GROWTH})
    with infrastructure(kafka=False) as servers:
        rows += run_apart(through_the_service(servers, repeat))
    write("quotes", rows, note="the evaluator alone, rules compiled before; previews with the database")


if __name__ == "__main__":
    main()
