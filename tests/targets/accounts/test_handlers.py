"""The account directory: where each account is as customer told it last."""

from __future__ import annotations

from typing import Any

from kit.events.bus import Message
from kit.events.envelope import to_headers, topic_of
from kit.events.handlers import Fact
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.targets.accounts.handlers import project_account
from services.targets.events_in.customer import AccountHeard
from tests.targets.territories.accounts import CREATED, account, told

NAME = "account_directory"


async def places(service: ServiceHarness) -> list[tuple[Any, ...]]:
    rows = await service.rows("SELECT places, branches, is_archived, version FROM account_directory ORDER BY version")
    return [(row["places"], row["branches"], row["is_archived"], row["version"]) for row in rows]


async def test_what_customer_told_last_stands(service: ServiceHarness) -> None:
    one = account("CN-SH", "5172")
    await service.deliver(told(one))
    assert await places(service) == [
        (["CN", "CN-SH"], ["gbt4754:51", "gbt4754:517", "gbt4754:5172"], False, 1),
    ]
    moved = {**one, "region": None, "country": "DE", "industry": None, "is_archived": True, "version": 2}
    await service.deliver(told(moved))
    assert await places(service) == [(["DE"], [], True, 2)]


async def test_twice_late_and_out_of_order(service: ServiceHarness) -> None:
    key = new_id()
    said = [account("CN-BJ", key=key, version=3), account("CN-SH", key=key, version=2)]
    facts = [
        Fact(make_event(CREATED, one, key, sequence=one["version"]), AccountHeard.model_validate(one)) for one in said
    ]
    for few in ([facts[0]], [facts[1]], [facts[0], facts[1]], [facts[1], facts[0]]):
        async with service.transaction() as tx:
            await project_account(tx, few)
    assert await places(service) == [(["CN", "CN-BJ"], [], False, 3)]


async def test_an_account_without_country_and_industry_is_known(service: ServiceHarness) -> None:
    """As releases before told of it."""
    one = account(None)
    del one["country"], one["industry"]
    await service.deliver(told(one))
    assert await places(service) == [([], [], False, 1)]


async def test_a_rebuild_gives_the_same_rows(service: ServiceHarness) -> None:
    one = account("CN-SH", "51")
    events = [told(one), told(account("CN-BJ")), told({**one, "region": "CN-JS", "version": 2})]
    await service.deliver(*events)
    before = await places(service)
    runtime = service.runtime
    await runtime.bus.start()
    await runtime.bus.ensure_topics([topic_of("customer"), topic_of("targets")])
    messages = [Message(key=each.key, value=each.data, headers=tuple(to_headers(each))) for each in events]
    await runtime.bus.publish(topic_of("customer"), messages)
    report = await rebuild(runtime.db, runtime.bus, service.subscriptions, NAME, swap=True)
    await runtime.bus.stop()
    assert report.equal, report.as_dict()
    assert await places(service) == before
