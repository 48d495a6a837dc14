"""Orders that are made from a quote, or under an enforced price policy, are checked for terms too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit.events.envelope import Event
from kit.ids import derived_id
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, make_event, service_harness
from services.customer.orders.changes import checks_of
from services.customer.orders.enums import CheckKind, PricePolicy
from tests.customer.conftest import REP_1, UNITS, World, member, refused, reserved

QUOTE, OTHER = str(derived_id("quote", 1)), str(derived_id("quote", 2))


def said(order: dict[str, Any], word: str, **fields: Any) -> Event:
    """An answer of channels on the terms of a placement."""
    payload = {"order_id": order["id"], "placement": order["placement"], **fields}
    return make_event(f"channels.terms.{word}.v1", payload, order["stream_key"], subject=order["id"])


def states(order: dict[str, Any]) -> dict[str, str]:
    return {check["kind"]: check["state"] for check in order["checks"] if check["placement"] == order["placement"]}


def test_terms_are_asked_for_where_there_are_any() -> None:
    credit, both = (CheckKind.CREDIT,), (CheckKind.CREDIT, CheckKind.TERMS)
    assert checks_of(has_terms=False, policy=PricePolicy.FREE) == credit
    assert checks_of(has_terms=True, policy=PricePolicy.FREE) == both
    assert checks_of(has_terms=False, policy=PricePolicy.ENFORCED) == both


async def test_an_order_without_a_quote_asks_for_credit_alone(world: World) -> None:
    order = await world.placed()
    assert (order["quote_id"], order["price_policy"], states(order)) == (None, "free", {"credit": "pending"})
    (event,) = await world.service.published("customer.order.placed.v1")
    assert (event.payload["checks"], event.payload["price_policy"]) == (["credit"], "free")


@pytest.mark.parametrize("terms_first", [True, False])
async def test_an_order_from_a_quote_is_confirmed_by_both_answers(world: World, terms_first: bool) -> None:
    order = await world.placed(quote_id=QUOTE)
    (event,) = await world.service.published("customer.order.placed.v1")
    assert (event.payload["checks"], event.payload["quote_id"]) == (["credit", "terms"], QUOTE)
    answers = [said(order, "reserved"), reserved(order)]
    for answer in answers if terms_first else reversed(answers):
        assert (await world.order(order["id"]))["state"] == "placed"
        await world.service.deliver(answer)
    assert (await world.order(order["id"]))["state"] == "confirmed"
    (confirmed,) = await world.service.published("customer.order.confirmed.v1")
    assert confirmed.payload["quote_id"] == QUOTE


async def test_refused_terms_hold_the_order_and_say_why(world: World) -> None:
    order = await world.placed(quote_id=QUOTE)
    await world.service.deliver(reserved(order), said(order, "refused", reason="quote-changed", detail="quote-used"))
    held = await world.order(order["id"])
    assert (held["state"], states(held)) == ("on_hold", {"credit": "passed", "terms": "refused"})
    (event,) = await world.service.published("customer.order.held.v1")
    assert [event.payload[name] for name in ("check", "reason", "cause", "shortfall", "placement")] == [
        "terms",
        "quote-changed",
        "quote-used",
        0,
        1,
    ]
    await world.service.deliver(said(order, "reserved"))
    assert (await world.order(order["id"]))["state"] == "on_hold", "an answer is given once"


async def test_what_is_released_is_dropped_on_hold_alone_and_said(world: World) -> None:
    waiting, order = await world.placed(quote_id=OTHER), await world.placed(quote_id=QUOTE)
    await world.service.deliver(said(waiting, "reserved"), said(waiting, "released", reason="hold_too_long"))
    assert states(await world.order(waiting["id"]))["terms"] == "passed", "not on hold"
    await world.service.deliver(said(order, "reserved"), refused(order))
    await world.service.deliver(said(order, "released", reason="hold_too_long"))
    assert states(await world.order(order["id"])) == {"credit": "refused", "terms": "dropped"}
    event = (await world.service.published("customer.order.held.v1"))[-1]
    assert [event.payload[name] for name in ("check", "reason", "cause", "shortfall")] == [
        "terms",
        "released",
        "hold_too_long",
        0,
    ]
    await world.service.deliver(reserved(order, decision="override"))
    assert (await world.order(order["id"]))["state"] == "on_hold", "it needs a new placement"


async def test_another_quote_is_another_content(world: World) -> None:
    draft = await world.draft(quote_id=QUOTE)
    path = f"/v1/orders/{draft['id']}"
    same = await world.service.patch(path, {"quote_id": QUOTE}, draft["version"])
    assert same.json()["version"] == draft["version"]
    changed = await world.service.patch(path, {"quote_id": OTHER}, draft["version"])
    assert (changed.json()["quote_id"], changed.json()["version"]) == (OTHER, draft["version"] + 1)
    without = await world.service.patch(path, {"quote_id": None}, draft["version"] + 1)
    assert without.json()["quote_id"] is None
    found = await world.service.get(f"/v1/orders?quote_id={OTHER}")
    assert found.json()["items"] == []


async def test_a_row_that_names_no_quote_is_known_again(world: World) -> None:
    account = await world.account()
    row = {**world.order_body(account), "external_id": {"source": "shop", "id": "O-1"}}
    for status in ("created", "unchanged"):
        answer = await world.service.post("/v1/orders/batch", {"rows": [row]})
        assert [one["status"] for one in answer.json()["results"]] == [status], answer.text
    answer = await world.service.post("/v1/orders/batch", {"rows": [{**row, "quote_id": QUOTE}]})
    assert [one["status"] for one in answer.json()["results"]] == ["updated"]


async def test_a_quote_is_named_by_its_id(world: World) -> None:
    body = world.order_body(await world.account(), quote_id="QU-2026-000001")
    answer = await world.service.post("/v1/orders", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/quote_id")


@pytest.fixture
async def strict(postgres_server: TestServer) -> AsyncIterator[ServiceHarness]:
    """A company that keeps its prices above their floors."""
    async with service_harness(postgres_server, "customer", price_policy="enforced") as harness:
        yield harness


async def test_under_an_enforced_policy_every_order_asks_for_terms(strict: ServiceHarness) -> None:
    owner = member(REP_1, "rep-1", [UNITS[0]])
    await strict.deliver(make_event("targets.member.joined.v1", owner, "organisation"))
    account = await strict.post(
        "/v1/accounts", {"kind": "organization", "name": "Blue Harbour", "owner_id": str(REP_1)}
    )
    await strict.deliver(
        make_event(
            "channels.product.changed.v1",
            {
                "id": derived_id("product", 1), "sku": "A", "name": "A", "product_line": "a", "is_active": True,
                "version": 1, "changed": [],
            },
            "A",
        )
    )  # fmt: skip
    body = {
        "account_id": account.json()["id"],
        "currency": "USD",
        "lines": [{"sku": "A", "quantity": 1, "unit_price": 5}],
        "place": True,
    }
    answer = await strict.post("/v1/orders", body)
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["price_policy"], states(order)) == ("enforced", {"credit": "pending", "terms": "pending"})
    (event,) = await strict.published("customer.order.placed.v1")
    assert event.payload["price_policy"] == "enforced"


@pytest.mark.parametrize("override_first", [True, False])
async def test_an_override_and_a_release_at_the_same_moment(world: World, override_first: bool) -> None:
    """Either the order is confirmed and keeps its terms, or it drops them and says so; never both."""
    order = await world.placed(quote_id=QUOTE)
    await world.service.deliver(said(order, "reserved"), refused(order))
    words = [reserved(order, decision="override"), said(order, "released", reason="hold_too_long")]
    for word in words if override_first else reversed(words):
        await world.service.deliver(word)
    dropped = [
        one for one in await world.service.published("customer.order.held.v1") if one.payload["check"] == "terms"
    ]
    state = (await world.order(order["id"]))["state"]
    assert (state, len(dropped)) == (("confirmed", 0) if override_first else ("on_hold", 1))


@pytest.mark.parametrize("count", [8])
async def test_overrides_and_releases_at_once_by_two_connections(world: World, count: int) -> None:
    orders = [await world.placed(quote_id=str(derived_id("quote", number))) for number in range(count)]
    await world.service.deliver(*(word for order in orders for word in (said(order, "reserved"), refused(order))))

    async def heard(events: list[Event]) -> None:
        async with world.service.transaction() as tx:
            await world.service.subscriptions.lane("core").handle(world.service.work(tx), events)

    releases = [said(order, "released", reason="by_hand") for order in orders]
    await asyncio.gather(
        *(heard([reserved(order, decision="override")]) for order in orders), *(heard([one]) for one in releases)
    )
    dropped = {
        one.subject
        for one in await world.service.published("customer.order.held.v1")
        if one.payload["check"] == "terms"
    }
    for order in orders:
        found = await world.order(order["id"])
        assert (found["state"] == "confirmed") is (order["id"] not in dropped), states(found)
        assert states(found)["terms"] == ("dropped" if order["id"] in dropped else "passed")


async def test_a_release_twice_or_of_an_old_placement_says_nothing(world: World) -> None:
    order = await world.placed(quote_id=QUOTE)
    await world.service.deliver(said(order, "reserved"), refused(order))
    again = await world.service.post(f"/v1/orders/{order['id']}/place")
    assert again.status_code == 200, again.text
    current = again.json()
    await world.service.deliver(said(order, "released", reason="hold_too_long"))
    assert states(await world.order(order["id"])) == {"credit": "pending", "terms": "pending"}, "of the old placement"
    await world.service.deliver(refused(current))
    for _ in range(2):
        await world.service.deliver(said(current, "released", reason="by_hand"))
    held = [one.payload for one in await world.service.published("customer.order.held.v1")]
    assert [(one["placement"], one["check"], one["reason"]) for one in held if one["check"] == "terms"] == [
        (2, "terms", "released")
    ]
    await world.service.deliver(said(current, "reserved"))
    assert states(await world.order(order["id"]))["terms"] == "dropped", "a late answer of what is dropped"


async def test_a_release_after_it_was_confirmed_says_nothing(world: World) -> None:
    order = await world.placed(quote_id=QUOTE)
    await world.service.deliver(said(order, "reserved"), reserved(order))
    await world.service.deliver(said(order, "released", reason="hold_too_long"))
    assert (await world.order(order["id"]))["state"] == "confirmed"
    assert await world.service.published("customer.order.held.v1") == []
