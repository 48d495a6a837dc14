"""Programmes whose rates change in mid-period: what accrued stays, all comes to the same in any order."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness, codes
from services.channels.events_out import RebateAccrued, RebateProgrammePublished
from tests.channels.conftest import Order, partner, programme, publish
from tests.channels.rebates.test_handlers import accounts
from tests.channels.rebates.test_laws import handle, logged, publish_all, wrong_findings
from tests.channels.statements.stated import approve, state, work_off

__all__ = ["logged"]
PATH = "/v1/rebate-programmes"
FIRST = {"tiers": [{"start": 0, "rate": 10_000}, {"start": 10_000_000, "rate": 20_000}]}
SECOND = {"valid_from": "2026-02-15", "tiers": [{"start": 0, "rate": 15_000}, {"start": 10_000_000, "rate": 30_000}]}
JANUARY, FEBRUARY = date(2026, 1, 10), date(2026, 2, 20)


async def drafted(service: ServiceHarness, programme_id: UUID, **changes: Any) -> dict[str, Any]:
    answer = await service.post(f"{PATH}/{programme_id}/revise", {**SECOND, **changes})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def revised(service: ServiceHarness, programme_id: UUID, *, catch_up: bool = False, **changes: Any) -> UUID:
    """A published next version."""
    made = await drafted(service, programme_id, **changes)
    answer = await service.post(f"{PATH}/{made['id']}/publish", {"catch_up": catch_up})
    assert answer.status_code == 200, answer.text
    return UUID(made["id"])


async def amounts(service: ServiceHarness, partner_id: UUID) -> list[int]:
    facts = [fact.payload for fact in await service.published(RebateAccrued.TYPE)]
    return [fact["amount"] for fact in facts if fact["partner_id"] == str(partner_id)]


def sold(partner_id: UUID) -> list[Event]:
    """80,000 in January, 50,000 on 20 Feb, late 40,000 of January."""
    orders = [(8_000_000, JANUARY), (5_000_000, FEBRUARY), (4_000_000, JANUARY)]
    return [Order(partner_id, [("rock", net)], day).confirmed() for net, day in orders]


async def test_the_rates_change_and_all_comes_to_the_same_in_any_order(logged: ServiceHarness) -> None:
    service = logged
    first = await publish(service, **FIRST)
    second = await revised(service, first)
    events = []
    for number, order in enumerate(itertools.permutations(range(3))):
        partner_id = await partner(service, f"P-{number}")
        own = sold(partner_id)
        for one in order:
            await service.deliver(own[one])
        events += own
        found = await amounts(service, partner_id)
        assert sum(found) == 290_000
        if order == (0, 1, 2):
            assert found == [80_000, 120_000, 90_000]
        (account,) = await accounts(service, partner_id=partner_id)
        assert (account["programme_id"], account["position"], account["accrued"]) == (str(first), 17_000_000, 290_000)
    assert await service.parked() == []
    facts = [fact.payload for fact in await service.published(RebateAccrued.TYPE)]
    assert {fact["programme_id"] for fact in facts} == {str(first), str(second)}
    late = facts[2]
    assert [(one["programme_id"], one["volume"]) for one in late["lineage"]["layers"]] == [
        (str(first), 8_000_000),
        (str(second), 5_000_000),
    ]
    exact = sum((part["end"] - part["start"]) * part["rate"] for part in late["slices"])
    assert exact == 90_000 * 1_000_000
    await publish_all(service, events)
    assert await wrong_findings(service) == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "rebates")
    assert report.equal, report.as_dict()
    async with service.transaction() as tx:
        await tx.execute("UPDATE rebate_layer SET volume = volume + 1")
    assert await wrong_findings(service) != []


async def test_what_accrued_stays_and_comes_back_where_it_was_counted(service: ServiceHarness) -> None:
    """An order of the version's days that was confirmed before it was published, whenever it is heard of."""
    partner_id = await partner(service)
    first = await publish(service, **FIRST)
    early, late = (Order(partner_id, [("rock", 1_000_000)], FEBRUARY) for _ in range(2))
    unheard = late.confirmed()
    await service.deliver(early.confirmed())
    second = await revised(service, first)
    new = Order(partner_id, [("rock", 1_000_000)], FEBRUARY)
    await service.deliver(unheard)
    await service.deliver(new.confirmed())
    assert await amounts(service, partner_id) == [10_000, 10_000, 15_000]
    await service.deliver(early.returned(("rock", 1_000_000)))
    await service.deliver(new.returned(("rock", 500_000)))
    assert (await amounts(service, partner_id))[3:] == [-10_000, -7_500]
    (layer,) = await service.rows("SELECT programme_id, volume FROM rebate_layer")
    assert (layer["programme_id"], layer["volume"]) == (second, 500_000)
    (account,) = await accounts(service)
    assert (account["position"], account["accrued"]) == (1_500_000, 17_500)


