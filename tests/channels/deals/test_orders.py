"""Orders that win deals: by name or by customer, late, returned, while a claim is reviewed."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.ids import new_id
from kit.names import fold_name
from kit.testing.service import ServiceHarness, make_event
from services.channels.deals.dues import DEALS_DUE
from services.channels.events_out.deals import DealApproved, DealWon
from services.customer import events_out as customer
from services.customer.events_out.activities import ActivityCompleted
from services.customer.events_out.opportunities import OpportunityUpdated
from tests.channels.conftest import Days, Order
from tests.channels.deals.claimed import CHINESE, PATH, approved, director, partner_of, read, registered
from tests.channels.quotes.offers import SELLER, account, member
from tests.shared_suites.identity import filled


async def buyer(service: ServiceHarness, name: str = CHINESE[0], **changes: Any) -> UUID:
    """An account of a name that customer has told of."""
    known = {"name_key": fold_name(name), "tax_id_hash": None, "domain_hash": None, "country": "CN", **changes}
    return UUID(await account(service, **known))


def order(partner_id: UUID, key: UUID, net: int = 1_000, on: str = "2026-03-10") -> Order:
    return Order(partner_id, [("rock", net), ("jazz", 0)], date.fromisoformat(on), key=key)


def confirmed(one: Order, deal: dict[str, Any] | None = None) -> Event:
    return one._event(customer.OrderConfirmed, deal_id=deal and deal["id"])


def returned(one: Order, back: int, version: int = 7) -> Event:
    line = customer.OrderReturned.EXAMPLE["returned_lines"][0]
    lines = [{**line, "line_no": 1, "net_base": -back, "returned_after": 1, "returned_net_base_after": back}]
    return one._event(customer.OrderReturned, return_date=date(2026, 5, 1), returned_lines=lines, version=version)


async def wins(service: ServiceHarness) -> list[tuple[str, int]]:
    return [(fact.payload["order_id"], fact.payload["realised_base"]) for fact in await service.published(DealWon.TYPE)]


async def test_an_order_of_the_customer_wins_and_later_ones_add(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key = await buyer(service)
    deal = await approved(service, customer_name=CHINESE[1])
    first, second = order(partner_of(deal), key), order(partner_of(deal), key, 500, "2026-05-31")
    late = order(partner_of(deal), key, 7, "2026-06-01")
    await service.deliver(confirmed(first))
    await service.deliver(confirmed(first), confirmed(second), confirmed(late))
    found = await read(service, deal)
    assert (found["state"], found["realised_base"], found["won_order_id"]) == ("won", 1_500, str(first.id))
    assert await wins(service) == [(str(first.id), 1_000), (str(second.id), 1_500)]
    await service.deliver(returned(first, 400), returned(first, 300, 6))
    await service.deliver(returned(first, 400))
    assert (await read(service, deal))["realised_base"] == 1_100
    assert await wins(service) == [(str(first.id), 1_000), (str(second.id), 1_500), (str(first.id), 1_100)]
    named = order(partner_of(deal), key, 10, "2026-09-01")
    await service.deliver(confirmed(named, deal))
    assert (await read(service, deal))["realised_base"] == 1_110, "what names a won deal adds, whenever it is"
    assert await service.parked() == []


async def test_near_misses_win_nothing(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key, other = await buyer(service), await buyer(service, "北京蓝港贸易")
    deal = await approved(service, customer_name=CHINESE[0])
    foreign = await approved(service)
    await service.deliver(
        confirmed(order(partner_of(deal), other)),
        confirmed(order(partner_of(deal), key, on="2026-03-01")),
        confirmed(order(partner_of(deal), key, on="2026-06-01")),
        confirmed(order(partner_of(foreign), key)),
        confirmed(order(partner_of(foreign), key), deal),
        confirmed(Order(None, [("rock", 1)], date(2026, 3, 10), key=key), deal),
        returned(order(partner_of(deal), key), 5),
    )
    assert (await read(service, deal))["state"] == "approved"
    assert await wins(service) == []


async def test_named_it_wins_whoever_bought(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key = await buyer(service, "北京蓝港贸易")
    deal = await approved(service, customer_name=CHINESE[0])
    await service.deliver(confirmed(order(partner_of(deal), key), deal))
    assert (await read(service, deal))["state"] == "won"


async def test_a_deal_that_has_expired_is_won_by_an_order_of_its_days(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key = await buyer(service)
    deal = await approved(service, customer_name=CHINESE[0])
    days.on("2026-07-01")
    await DueLoop(service.runtime, [DEALS_DUE]).turn()
    assert (await read(service, deal))["state"] == "expired"
    await service.deliver(confirmed(order(partner_of(deal), key, on="2026-06-01")))
    assert (await read(service, deal))["state"] == "expired"
    await service.deliver(confirmed(order(partner_of(deal), key, on="2026-05-31")))
    assert (await read(service, deal))["state"] == "won"
    await registered(service, customer_name=CHINESE[1])


async def test_an_order_that_comes_while_a_claim_is_reviewed_wins_it_with_the_approval(
    service: ServiceHarness, days: Days
) -> None:
    days.on("2026-03-02")
    key = await buyer(service)
    deal = await registered(service, customer_name=CHINESE[0])
    one = order(partner_of(deal), key, 900)
    await service.deliver(confirmed(one))
    await service.deliver(returned(one, 100))
    assert ((await read(service, deal))["state"], await wins(service)) == ("registered", [])
    answer = await service.post(f"{PATH}/{deal['id']}/approve", {}, headers=director(service))
    assert (answer.json()["state"], answer.json()["realised_base"]) == ("won", 800)
    assert await wins(service) == [(str(one.id), 800)]
    assert [fact.payload["state"] for fact in await service.published(DealApproved.TYPE)] == ["approved"]


async def test_orders_of_a_claim_that_is_refused_are_none_of_it(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key = await buyer(service)
    deal = await registered(service, customer_name=CHINESE[0])
    await service.deliver(confirmed(order(partner_of(deal), key)))
    body = {"reason": "existing_customer"}
    await service.post(f"{PATH}/{deal['id']}/reject", body, headers=director(service))
    assert await service.rows("SELECT * FROM deal_order_line") == []
    assert await wins(service) == []


def at(account_id: UUID, day: str, state: str = "open", version: int = 1) -> list[Event]:
    """An opportunity of an account, and an activity there."""
    one = {**OpportunityUpdated.EXAMPLE, "id": new_id(), "account_id": account_id, "state": state}
    done = {**ActivityCompleted.EXAMPLE, "id": new_id(), "account_id": account_id, "business_date": day}
    return [
        make_event(OpportunityUpdated.TYPE, {**one, "version": version}, account_id, subject=one["id"]),
        make_event(OpportunityUpdated.TYPE, {**one, "state": "lost", "version": 0}, account_id),
        make_event(ActivityCompleted.TYPE, done, account_id, subject=done["id"]),
    ]


async def test_what_the_reviewer_should_know(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key, other = await buyer(service), await buyer(service, "北京蓝港贸易")
    deal = await registered(service, customer_name=CHINESE[1])
    direct = [order(partner_of(deal), key, on=day) for day in ("2025-03-02", "2025-03-03", "2026-03-02")]
    foreign = order(partner_of(deal), other)
    await service.deliver(*(confirmed(one) for one in (*direct, foreign)))
    await service.deliver(*at(key, "2026-01-02", version=2), *at(other, "2026-01-02"))
    await service.deliver(*at(key, "2026-01-01", state="won"))
    found = (await service.get(f"{PATH}/{deal['id']}/findings")).json()
    assert (found["after"], found["until"]) == ("2025-03-02", "2026-03-02")
    assert [(one["account_id"], one["orders"], one["last_order_date"]) for one in found["ordered"]] == [
        (str(key), 2, "2026-03-02")
    ]
    assert [(one["account_id"], one["partner_id"] is None) for one in found["open_opportunities"]] == [
        (str(key), OpportunityUpdated.EXAMPLE["partner_id"] is None)
    ]
    assert [(one["activities"], one["last_on"]) for one in found["active"]] == [(1, "2026-01-02")], "60 days, not 61"
    await member(service, SELLER, "seller")
    async with service.transaction() as tx:
        await tx.execute("UPDATE deal SET owner_id = $1", SELLER)
    rep = await service.get(f"{PATH}/{deal['id']}/findings", headers=service.headers("seller", "sales_rep"))
    assert (rep.status_code, rep.json()["ordered"], rep.json()["active"]) == (200, [], []), "accounts of others"


async def test_a_customer_of_a_name_that_an_earlier_release_folded(service: ServiceHarness, days: Days) -> None:
    """Told, or kept since: the letters of Turkish were apart."""
    days.on("2026-03-02")
    told, kept = [await buyer(service, name_key=key) for key in ("i\u0307stanbulgıda", "izmir")]
    async with service.transaction() as tx:
        await tx.execute("UPDATE account_identity SET name_key = 'i\u0307zmirılıca' WHERE id = $1", kept)
    await filled(service)
    for name, key in (("ISTANBUL GIDA", told), ("İzmir Ilıca", kept)):
        deal = await approved(service, customer_name=name)
        await service.deliver(confirmed(order(partner_of(deal), key)))
        assert (await read(service, deal))["state"] == "won", name
