"""The core KPIs, with the numbers of the requirement."""

from __future__ import annotations

from typing import Any

from kit.ids import new_id
from kit.testing.service import make_event
from tests.targets.kpis.conftest import Book

FEBRUARY = ("2026-02-01", "2026-02-28")
QUARTER = ("2026-01-01", "2026-03-31")


def costed(net: int, cost: int | None) -> dict[str, Any]:
    return {"net_base": net, "gross_base": net, "margin_base": None if cost is None else net - cost}


def told(total: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    return total["value"], total["numerator"], total["denominator"]


async def test_gross_margin_counts_known_costs_and_tells_its_coverage(book: Book) -> None:
    lines = [costed(100_000, 60_000), costed(200_000, 150_000), costed(40_000, 25_000)]
    order = book.order([*lines, costed(50_000, None)], "2026-02-10")
    known = book.order(lines, "2026-03-10", by="b1")
    await book.hear(book.world.confirmed(order), book.world.confirmed(known))
    total = await book.total("gross-margin", *FEBRUARY)
    assert told(total) == (None, 105_000, 340_000)
    assert total["coverage"] == 871_795
    assert total["insufficient_data"] == {"reason": "coverage", "have": 871_795, "need": 950_000}
    total = await book.total("gross-margin", "2026-03-01", "2026-03-31")
    assert (told(total), total["coverage"]) == ((308_824, 105_000, 340_000), 1_000_000)
    whole = await book.values("gross-margin", *QUARTER, group_by="unit")
    assert {item["coverage"] for item in whole["items"]} == {871_795, 1_000_000}
    assert whole["total"]["numerator"] == sum(item["numerator"] for item in whole["items"]) == 210_000


async def test_a_margin_comes_back_with_its_pieces(book: Book) -> None:
    line = {"net_base": 30_000, "gross_base": 30_000, "quantity": 3, "margin_base": 9_001}
    order = book.order([line], "2026-02-10")
    await book.hear(book.world.confirmed(order))
    for before, after in ((0, 1), (1, 2), (2, 3)):
        await book.hear(book.back(order, before, after, 10_000, f"2026-03-0{after}"))
        total = await book.total("gross-margin", *QUARTER)
        assert total["numerator"] == 9_001 - [3_000, 6_001, 9_001][before]


async def test_signed_amount_keeps_what_came_back(book: Book) -> None:
    order = book.order([costed(1_000, 1)], "2026-02-10")
    await book.hear(book.world.confirmed(order), book.world.returned(order, {1: (0, 400)}, "2026-02-20"))
    assert told(await book.total("signed-amount", *FEBRUARY)) == (1_000, 1_000, None)
    assert told(await book.total("signed-amount", "2026-03-01", "2026-03-31")) == (0, 0, None)


async def test_collection_rate_of_orders_due_in_the_window(book: Book) -> None:
    """Of each order no more counts than it is worth, and only what was paid by the day."""
    over, late, other = (
        book.order([costed(1_000, 1)], "2026-01-10", due_on=due) for due in ("2026-02-10", "2026-02-20", "2026-03-10")
    )
    confirmed = [book.world.confirmed(order) for order in (over, late, other)]
    paid = [
        book.paid(over, 1_200, "2026-02-01"),
        book.paid(late, 300, "2026-02-25"),
        book.paid(other, 900, "2026-02-01"),
    ]
    voided = book.paid(late, 100, "2026-03-02", "voided")
    await book.hear(*confirmed, *paid, voided, book.world.returned(over, {1: (0, 200)}, "2026-02-15"))
    assert told(await book.total("collection-rate", *FEBRUARY)) == (555_556, 1_000, 1_800)
    assert told(await book.total("collection-rate", *FEBRUARY, as_of="2026-02-28")) == (611_111, 1_100, 1_800)
    nothing = await book.total("collection-rate", "2026-01-01", "2026-01-31")
    assert nothing["insufficient_data"] == {"reason": "denominator", "have": 0, "need": 1}


async def test_revenue_per_head_by_member_days(book: Book) -> None:
    """Two for all of the month and one for half of it are 2.5 heads: 390,000 / 2.5 = 156,000."""
    team = {"code": "team-c", "name": "Team C", "kind": "team", "parent_id": book.world.units["south"]}
    unit = (await book.world.service.post("/v1/units", team)).json()["id"]
    for code, start in (("c1", "2026-01-01"), ("c2", "2026-01-01"), ("c3", "2026-02-15")):
        body = {"code": code, "role": "sales_rep", "unit_id": unit, "valid_from": start}
        book.world.members[code] = (await book.world.service.post("/v1/members", body)).json()["id"]
    await book.hear(book.world.confirmed(book.order([costed(390_000, 1)], "2026-02-10", by="c1")))
    assert told(await book.total("revenue-per-head", *FEBRUARY, unit_id=unit)) == (156_000, 390_000, 2_500)
    months = await book.values("revenue-per-head", *QUARTER, unit_id=unit, group_by="month")
    assert [told(item) for item in months["items"]] == [
        (0, 0, 2_000),
        (156_000, 390_000, 2_500),
        (0, 0, 3_000),
    ]


async def test_acquisition_cost_by_the_share_of_days(book: Book) -> None:
    """90,000 over the first quarter are 28,000 in February: over 7 new customers 4,000 each."""
    body = {
        **{"external_id": "ads", "kind": "spend", "period_start": QUARTER[0], "period_end": QUARTER[1]},
        **{"value": 90_000, "source": "Books", "observed_on": "2026-04-02"},
    }
    assert (await book.world.service.post("/v1/observations", body)).status_code == 201
    first = [book.order([costed(10, 1)], "2026-02-10", is_first_order=True) for _ in range(8)]
    again = book.order([costed(10, 1)], "2026-02-10", is_first_order=False)
    back = book.back(first[0], 0, 1, 10, "2026-02-27")
    await book.hear(*(book.world.confirmed(order) for order in (*first, again)), back)
    assert told(await book.total("acquisition-cost", *FEBRUARY)) == (4_000, 28_000, 7_000)
    assert told(await book.total("acquisition-cost", *FEBRUARY, as_of="2026-02-14")) == (1_750, 14_000, 8_000)


async def test_repurchase_counts_order_days_and_merged_accounts_once(book: Book) -> None:
    once, twice, same_day, merged, survivor = (str(new_id()) for _ in range(5))
    days = [(once, "02-01"), (twice, "02-01"), (twice, "02-03"), (same_day, "02-05"), (same_day, "02-05")]
    days += [(merged, "02-01"), (survivor, "02-09")]
    orders = [book.order([costed(10, 1)], f"2026-{day}", account_id=account) for account, day in days]
    await book.hear(*(book.world.confirmed(order) for order in orders))
    assert told(await book.total("repurchase-rate", *FEBRUARY)) == (200_000, 1_000, 5_000)
    redirect = {
        **{"merge_id": new_id(), "account_id": merged, "survivor_id": survivor, "merged_id": merged},
        "merged_at": "2026-02-10T00:00:00Z",
    }
    await book.hear(make_event("customer.account.merged.v1", redirect, merged))
    assert told(await book.total("repurchase-rate", *FEBRUARY)) == (500_000, 2_000, 4_000)
    by_member = await book.values("repurchase-rate", *FEBRUARY, group_by="member")
    assert [told(item) for item in by_member["items"]] == [(500_000, 2_000, 4_000)]


async def test_visits_convert_within_thirty_days(book: Book) -> None:
    buyer, slow, none = (str(new_id()) for _ in range(3))
    orders = [
        book.order([costed(10, 1)], day, account_id=account)
        for account, day in ((buyer, "2026-03-03"), (slow, "2026-03-04"))
    ]
    visits = [book.visit("2026-02-01", account_id=account) for account in (buyer, slow, none)]
    call = book.visit("2026-02-01", account_id=buyer, kind="call")
    await book.hear(*(book.world.confirmed(order) for order in orders), *visits, call)
    assert told(await book.total("visit-conversion", *FEBRUARY)) == (333_333, 1_000, 3_000)
    assert (await book.total("visit-conversion", *FEBRUARY, as_of="2026-03-02"))["value"] is None
    by_unit = await book.values("visit-conversion", *FEBRUARY, group_by="unit")
    assert [(item["key"], item["value"]) for item in by_unit["items"]] == [(book.world.units["team-a"], 333_333)]


async def test_cycles_have_a_mean_and_a_median(book: Book) -> None:
    days = (("2026-02-01", "2026-02-13"), ("2026-02-01", "2026-02-21"), ("2026-01-01", "2026-02-15"))
    won = [book.closed("won", *each) for each in days]
    odd, lost = book.closed("won", "2026-02-20", "2026-02-10"), book.closed("lost", "2026-02-01", "2026-02-02")
    await book.hear(*won, odd, lost)
    total = await book.total("won-cycle", *FEBRUARY)
    assert told(total) == (25_667, 77_000, 3_000)
    assert (total["median"], total["negative"], total["sample_size"]) == (20_000, 1, 3)
    assert told(await book.total("win-rate", *FEBRUARY)) == (800_000, 4_000, 5_000)


async def test_a_balance_of_answers_tells_how_far_it_may_be_off(book: Book) -> None:
    scores = [9] * 25 + [7] * 15 + [6] * 10
    await book.hear(*(book.answer("nps", score) for score in scores), *(book.answer("csat", n) for n in range(1, 6)))
    total = await book.total("nps", *FEBRUARY)
    assert (told(total), total["margin_95"]) == ((300_000, 15_000, 50_000), 216_489)
    assert told(await book.total("csat", *FEBRUARY)) == (400_000, 2_000, 5_000)
    by_member = await book.values("nps", *FEBRUARY, group_by="member")
    assert [(item["value"], item["margin_95"]) for item in by_member["items"]] == [(300_000, 216_489)]
    points = await book.total("satisfaction-index", *FEBRUARY)
    assert points["value"] == round(1_000 * (25 * 90 + 15 * 70 + 10 * 60 + 25 * (0 + 1 + 2 + 3 + 4)) / 55)


async def test_growth_needs_something_before(book: Book) -> None:
    sold = [book.order([costed(net, 1)], day) for net, day in ((100, "2025-02-10"), (150, "2026-02-10"))]
    await book.hear(*(book.world.confirmed(order) for order in sold))
    assert told(await book.total("revenue-growth", *FEBRUARY)) == (500_000, 50, 100)
    nothing = await book.total("revenue-growth", "2026-03-01", "2026-03-31")
    assert nothing["insufficient_data"] == {"reason": "denominator", "have": 0, "need": 1}


async def test_retention_of_those_of_the_eve(book: Book) -> None:
    kept, lost, late, gone = (str(new_id()) for _ in range(4))
    await book.hear(
        book.stage(kept, "2026-01-10", "active"),
        book.stage(lost, "2026-01-10", "new"),
        book.stage(lost, "2026-02-20", "churned", 2),
        book.stage(late, "2026-02-03", "new"),
        book.stage(gone, "2026-01-10", "churned"),
        book.stage(kept, "2026-02-09", "at_risk", 2),
    )
    assert told(await book.total("retention-rate", *FEBRUARY)) == (500_000, 1_000, 2_000)
    assert told(await book.total("retention-rate", *FEBRUARY, as_of="2026-02-19")) == (1_000_000, 2_000, 2_000)
