"""Deals of accounts that were merged: what is claimed on one is claimed on all that are one with it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.events_out.deals import DealWon
from tests.channels.conflicts.found import merged, unmerged
from tests.channels.conftest import Days
from tests.channels.deals.claimed import DEAL, PATH, a_seller, approved, director, partner_of, read, registered
from tests.channels.deals.test_orders import buyer, confirmed, order, returned, wins
from tests.channels.quotes.offers import OWNER, SELLER, member

LOSER, SURVIVOR, THIRD = "Blue Harbour Trading", "Azure Haven Commerce", "Cyan Bay Wares"


async def pair(service: ServiceHarness) -> tuple[UUID, UUID]:
    """(survivor, loser), not yet merged."""
    return await buyer(service, SURVIVOR), await buyer(service, LOSER)


async def claimed(service: ServiceHarness, name: str) -> Any:
    """The answer to a claim of another partner."""
    return await service.post(PATH, {**DEAL, **await a_seller(service), "customer_name": name})


async def test_a_deal_is_found_and_named_by_all_accounts_that_are_one(service: ServiceHarness) -> None:
    survivor, loser = await pair(service)
    deal, merge = await registered(service, customer_name=LOSER), new_id()
    fields = "fields=account_id,filed_account_id"

    async def found() -> list[Any]:
        one = await read(service, deal)
        lists = [
            (await service.get(f"{PATH}?account_id={each}&{fields}")).json()["items"] for each in (survivor, loser)
        ]
        return [(one["account_id"], one["filed_account_id"]), *lists]

    apart = {"account_id": str(loser), "filed_account_id": str(loser)}
    assert await found() == [(str(loser), str(loser)), [], [apart]]
    await service.deliver(merged(survivor, loser, merge))
    joined = {"account_id": str(survivor), "filed_account_id": str(loser)}
    assert await found() == [(str(survivor), str(loser)), [joined], [joined]]
    filed = await service.get(f"{PATH}?filed_account_id={loser}")
    assert [one["id"] for one in filed.json()["items"]] == [deal["id"]]
    answer = await service.post(f"{PATH}/{deal['id']}/approve", {}, headers=director(service))
    assert (answer.json()["account_id"], answer.json()["filed_account_id"]) == (str(survivor), str(loser))
    assert (await service.published())[-1].payload["account_id"] == str(loser), "events keep the filed one"
    await service.deliver(unmerged(survivor, loser, merge))
    assert await found() == [(str(loser), str(loser)), [], [apart]]


@pytest.mark.parametrize(("first", "second"), [(LOSER, SURVIVOR), (SURVIVOR, LOSER)])
async def test_no_claim_passes_another_by_the_detour_of_a_merge(
    service: ServiceHarness, days: Days, first: str, second: str
) -> None:
    days.on("2026-03-02")
    survivor, loser = await pair(service)
    deal, merge = await approved(service, customer_name=first), new_id()
    await service.deliver(merged(survivor, loser, merge))
    refused = await claimed(service, second)
    assert (refused.status_code, refused.json()["code"], refused.json()["number"]) == (
        409,
        "duplicate-deal",
        deal["number"],
    )
    third = await buyer(service, THIRD)
    await service.deliver(merged(third, survivor))
    assert (await claimed(service, THIRD)).json()["number"] == deal["number"], "through a chain as well"
    await service.deliver(unmerged(survivor, loser, merge))
    freed = LOSER if first == SURVIVOR else THIRD
    assert (await claimed(service, freed)).status_code == 201, "apart again, they are two customers"


async def test_of_claims_on_accounts_that_are_one_at_once_one_wins(service: ServiceHarness) -> None:
    survivor, loser = await pair(service)
    await service.deliver(merged(survivor, loser))
    sellers = [await a_seller(service) for _ in range(8)]
    bodies = [{**DEAL, **who, "customer_name": (LOSER, SURVIVOR)[n % 2]} for n, who in enumerate(sellers)]
    answers = await asyncio.gather(*(service.post(PATH, body) for body in bodies))
    assert sorted(one.status_code for one in answers) == [201, *[409] * 7]
    won = next(one.json() for one in answers if one.status_code == 201)
    assert won["account_id"] == str(survivor), "whichever name it was claimed by"
    assert {one.json()["number"] for one in answers} == {won["number"]}


@pytest.mark.parametrize("is_merged_first", [True, False])
async def test_an_order_of_the_survivor_wins_whichever_is_heard_of_first(
    service: ServiceHarness, days: Days, is_merged_first: bool
) -> None:
    days.on("2026-03-02")
    survivor, loser = await pair(service)
    deal, merge = await approved(service, customer_name=LOSER), new_id()
    one, early = order(partner_of(deal), survivor), order(partner_of(deal), survivor, on="2026-03-01")
    events = [confirmed(one), confirmed(early), merged(survivor, loser, merge)]
    for event in reversed(events) if is_merged_first else events:
        await service.deliver(event)
    assert ((await read(service, deal))["state"], await wins(service)) == ("won", [(str(one.id), 1_000)])
    await service.deliver(*events, merged(survivor, loser, merge))
    await service.deliver(returned(one, 400))
    assert (await read(service, deal))["realised_base"] == 600
    await service.deliver(unmerged(survivor, loser, merge))
    late = order(partner_of(deal), survivor, 5)
    await service.deliver(confirmed(late))
    assert (await read(service, deal))["realised_base"] == 600, "what was won is kept, what comes later is another's"
    assert len(await service.published(DealWon.TYPE)) == 2
    assert await service.parked() == []


async def test_what_came_back_before_a_merge_was_heard_of_counts_nothing(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    survivor, loser = await pair(service)
    deal = await registered(service, customer_name=LOSER)
    one = order(partner_of(deal), survivor, 900)
    await service.deliver(confirmed(one))
    await service.deliver(returned(one, 100))
    await service.deliver(merged(survivor, loser))
    answer = await service.post(f"{PATH}/{deal['id']}/approve", {}, headers=director(service))
    assert (answer.json()["state"], answer.json()["realised_base"]) == ("won", 800)


async def test_an_order_and_a_merge_at_once(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    survivor, loser = await pair(service)
    deal = await approved(service, customer_name=LOSER)
    events = [*(confirmed(order(partner_of(deal), survivor, 10)) for _ in range(5)), merged(survivor, loser)]

    async def heard(number: int) -> None:
        async with service.transaction() as tx:
            await service.subscriptions.lane("core").handle(service.work(tx), [events[number]])

    await asyncio.gather(*(heard(number) for number in range(6)))
    assert (await read(service, deal))["realised_base"] == 50


async def test_who_sees_the_root_sees_what_is_filed_below(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    await member(service, SELLER, "seller")
    await member(service, OWNER, "owner")
    survivor, loser = await buyer(service, SURVIVOR, owner_id=SELLER), await buyer(service, LOSER)
    deal = await registered(service, customer_name=LOSER)
    async with service.transaction() as tx:
        await tx.execute("UPDATE deal SET owner_id = NULL")
    await service.deliver(confirmed(order(partner_of(deal), loser, on="2026-02-01")))

    async def seen_by(subject: str) -> list[Any]:
        headers = service.headers(subject, "sales_rep")
        one = await service.get(f"{PATH}/{deal['id']}", headers=headers)
        return [one.status_code, len((await service.get(PATH, headers=headers)).json()["items"])]

    assert [await seen_by("seller"), await seen_by("owner")] == [[404, 0], [200, 1]]
    await service.deliver(merged(survivor, loser))
    assert [await seen_by("seller"), await seen_by("owner")] == [[200, 1], [404, 0]]
    path = f"{PATH}/{deal['id']}/findings"
    (found,) = (await service.get(path, headers=service.headers("seller", "sales_rep"))).json()["ordered"]
    assert (found["account_id"], found["filed_account_id"], found["orders"]) == (str(survivor), str(loser), 1)
