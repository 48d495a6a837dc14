"""A cost of a day that has passed moves floors and prices from then on; nothing that was made, counted or decided."""

from __future__ import annotations

from typing import Any

from kit.testing.service import ServiceHarness
from tests.channels.conftest import Days
from tests.channels.performance.test_router import Line, a_channel
from tests.channels.performance.test_router import sale as sold
from tests.channels.quotes.offers import PATH, account, body, cost, goods, quoted
from tests.channels.terms.orders import Order, answers

MARCH = "/v1/channels/performance?from=2026-03-01&to=2026-03-31"


async def floor_on(service: ServiceHarness, buyer: str, day: str) -> int:
    """The floor of a piece of CD-ROCK in a quote that is made on a day."""
    answer = await service.post(f"{PATH}/preview", {**body(buyer, ("CD-ROCK", 1)), "at": f"{day}T12:00:00+08:00"})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["lines"][0]["floor"])


async def entered(service: ServiceHarness, day: str, amount: int, role: str = "channel_manager") -> Any:
    sent = {"sku": "CD-ROCK", "direct_base": amount, "valid_from": day}
    return await service.post("/v1/product-costs", sent, headers=service.headers("somebody", role))


async def test_what_was_made_keeps_its_cost_and_what_is_made_has_the_new_one(
    service: ServiceHarness, days: Days
) -> None:
    days.on("2026-04-10")
    await goods(service)
    await cost(service, "CD-ROCK", 6_000, "2026-01-01")
    await cost(service, "CD-ROCK", 8_000, "2026-04-01")
    buyer, channel = await account(service), await a_channel(service, "SHOP", "CN-SH")
    made = await quoted(service, body(buyer, ("CD-ROCK", 1)))
    await service.deliver(*sold(channel, "2026-03-20", Line(2, 20_000, 6_000)).events())
    before = [
        (await service.get(path)).json() for path in (MARCH, f"{PATH}/{made['id']}", f"{PATH}/{made['id']}/trace")
    ]
    floors = [await floor_on(service, buyer, day) for day in ("2026-03-14", "2026-03-15", "2026-04-10")]
    assert floors == [6_000, 6_000, 8_000]

    answer = await entered(service, "2026-03-15", 7_000)
    assert answer.status_code == 201, answer.text
    floors = [await floor_on(service, buyer, day) for day in ("2026-03-14", "2026-03-15", "2026-04-10")]
    assert floors == [6_000, 7_000, 8_000], "its days until the next one, no others"
    answer = await entered(service, "2026-04-05", 9_500)
    assert await floor_on(service, buyer, "2026-04-10") == 9_500

    after = [(await service.get(path)).json() for path in (MARCH, f"{PATH}/{made['id']}", f"{PATH}/{made['id']}/trace")]
    assert after == before, "a month that is over, and what was offered, stay"
    assert before[0]["items"][0]["margin"]["value"] == 20_000 - 2 * 6_000


async def test_nobody_rewrites_a_day_and_who_entered_one_is_known(service: ServiceHarness, days: Days) -> None:
    """Sellers enter none, so nobody lowers the floor that they sell at; a day that has a cost keeps it."""
    days.on("2026-04-10")
    await goods(service)
    await cost(service, "CD-ROCK", 6_000, "2026-01-01")
    for role in ("sales_rep", "sales_manager", "sales_director", "auditor", "risk_officer"):
        assert (await entered(service, "2026-03-01", 1, role)).status_code == 403, role
    taken = await entered(service, "2026-01-01", 1)
    assert (taken.status_code, taken.json()["code"]) == (409, "product-cost-valid-from-taken")
    assert (await entered(service, "2026-03-01", 5_000)).status_code == 201
    (row,) = await service.rows(
        "SELECT actor, roles, after FROM audit_log WHERE resource = 'product_cost' AND actor = 'somebody'"
    )
    assert "2026-03-01" in str(row["after"])


async def test_an_order_of_the_day_has_the_floor_of_the_day(service: ServiceHarness, days: Days) -> None:
    """Under an enforced policy a placement is held to the cost of the order's day, as it is known when it is placed."""
    days.on("2026-04-10")
    await goods(service, min_markup=0)
    await cost(service, "CD-ROCK", 6_000, "2026-01-01")
    buyer = await account(service)

    def dated(day: str) -> Order:
        enforced = {"price_policy": "enforced", "placed_by": "seller", "order_date": day}
        return Order(buyer, None, [("CD-ROCK", 1, 6_500, 0)], changes=enforced)

    first = dated("2026-03-20")
    await service.deliver(first.placed(), first.confirmed())
    assert (await entered(service, "2026-03-15", 7_000)).status_code == 201
    second, third = dated("2026-03-20"), dated("2026-03-14")
    await service.deliver(second.placed(), third.placed(), first.placed())
    said = {order: reason for order, reason, _detail in await answers(service)}
    assert said == {str(first.id): None, str(second.id): "below-floor", str(third.id): None}