async def test_a_version_that_catches_up_takes_what_is_in_none(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    before = [Order(partner_id, [("rock", 1_000_000)], day) for day in (JANUARY, FEBRUARY)]
    await service.deliver(*(one.confirmed() for one in before))
    first = await publish(service, **FIRST)
    counted = Order(partner_id, [("rock", 2_000_000)], FEBRUARY)
    await service.deliver(counted.confirmed())
    second = await revised(service, first, catch_up=True)
    (done,) = await work_off(service)
    assert (done["state"], done["result"]) == ("succeeded", '{"orders": 2}')
    assert await amounts(service, partner_id) == [20_000, 15_000]
    facts = [fact.payload for fact in await service.published(RebateAccrued.TYPE)]
    assert [(fact["order_id"], fact["programme_id"]) for fact in facts] == [
        (str(counted.id), str(first)),
        (str(before[1].id), str(second)),
    ]


async def test_a_return_of_a_closed_period_takes_its_part_in_the_current_one(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    first = await publish(service, **FIRST)
    await revised(service, first)
    order = Order(partner_id, [("rock", 5_000_000)], FEBRUARY)
    await service.deliver(Order(partner_id, [("rock", 8_000_000)], JANUARY).confirmed())
    await service.deliver(order.confirmed())
    await approve(service, await state(service, "2026-03-31", partner_id))
    await service.deliver(order.returned(("rock", 2_500_000), on=date(2026, 5, 1)))
    assert await amounts(service, partner_id) == [80_000, 120_000, -60_000]
    closed, current = await accounts(service)
    assert [(one["position"], one["accrued"]) for one in (closed, current)] == [(13_000_000, 200_000), (0, -60_000)]


async def test_orders_at_once_while_a_version_is_published(logged: ServiceHarness) -> None:
    service, dice = logged, random.Random(5)
    partner_id = await partner(service)
    first = await publish(service, **FIRST)
    made = (await drafted(service, first))["id"]
    orders = [
        Order(partner_id, [("rock", dice.randint(1, 3_000_000))], dice.choice((JANUARY, FEBRUARY))) for _ in range(20)
    ]
    early = [one.confirmed() for one in orders[:10]]

    async def later() -> list[Event]:
        assert (await service.post(f"{PATH}/{made}/publish")).status_code == 200
        events = [one.confirmed() for one in orders[10:]]
        await asyncio.gather(*(handle(service, event) for event in events))
        return events

    results = await asyncio.gather(later(), *(handle(service, event) for event in early))
    late: list[Event] = results[0]  # type: ignore[assignment]  # the other tasks give None
    assert len(await amounts(service, partner_id)) == 20
    again = [replace(event) for event in (*early, *late)]
    await asyncio.gather(*(handle(service, event) for event in again))
    assert len(await amounts(service, partner_id)) == 20, "each once, however often it comes"
    await publish_all(service, [*early, *late])
    assert await wrong_findings(service) == []


async def test_a_version_is_drafted_once_and_published_once(service: ServiceHarness) -> None:
    first = await publish(service, **FIRST)
    answers = await asyncio.gather(*(service.post(f"{PATH}/{first}/revise", SECOND) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"rebate-programme-draft-open"}
    (made,) = [one.json() for one in answers if one.status_code == 201]
    assert (made["revision"], made["lineage_id"], made["state"]) == (2, str(first), "draft")
    path = f"{PATH}/{made['id']}"
    assert (await service.post(f"{path}/revise", SECOND)).json()["code"] == "rebate-programme-state"
    both = await asyncio.gather(*(service.post(f"{path}/publish") for _ in range(2)))
    assert sorted(one.status_code for one in both) == [200, 409]
    said = (await service.published(RebateProgrammePublished.TYPE))[-1].payload
    assert (said["revision"], said["lineage_id"]) == (2, str(first))
    third = await drafted(service, UUID(made["id"]), valid_from="2026-03-01")
    assert (third["revision"], third["lineage_id"]) == (3, str(first))
    found = (await service.get(f"{PATH}?lineage_id={first}&sort=name")).json()["items"]
    assert sorted(one["revision"] for one in found) == [2, 3]


async def test_a_programme_has_so_many_versions_at_most(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.channels.programmes.service.MOST_VERSIONS", 2)
    first = await publish(service, **FIRST)
    await revised(service, first)
    answer = await service.post(f"{PATH}/{first}/revise", {**SECOND, "valid_from": "2026-03-01"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-versions")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"valid_from": "2026-01-01"}, "revision-invalid", "/valid_from"),
        ({"valid_from": "2027-01-01"}, "revision-invalid", "/valid_from"),
        ({"tiers": [{"start": 5, "rate": 1}]}, "tier-plan-invalid", "/tiers/0/start"),
        ({"tiers": []}, "invalid", "/tiers"),
        ({"valid_from": None}, "invalid", "/valid_from"),
    ],
)
async def test_what_is_no_next_version_is_named(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    first = await publish(service, **FIRST)
    answer = await service.post(f"{PATH}/{first}/revise", {**SECOND, **changes})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])


async def test_a_draft_keeps_all_but_its_tiers_and_its_day(service: ServiceHarness) -> None:
    first = await publish(service, **FIRST)
    made = await drafted(service, first)
    headers = service.headers(If_Match='"1"')
    body = programme(**SECOND) | {"kind": "retroactive", "period": "year"}
    refused = await service.request("PUT", f"{PATH}/{made['id']}", body, headers=headers)
    assert (refused.status_code, codes(refused.json())) == (422, ["/kind", "/period"])
    body = programme(**SECOND) | {"valid_from": "2026-02-16", "name": "Volume of spring"}
    kept = await service.request("PUT", f"{PATH}/{made['id']}", body, headers=headers)
    assert (kept.status_code, kept.json()["valid_from"]) == (200, "2026-02-16")
