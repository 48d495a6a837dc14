"""What channels and risk say of an account is in its timeline: once, in the order of the log, rebuilt alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.events.contract import Published
from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.testing.service import make_event
from services.channels.events_out.deals import DealApproved
from services.channels.events_out.points import PointsEarned
from services.channels.events_out.quotes import QuoteIssued
from services.customer.heard.handlers import TOLD
from services.customer.subscriptions import subscriptions
from services.risk.events_out.alerts import AlertRaised
from services.risk.events_out.contracts import ContractSigned
from services.risk.events_out.disputes import DisputeOpened
from services.risk.events_out.holds import CreditHoldPlaced
from services.risk.events_out.obligations import ObligationDue
from tests.customer.conftest import World, hear, logged
from tests.customer.merges.test_service import merge, unmerge

FACTS: tuple[type[Published], ...] = (
    QuoteIssued,
    DealApproved,
    PointsEarned,
    AlertRaised,
    ContractSigned,
    ObligationDue,
    DisputeOpened,
    CreditHoldPlaced,
)


def said(fact: type[Published], account_id: str | None, number: int) -> Event:
    """An event as the other service gives its example, of this account."""
    payload = {**fact.EXAMPLE, "account_id": account_id}
    event = make_event(fact.TYPE, payload, f"key-{number}", subject=str(number))
    return replace(event, time=event.time + timedelta(seconds=number))


async def heard(world: World, account_id: str) -> list[dict[str, Any]]:
    answer = await world.service.get(f"/v1/accounts/{account_id}/timeline?kind=heard&limit=200")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_every_kind_that_names_an_account_is_told() -> None:
    types = set(subscriptions.projections["heard_fact"].folds)
    assert {fact.TYPE for fact in FACTS} <= types
    assert {type_.rpartition(".")[0].partition(".")[2].partition(".")[0] for type_ in types} == {
        *("alert", "contract", "credit", "deal", "dispute", "obligation", "points", "quote")
    }
    assert all("account_id" in model.model_fields for model in TOLD)


async def test_each_fact_is_there_once_the_latest_first(world: World) -> None:
    account, other = await world.account(), await world.account()
    events = [said(fact, account["id"], number) for number, fact in enumerate(FACTS)]
    for event in events:
        await world.service.deliver_alone(event)
    await world.service.deliver(*reversed(events))
    await world.service.deliver(said(AlertRaised, None, 90), said(AlertRaised, other["id"], 91))
    assert await world.service.parked() == []
    items = await heard(world, account["id"])
    assert sorted(item["data"]["type"] for item in items) == sorted(fact.TYPE for fact in FACTS)
    assert {item["id"] for item in items} == {str(event.id) for event in events}
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    for item in items:
        fact = next(each for each in FACTS if item["data"]["type"] == each.TYPE)
        assert item["business_date"] == fact.EXAMPLE["business_date"]
        named = {name: value for name, value in item["data"].items() if name != "type"}
        assert named == {name: fact.EXAMPLE[name] for name in named}
        UUID(item["subject_id"])
    assert len(await heard(world, other["id"])) == 1


async def test_a_merged_account_brings_its_own_along(world: World) -> None:
    survivor, merged = await world.account(name="Ahoy"), await world.account(name="Bravo")
    await world.service.deliver(said(ContractSigned, merged["id"], 1), said(AlertRaised, survivor["id"], 2))
    made = await merge(world, survivor, merged)
    filed = {item["data"]["type"]: item["filed_account_id"] for item in await heard(world, survivor["id"])}
    assert filed == {ContractSigned.TYPE: merged["id"], AlertRaised.TYPE: survivor["id"]}
    await unmerge(world, made["merge_id"])
    assert [item["data"]["type"] for item in await heard(world, survivor["id"])] == [AlertRaised.TYPE]


async def test_a_rebuild_gives_the_same_rows(world: World) -> None:
    account = await world.account()
    async with logged(world.service):
        await hear(world.service, *(said(fact, account["id"], number) for number, fact in enumerate(FACTS)))
        report = await rebuild(world.service.runtime.db, world.service.runtime.bus, subscriptions, "heard_fact")
        assert report.equal, report.as_dict()
        assert report.tables[0].live_rows == len(FACTS)


@pytest.mark.parametrize(
    ("fact", "lanes"), [(AlertRaised, ["insight"]), (QuoteIssued, ["directory", "insight"])], ids=["alert", "quote"]
)
async def test_one_without_its_fields_parks(world: World, fact: type[Published], lanes: list[str]) -> None:
    await world.service.deliver(make_event(fact.TYPE, {"id": "x"}, "key"))
    assert sorted(row["grp"] for row in await world.service.parked()) == [f"crmesh.customer.{lane}" for lane in lanes]
