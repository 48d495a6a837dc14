"""The worked examples of promotions and quotes, each with its near miss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from services.channels.evaluator.carts import GiftValue, Left
from services.channels.evaluator.evaluation import DiscountTooLarge
from services.channels.evaluator.results import QuoteApproval, Reason
from services.channels.evaluator.rewards import (
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
    Rung,
    SpendEvery,
    SpendStep,
    SpendSteps,
    Window,
)
from tests.channels.evaluator.carts import discounts, judged, line, rule, why

PERCENT = 10_000


def test_cash_off() -> None:
    assert discounts(judged([line(3, 3333)], rule(LineRate(10 * PERCENT)))) == [1000]
    assert discounts(judged([line(3, 3333)], rule(LineAmount({"CNY": 250})))) == [750]
    other = judged([line(3, 3333)], rule(LineAmount({"USD": 250})))
    assert why(other) == {"P": (Reason.CURRENCY, None)}, "amounts are never converted"


def test_line_percentages_round_per_line() -> None:
    assert discounts(judged([line(1, 4995)], rule(LineRate(10 * PERCENT)))) == [500]
    assert discounts(judged([line(1, 4985)], rule(LineRate(10 * PERCENT)))) == [498]


def test_prompt_payment() -> None:
    prompt = rule(OrderRate(2 * PERCENT), payment_terms_max=10)
    assert discounts(judged([line(1, 123456)], prompt, payment_terms_days=10)) == [2469]
    late = judged([line(1, 123456)], prompt, payment_terms_days=30)
    assert late.discount == 0
    assert why(late) == {"P": (Reason.PAYMENT_TERMS, None)}


def test_quantity_ladder() -> None:
    ladder = rule(Ladder((Rung(10, 5 * PERCENT), Rung(50, 8 * PERCENT))))
    assert discounts(judged([line(30, 199), line(25, 199)], ladder)) == [478, 398]
    assert discounts(judged([line(49, 100)], ladder)) == [245]
    assert why(judged([line(9, 100)], ladder)) == {"P": (Reason.QUANTITY, 1)}


@pytest.mark.parametrize(("second", "applies"), [(-1, False), (0, True), (7199, True), (7200, False)])
def test_limited_time(second: int, applies: bool) -> None:
    start = datetime(2026, 2, 12, 20, tzinfo=UTC)
    evening = rule(LineRate(10 * PERCENT), windows=(Window(start, start + timedelta(hours=2)),))
    found = judged([line(1, 1000)], evening, moment=start + timedelta(seconds=second))
    assert found.discount == (100 if applies else 0)
    assert found.ends_at == (start + timedelta(hours=2) if applies else None)
    assert applies or why(found) == {"P": (Reason.WINDOW, None)}


def test_seasonal_windows_are_dates_of_each_year() -> None:
    years = [datetime(year, month, day, 16, tzinfo=UTC) for year, month, day in ((2026, 2, 16), (2027, 2, 5))]
    lunar = rule(LineRate(10 * PERCENT), windows=tuple(Window(day, day + timedelta(days=7)) for day in years))
    assert [judged([line(1, 1000)], lunar, moment=day).discount for day in years] == [100, 100]
    assert judged([line(1, 1000)], lunar, moment=years[0] - timedelta(seconds=1)).discount == 0


def test_gift_is_offered_taken_by_name_and_costs_its_cost() -> None:
    cup = rule(Gift("CUP", 1, {"CNY": 30000}))
    values = {"CUP": GiftValue(2500, 1200)}
    offered = judged([line(1, 30000)], cup, gift_values=values)
    assert [gift.code for gift in offered.offered] == ["P"]
    assert offered.gifts == ()
    assert why(offered) == {"P": (Reason.DECLINED, None)}
    taken = judged([line(1, 30000)], cup, gift_values=values, gifts=frozenset({"P"}), left={"P": Left(1200)})
    assert [(gift.sku, gift.unit_price, gift.discount, gift.net) for gift in taken.gifts] == [("CUP", 2500, 2500, 0)]
    assert [(used.discount, used.budget_base) for used in taken.used] == [(2500, 1200)]
    assert taken.net == 30000
    short = judged([line(1, 29999)], cup, gift_values=values, gifts=frozenset({"P"}))
    assert short.gifts == ()
    assert why(short) == {"P": (Reason.THRESHOLD, 1)}
    dear = judged([line(1, 30000)], cup, gift_values=values, gifts=frozenset({"P"}), left={"P": Left(1199)})
    assert why(dear) == {"P": (Reason.BUDGET, None)}


def test_bundle() -> None:
    bundle = rule(Bundle((Need("PHONE", 1), Need("HEADSET", 1)), {"CNY": 319900}))
    found = judged([line(2, 299900, "PHONE"), line(3, 39900, "HEADSET")], bundle)
    assert discounts(found) == [35127, 4673]
    assert why(judged([line(2, 299900, "PHONE")], bundle)) == {"P": (Reason.QUANTITY, 1)}


def test_bundle_comes_after_line_promotions() -> None:
    bundle = rule(Bundle((Need("PHONE", 1), Need("HEADSET", 1)), {"CNY": 319900}))
    tenth = rule(LineRate(10 * PERCENT), "Q", products=Products(skus=frozenset({"PHONE"})))
    found = judged([line(1, 299900, "PHONE"), line(1, 39900, "HEADSET")], bundle, tenth)
    assert found.discount == 29990
    assert why(found) == {"P": (Reason.NO_ROOM, None)}


def test_nth_piece() -> None:
    prices = (10000, 9000, 5000, 4000, 3000, 2000)
    two_and_one = rule(NthPiece(3, 1, 100 * PERCENT))
    found = judged([line(1, price, f"S{price}") for price in prices], two_and_one)
    assert found.discount == 5000
    assert discounts(found)[-2:] == [3000, 2000]
    assert judged([line(3, 3990)], rule(NthPiece(2, 1, 50 * PERCENT))).discount == 1995
    assert why(judged([line(2, 100)], two_and_one)) == {"P": (Reason.QUANTITY, 1)}


def test_spend_steps() -> None:
    steps = rule(SpendSteps({"CNY": (SpendStep(50000, 6000), SpendStep(100000, 15000))}))
    assert judged([line(1, 99999)], steps).discount == 6000
    assert judged([line(1, 100000)], steps).discount == 15000
    assert why(judged([line(1, 49999)], steps)) == {"P": (Reason.THRESHOLD, 1)}


def test_spend_every() -> None:
    every = rule(SpendEvery({"CNY": SpendStep(30000, 4000)}), max_times=3)
    assert judged([line(1, 123400)], every).discount == 12000
    assert judged([line(1, 59999)], every).discount == 4000


def test_first_order() -> None:
    first = rule(LineRate(10 * PERCENT), condition=Condition.FIRST_ORDER)
    assert judged([line(1, 1000)], first).discount == 100
    assert why(judged([line(1, 1000)], first, has_ordered=True)) == {"P": (Reason.AUDIENCE, None)}


@pytest.mark.parametrize(("days", "discount"), [(180, 100), (179, 0), (None, 0)])
def test_quiet(days: int | None, discount: int) -> None:
    back = rule(LineRate(10 * PERCENT), condition=Condition.QUIET)
    assert judged([line(1, 1000)], back, quiet_days=days, has_ordered=days is not None).discount == discount


def test_high_value() -> None:
    dear = rule(LineRate(10 * PERCENT), audience=Audience(grades=frozenset({"A", "B"})))
    assert why(judged([line(1, 1000)], dear)) == {"P": (Reason.AUDIENCE, None)}, "what is not known matches nothing"


def test_member_price() -> None:
    member = rule(LinePrice({"CNY": 7900}), condition=Condition.MEMBER)
    assert judged([line(3, 9900)], member, is_member=True).discount == 6000
    assert judged([line(3, 7000)], member, is_member=True).discount == 0, "it raises no price"
    assert why(judged([line(3, 9900)], member)) == {"P": (Reason.AUDIENCE, None)}


def test_coupon() -> None:
    coupon = rule(LineRate(10 * PERCENT), needs_coupon=True)
    assert judged([line(1, 1000)], coupon, coupons=frozenset({"P"})).discount == 100
    assert why(judged([line(1, 1000)], coupon)) == {"P": (Reason.COUPON, None)}


def test_an_earlier_step_may_cost_a_later_one_and_can_be_declined() -> None:
    off = rule(LineAmount({"CNY": 500}), "OFF")
    spend = rule(SpendSteps({"CNY": (SpendStep(30000, 5000),)}), "SPEND")
    found = judged([line(1, 30200)], off, spend)
    assert found.discount == 500
    assert why(found) == {"SPEND": (Reason.THRESHOLD, 300)}
    given_up = judged([line(1, 30200)], off, spend, declined=frozenset({"OFF"}))
    assert given_up.discount == 5000
    assert why(given_up) == {"OFF": (Reason.DECLINED, None)}


def test_groups_add_up_and_in_a_group_one_wins() -> None:
    first, second = (rule(OrderRate(10 * PERCENT), code) for code in ("P", "Q"))
    assert judged([line(1, 100000)], first, second).discount == 20000
    rivals = [rule(OrderRate(10 * PERCENT), code, group="G") for code in ("Q", "P")]
    found = judged([line(1, 100000)], *rivals)
    assert [used.code for used in found.used] == ["P"]
    assert why(found) == {"Q": (Reason.LOST_IN_GROUP, None)}


def test_best_of_each_line_or_of_the_order() -> None:
    lines = [line(1, 10000, "A"), line(1, 1000, "B")]
    rate = LineRate(10 * PERCENT)
    amount = LineAmount({"CNY": 300})
    per_line = [rule(rate, "P", group="G", per_line=True), rule(amount, "Q", group="G", per_line=True)]
    assert discounts(judged(lines, *per_line)) == [1000, 300]
    assert discounts(judged(lines, rule(rate, "P", group="G"), rule(amount, "Q", group="G"))) == [1000, 100]


def test_equal_by_rounding_is_decided_by_the_exact_saving_then_by_code() -> None:
    rates = [rule(LineRate(share), code, group="G", per_line=True) for code, share in (("P", 100_000), ("Q", 100_001))]
    assert [used.code for used in judged([line(1, 1000)], *rates).used] == ["Q"]
    equal = [rule(LineRate(100_000), code, group="G", per_line=True) for code in ("Q", "P")]
    assert [used.code for used in judged([line(1, 1000)], *equal).used] == ["P"]


def test_solo_against_the_rest_together_a_tie_to_the_rest() -> None:
    rest = [rule(LineAmount({"CNY": 50}), code) for code in ("P", "Q")]
    tie = judged([line(1, 1000)], *rest, rule(LineAmount({"CNY": 100}), "S", solo=True))
    assert [used.code for used in tie.used] == ["P", "Q"]
    assert why(tie) == {"S": (Reason.LOST_TO_SOLO, None)}
    more = judged([line(1, 1000)], *rest, rule(LineAmount({"CNY": 101}), "S", solo=True))
    assert [used.code for used in more.used] == ["S"]
    assert why(more) == {"P": (Reason.LOST_TO_SOLO, None), "Q": (Reason.LOST_TO_SOLO, None)}


def test_a_solo_promotion_that_does_not_match_blocks_nobody() -> None:
    solo = rule(LineAmount({"CNY": 999}), "S", solo=True, audience=Audience(tiers=frozenset({"GOLD"})))
    assert judged([line(1, 1000)], solo, rule(LineAmount({"CNY": 50}))).discount == 50


def test_cuts_share_the_room_in_proportion() -> None:
    six, half = rule(LineAmount({"CNY": 600}), "P"), rule(LineRate(50 * PERCENT), "Q")
    found = judged([line(1, 1000)], six, half)
    assert [used.discount for used in found.used] == [545, 455]
    assert found.net == 0
    one = [rule(LineAmount({"CNY": 600}), "P", group="G"), rule(LineRate(50 * PERCENT), "Q", group="G")]
    assert judged([line(1, 1000)], *one).discount == 600


def test_order_amounts_over_lines() -> None:
    ten = rule(SpendSteps({"CNY": (SpendStep(0, 1000),)}))
    assert sorted(discounts(judged([line(1, 10000) for _ in range(3)], ten))) == [333, 333, 334]
    thirty = rule(SpendSteps({"CNY": (SpendStep(0, 3000),)}))
    lines = [line(1, 10000, "A", floor=9800), line(1, 5000, "B"), line(1, 5000, "C")]
    assert discounts(judged(lines, thirty)) == [200, 1400, 1400]


def test_promotions_keep_the_floor_unless_approved_without() -> None:
    off = rule(LineAmount({"CNY": 500}), "P")
    found = judged([line(1, 1000, floor=900)], off)
    assert found.lines[0].net == 900
    assert not found.needs_approval
    under = rule(LineAmount({"CNY": 500}), "Q", below_floor=True)
    both = judged([line(1, 1000, floor=900)], off, under)
    assert [used.discount for used in both.used] == [100, 500]
    assert not both.needs_approval
    full = judged([line(1, 1000, floor=1000)], off)
    assert why(full) == {"P": (Reason.NO_ROOM, None)}


def test_price_and_manual_discount_under_the_floor_need_approval() -> None:
    below = (QuoteApproval.BELOW_FLOOR,)
    assert judged([line(1, 1000, floor=1001)]).lines[0].approvals == below
    assert judged([line(1, 1000, floor=900, manual=100)]).lines[0].approvals == ()
    assert judged([line(1, 1000, floor=900, manual=101)]).lines[0].approvals == below
    assert judged([line(1, 1000, floor=900, manual=101, approved=899)]).lines[0].approvals == ()
    assert judged([line(1, 1000, manual=100)], manual_share=100_000).lines[0].approvals == ()
    assert judged([line(1, 1000, manual=101)], manual_share=100_000).lines[0].approvals == (QuoteApproval.MANUAL_SHARE,)
    with pytest.raises(DiscountTooLarge):
        judged([line(1, 1000, manual=1001)])


def test_everything_off_is_nothing_on_every_line() -> None:
    found = judged([line(1, 333), line(2, 667), line(3, 1)], rule(OrderRate(100 * PERCENT)))
    assert [one.net for one in found.lines] == [0, 0, 0]


def test_a_budget_gives_the_whole_discount_or_nothing() -> None:
    tenth = rule(LineRate(10 * PERCENT))
    at = {"to_base": Fraction(137, 1000)}
    assert judged([line(1, 10000)], tenth, left={"P": Left(137)}, **at).used[0].budget_base == 137
    assert why(judged([line(1, 10000)], tenth, left={"P": Left(136)}, **at)) == {"P": (Reason.BUDGET, None)}
    assert why(judged([line(1, 10000)], tenth, left={"P": Left(None, 0)})) == {"P": (Reason.USES, None)}


def test_max_discount_caps_the_order() -> None:
    capped = rule(LineRate(10 * PERCENT), max_discount={"CNY": 100})
    assert discounts(judged([line(1, 2000, "A"), line(1, 1000, "B")], capped)) == [67, 33]
    with pytest.raises(ValueError, match="best of each line"):
        judged([], rule(LineRate(1), per_line=True, max_discount={"CNY": 100}))


def test_sets_of_two_promotions_share_no_unit() -> None:
    pair = rule(Bundle((Need("A", 1), Need("B", 1)), {"CNY": 1000}), "PAIR")
    second = rule(NthPiece(2, 1, 50 * PERCENT), "SECOND", products=Products(skus=frozenset({"A"})))
    found = judged([line(2, 1000, "A"), line(1, 1000, "B")], pair, second)
    assert [used.code for used in found.used] == ["PAIR"], "it saves most and takes one of the two"
    assert found.discount == 1000


def test_steps_tell_what_each_promotion_made_of_a_line() -> None:
    found = judged([line(1, 10000, manual=10)], rule(LineRate(10 * PERCENT)), rule(OrderRate(10 * PERCENT), "Q"))
    told = [(step.step, step.code, step.before, step.after) for step in found.lines[0].steps]
    assert told == [("line", "P", 10000, 9000), ("order", "Q", 9000, 8100), ("manual", "", 8100, 8090)]
