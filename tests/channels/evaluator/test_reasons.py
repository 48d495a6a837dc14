"""Why a promotion gave nothing: the first reason that fails, in their order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kit.ids import new_id
from services.channels.evaluator.carts import Left
from services.channels.evaluator.results import Reason
from services.channels.evaluator.rewards import (
    Audience,
    Ladder,
    LineRate,
    OrderRate,
    Products,
    Reward,
    Rung,
    SpendStep,
    SpendSteps,
    Window,
)
from services.channels.price_books.rules import Buyer
from tests.channels.evaluator.carts import DAY, NOON, judged, line, rule, why

PAST = (Window(NOON - timedelta(2), NOON - timedelta(1)),)
SHOP = new_id()
WRONG: dict[str, Any] = {
    "is_active": False,
    "windows": PAST,
    "max_discount": {"USD": 10**6},
    "audience": Audience(channel_ids=frozenset({SHOP}), grades=frozenset("A")),
    "products": Products(skus=frozenset("Z")),
    "payment_terms_max": 10,
    "needs_coupon": True,
}
"""A rule that fails in everything, for somebody who pays after 30 days."""
MENDED: list[tuple[Reason, dict[str, Any], dict[str, Any]]] = [
    (Reason.NOT_ACTIVE, {"is_active": True}, {}),
    (Reason.WINDOW, {"windows": ()}, {}),
    (Reason.CURRENCY, {"max_discount": {"CNY": 10**6}}, {}),
    (Reason.CHANNEL, {}, {"buyer": Buyer(DAY, channel_id=SHOP)}),
    (Reason.AUDIENCE, {}, {"buyer": Buyer(DAY, channel_id=SHOP, grade="A")}),
    (Reason.PRODUCTS, {"products": Products(skus=frozenset("A"))}, {}),
    (Reason.PAYMENT_TERMS, {}, {"payment_terms_days": 10}),
    (Reason.COUPON, {}, {"coupons": frozenset("P")}),
]
"""Each reason, and what of the rule or of the cart ends it."""


def reasons(reward: Reward, enough: Reward) -> list[Reason | None]:
    """The reason at every step, while one after the other is mended; None: it gives something."""
    rule_of, known = dict(WRONG), {"payment_terms_days": 30, "declined": frozenset("P")}
    left: dict[str, Left] = {"P": Left(0, 0)}
    found = []

    def now(of: Reward) -> Reason | None:
        told = why(judged([line(5, 1_000)], rule(of, **rule_of), left=left, **known))
        return told["P"][0] if told else None

    for _reason, of_rule, of_cart in MENDED:
        found.append(now(reward))
        rule_of |= of_rule
        known |= of_cart
    found.append(now(reward))
    found.append(now(enough))
    left["P"] = Left(0, 1)
    found.append(now(enough))
    left["P"] = Left(10**6, 1)
    found.append(now(enough))
    known["declined"] = frozenset()
    return [*found, now(enough)]


def test_the_first_that_fails_is_told() -> None:
    before, after = [reason for reason, *_ in MENDED], [Reason.USES, Reason.BUDGET, Reason.DECLINED, None]
    ladders = (Ladder((Rung(6, 100_000),)), Ladder((Rung(5, 100_000),)))
    assert reasons(*ladders) == [*before, Reason.QUANTITY, *after]
    spends = [SpendSteps({"CNY": (SpendStep(spend, 100),)}) for spend in (5_001, 5_000)]
    assert reasons(*spends) == [*before, Reason.THRESHOLD, *after]


def test_what_could_have_counted_was_lost_to_others_or_found_no_room() -> None:
    group = {"group": "G"}
    lost = judged([line(5, 1_000)], rule(LineRate(100_000), "A", **group), rule(LineRate(50_000), "B", **group))
    assert why(lost) == {"B": (Reason.LOST_IN_GROUP, None)}
    solo = judged([line(5, 1_000)], rule(LineRate(100_000), "A", solo=True), rule(LineRate(50_000), "B"))
    assert why(solo) == {"B": (Reason.LOST_TO_SOLO, None)}
    full = judged([line(5, 1_000, floor=5_000)], rule(OrderRate(100_000), "A"))
    assert why(full) == {"A": (Reason.NO_ROOM, None)}
