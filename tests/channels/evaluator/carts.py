"""Carts and rules in few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from services.channels.evaluator.carts import Context, PricedLine
from services.channels.evaluator.compiled import compile_rules
from services.channels.evaluator.evaluation import evaluate
from services.channels.evaluator.results import Evaluation, Reason
from services.channels.evaluator.rewards import Reward, Rule
from services.channels.price_books.rules import Buyer

DAY = date(2026, 2, 12)
NOON = datetime(2026, 2, 12, 12, tzinfo=UTC)


def context(**known: Any) -> Context:
    """Somebody who buys in CNY at noon."""
    return Context(**{"currency": "CNY", "moment": NOON, "buyer": Buyer(DAY), **known})


def line(quantity: int, unit_price: int, sku: str = "A", **more: Any) -> PricedLine:
    """Units of a product of the line `goods` at their list price."""
    return PricedLine(sku, more.pop("product_line", "goods"), quantity, unit_price, unit_price, **more)


def rule(reward: Reward, code: str = "P", **more: Any) -> Rule:
    """A promotion in a group of its own."""
    return Rule(code=code, version=1, reward=reward, **{"group": code, **more})


def judged(lines: Sequence[PricedLine], *rules: Rule, left: Any = None, **known: Any) -> Evaluation:
    """An evaluation of a cart."""
    return evaluate(context(**known), lines, compile_rules(rules), left)


def discounts(found: Evaluation) -> list[int]:
    """Discounts of the lines."""
    return [one.discount for one in found.lines]


def why(found: Evaluation) -> dict[str, tuple[Reason, int | None]]:
    """Reasons of promotions that gave nothing."""
    return {one.code: (one.reason, one.missing) for one in found.not_applied}
