"""Directories follow the others' facts, and a rebuild gives the same rows."""

from __future__ import annotations

import pytest

from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.channels import ChannelChanged
from services.channels.events_out.promotions import PromotionActivated, PromotionEnded
from services.channels.events_out.quotes import QuoteIssued
from services.risk.events_out.holds import CreditHoldPlaced
from tests.customer.conftest import PARTNER, REP_1, UNITS, World, hear, logged, member, partner, product
from tests.customer.orders.test_default_terms import credit_terms

PROJECTIONS = (
    "principal",
    "partner_directory",
    "product_directory",
    "channel_directory",
    "quote_directory",
    "promotion_directory",
    "credit_terms",
)


async def test_a_move_replaces_the_memberships(world: World) -> None:
    company, north, south, team = UNITS
    memberships = [
        {"path": [company, north, team], "valid_from": "2020-01-01", "valid_to": "2026-01-01"},
        {"path": [company, south], "valid_from": "2026-01-01", "valid_to": None},
    ]
    payload = member(REP_1, "rep-1", [company, south], memberships=memberships, version=2)
    await world.service.deliver(make_event("targets.member.moved.v1", payload, "organisation"))
    rows = await world.service.rows("SELECT valid_from, path FROM principal WHERE id = $1 ORDER BY valid_from", REP_1)
    assert [list(row["path"]) for row in rows] == [[company, north, team], [company, south]]
    manager = world.service.headers("manager-north", "sales_manager")
    await world.account()
    assert (await world.service.get("/v1/accounts", headers=manager)).json()["items"] == []


async def test_an_older_version_changes_nothing(world: World) -> None:
    await world.service.deliver(
        make_event("channels.partner.suspended.v1", partner(PARTNER, "suspended", 1), PARTNER),
        make_event("channels.product.changed.v1", product("CD-ROCK", "old", version=0), "CD-ROCK"),
    )
    assert (await world.placed())["lines"][0]["product_line"] == "rock"


async def test_several_events_of_one_thing_in_a_batch(world: World) -> None:
    await world.service.deliver(
        *[make_event("channels.product.changed.v1", product("CD-NEW", f"l{n}", n), "CD-NEW") for n in range(1, 6)],
        make_event("channels.partner.suspended.v1", partner(PARTNER, "suspended", 3), PARTNER),
        make_event("channels.partner.activated.v1", partner(PARTNER, "active", 4), PARTNER),
    )
    (row,) = await world.service.rows("SELECT product_line, version FROM product_directory WHERE sku = 'CD-NEW'")
    assert (row["product_line"], row["version"]) == ("l5", 5)
    (row,) = await world.service.rows("SELECT state FROM partner_directory WHERE id = $1", PARTNER)
    assert row["state"] == "active"


@pytest.mark.parametrize("step", ["screened", "terminated"])
async def test_who_was_terminated_is_named_by_no_order(world: World, step: str) -> None:
    after = partner(PARTNER, step, 3)
    await world.service.deliver(make_event(f"channels.partner.{step}.v1", after, PARTNER))
    (row,) = await world.service.rows("SELECT state FROM partner_directory WHERE id = $1", PARTNER)
    assert row["state"] == step


async def test_an_event_without_its_fields_parks(world: World) -> None:
    await world.service.deliver(make_event("channels.product.changed.v1", {"sku": "CD-BAD"}, "CD-BAD"))
    assert len(await world.service.parked()) == 1
    assert (await world.placed())["state"] == "placed", "others flow"


async def test_rebuilt_directories_are_equal_and_damage_is_found(service: ServiceHarness) -> None:
    company, north, south, _team = UNITS
    events = [
        make_event("targets.member.joined.v1", member(REP_1, "rep-1", [company, north]), "organisation"),
        make_event("targets.member.moved.v1", member(REP_1, "rep-1", [company, south], version=2), "organisation"),
        make_event("channels.partner.activated.v1", partner(PARTNER, "active"), PARTNER),
        make_event("channels.product.changed.v1", product("CD-ROCK", "rock"), "CD-ROCK"),
        make_event("channels.product.changed.v1", product("CD-ROCK", "rock & roll", 2), "CD-ROCK"),
        make_event("channels.channel.changed.v1", {**ChannelChanged.EXAMPLE, "is_active": False}, PARTNER),
        make_event("channels.channel.changed.v1", {**ChannelChanged.EXAMPLE, "version": 2}, PARTNER),
        make_event("channels.promotion.activated.v1", PromotionActivated.EXAMPLE, PARTNER),
        make_event("channels.promotion.ended.v1", PromotionEnded.EXAMPLE, PARTNER),
        make_event("channels.quote.issued.v1", QuoteIssued.EXAMPLE, PARTNER),
        credit_terms(PARTNER, 60, 2),
        credit_terms(PARTNER, 45, 3, kind=CreditHoldPlaced),
    ]
    async with logged(service):
        await hear(service, *events[:3])
        await hear(service, *events[3:])
        for name in PROJECTIONS:
            report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, name)
            assert report.equal, report.as_dict()
            assert report.tables[0].live_rows == 1
        async with service.transaction() as tx:
            await tx.execute("UPDATE product_directory SET product_line = 'jazz'")
        report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "product_directory")
        assert not report.equal
