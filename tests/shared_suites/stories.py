"""A story of each service: what it is given through HTTP, and the events it then hears."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import derived_id
from kit.testing.service import make_event
from services.customer import events_out as customer_facts
from tests.channels.conftest import Order as PartnerOrder
from tests.channels.conftest import partner as apply_partner
from tests.channels.conftest import publish
from tests.customer import conftest as customer
from tests.risk.conftest import Order as CreditOrder
from tests.risk.conftest import Payment, account_created, payment
from tests.risk.payables.rebates import accrued, adjusted, paid_rebate
from tests.risk.pipeline.chances import Chance
from tests.shared_suites.delivery import Stage, Story
from tests.targets import conftest as targets

ACCOUNTS = [derived_id("story", "account", number) for number in range(5)]


def _member(number: int, version: int = 1) -> dict[str, Any]:
    path = [derived_id("story", "unit", unit) for unit in (0, version)]
    return customer.member(derived_id("story", "member", number), f"rep-{number}", path, version=version)


def _members(kind: str, version: int) -> list[Event]:
    return [
        make_event(f"targets.member.{kind}.v1", _member(number, version), "organisation", sequence=version)
        for number in range(3)
    ]


async def of_customer(stage: Stage) -> list[Event]:
    """Orders of five accounts, one of them held first, are answered, and paid by money that waits for them; members
    move, a partner is suspended."""
    members = [
        make_event("targets.member.joined.v1", customer.member(who, name, customer.UNITS[:2]), "organisation")
        for who, name in ((customer.REP_1, "rep-1"), (customer.REP_2, "rep-2"))
    ]
    await stage.hear(
        *members,
        make_event("channels.partner.activated.v1", customer.partner(customer.PARTNER, "active", 2), customer.PARTNER),
        make_event("channels.product.changed.v1", customer.product("CD-ROCK", "rock"), "CD-ROCK"),
        make_event("channels.product.changed.v1", customer.product("CD-JAZZ", "jazz"), "CD-JAZZ"),
    )
    rate = {"currency": "CNY", "rate": "0.137", "valid_from": "2026-01-01"}
    assert (await stage.harness.post("/v1/exchange-rates", rate)).status_code == 201
    world = customer.World(stage.harness)
    events: list[Event] = []
    for number in range(5):
        account = await world.account(name=f"Account {number}")
        orders = [await world.placed(account) for _ in range(3)]
        for order in orders[1:]:
            body = {"account_id": account["id"], "currency": "CNY", "amount": 700, "method": "card"}
            waiting = await stage.harness.post("/v1/payments", {**body, "for_order_id": order["id"]})
            assert waiting.status_code == 201, waiting.text
        events += [customer.reserved(orders[0]), customer.refused(orders[1]), customer.reserved(orders[2])]
        events += [customer.reserved(orders[1], decision="override")]
    moved = customer.member(customer.REP_1, "rep-1", customer.UNITS[:3], version=2)
    events.insert(6, make_event("targets.member.moved.v1", moved, "organisation", sequence=2))
    suspended = customer.partner(customer.PARTNER, "suspended", 3)
    events.insert(9, make_event("channels.partner.suspended.v1", suspended, customer.PARTNER, sequence=3))
    changed = customer.product("CD-ROCK", "classic", 2, is_active=False)
    events.insert(3, make_event("channels.product.changed.v1", changed, "CD-ROCK", sequence=2))
    return events


async def of_risk(stage: Stage) -> list[Event]:
    """Accounts with limits; placements that fit and that do not, payments, refunds, returns, a cancellation."""
    await stage.hear(*(account_created(account) for account in ACCOUNTS))
    for account in ACCOUNTS:
        path, limit = f"/v1/credit-profiles/{account}", {"credit_limit": 1000, "reason": "story"}
        assert (await stage.harness.patch(path, limit, 1)).status_code == 200
    events: list[Event] = []
    for number, account in enumerate(ACCOUNTS):
        first, second, third = (CreditOrder(account, gross) for gross in (600, 300 + number, 500))
        events += [first.placed(), first.confirmed(), second.placed(), third.placed(), payment(account, (first, 450))]
        events += [first.returned(50), third.placed(2), payment(account, (first, 100), refund=True)]
        events += [second.cancelled() if number % 2 else payment(account, (second, 100))]
        paid = Payment(account, 40 + number)
        events += [paid.received(), paid.allocated((first, 30), left=9), paid.refunded(left=5)]
        events += [paid.voided((first, 30))] if number % 2 else [paid.allocated((first, 6), left=0)]
        last = CreditOrder(account, 2000)
        waits = Payment(account, 1500 + number, waits_for=last)
        events += [last.placed(), waits.received(), waits.refunded(left=1400), last.placed(2)]
        chance = Chance(account, 700 + number)
        events += [chance.event(), chance.event("won" if number % 2 else "stage_changed")]
    owed = derived_id("story", "partner", 0)
    events += [accrued(owed, 700), adjusted(owed, -50), accrued(owed, -90), paid_rebate(owed, 400)]
    updated = {**customer_facts.AccountUpdated.EXAMPLE, "id": ACCOUNTS[0], "stream_key": ACCOUNTS[0], "name": "New"}
    events.insert(4, make_event(customer_facts.AccountUpdated.TYPE, updated, ACCOUNTS[0], sequence=2))
    return [*_members("joined", 1), *events, *_members("moved", 2)]


async def of_targets(stage: Stage) -> list[Event]:
    """Orders of five accounts are credited, and come back in part, twice."""
    world = await targets.make_world(stage.harness)
    events: list[Event] = []
    for number, account in enumerate(ACCOUNTS):
        order = world.order({"a1": 600_000, "b1": 400_000}, [1001 + number, 333], stream_key=account)
        whole = world.order({"a2": 1_000_000}, [70, 30], stream_key=account)
        events += [world.confirmed(order), world.confirmed(whole)]
        events += [world.returned(order, {1: (0, 501)}), world.returned(order, {1: (501, 1001 + number), 2: (0, 333)})]
        told = targets.told_of(account, order["id"], world.members["a1"])
        events += [make_event(f"customer.{what}.v1", data, account, sequence=data["version"]) for what, data in told]
    return events


async def of_channels(stage: Stage) -> list[Event]:
    """Orders through two partners pass a tier of two programmes, and some of them come back and are delivered."""
    partners: list[UUID] = [await apply_partner(stage.harness, f"P-{number}") for number in range(2)]
    await publish(stage.harness)
    await publish(stage.harness, name="Rock", kind="retroactive", product_lines=["rock"])
    events: list[Event] = []
    for number, account in enumerate(ACCOUNTS):
        for line in range(3):
            amounts: list[tuple[str | None, int]] = [("rock", 4000 + number), ("jazz", 3000 + line)]
            order = PartnerOrder(partners[(number + line) % 2], amounts, date(2026, 2, 1 + line), key=account)
            events += [order.confirmed()]
            events += [order.returned(("rock", 1500)), order.fulfilled()] if line == 1 else []
        account_fact = {**customer_facts.AccountUpdated.EXAMPLE, "id": account, "stream_key": account, "version": 2}
        events += [make_event(customer_facts.AccountUpdated.TYPE, account_fact, account, sequence=2)]
    return [*_members("joined", 1), *events, *_members("moved", 2)]


STORIES: dict[str, Story] = {
    "customer": of_customer,
    "targets": of_targets,
    "channels": of_channels,
    "risk": of_risk,
}
ACROSS_KEYS = {"channels": ("rebate_accrual", "rebate_entry", "outbox")}
"""What depends on the order across keys: which order of a partner passes a tier. Its sums do not."""
