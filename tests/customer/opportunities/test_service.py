"""Opportunities over HTTP: worth, moves, closing, reopening, history, references, scope."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from kit import clock
from kit.testing.service import codes
from tests.customer.conftest import OTHER_REP, PARTNER, REP_1, REP_2, SUSPENDED, World
from tests.customer.opportunities.conftest import acted, history, listed, opened, told


async def test_it_opens_in_the_first_stage_with_what_the_stage_gives(world: World) -> None:
    made = await opened(world, competitors=["acme", "zen", "acme"])
    assert (made["pipeline"], made["stage"], made["state"]) == ("default", "research", "open")
    assert (made["amount_base"], made["probability"], made["weighted_base"]) == (137000, 100000, 13700)
    assert (made["forecast_category"], made["owner_id"]) == ("pipeline", str(REP_1))
    assert made["competitors"] == ["acme", "zen"]
    ((kind, payload),) = await told(world)
    assert (kind, payload["amount_base"], payload["opened_on"]) == ("opened", 137000, made["opened_on"])
    assert (payload["previous_stage"], payload["closed_on"], payload["base_currency"]) == (None, None, "USD")
    assert not {"name", "next_step"} & payload.keys()
    assert [(step["seq"], step["from_stage"], step["to_stage"]) for step in await history(world, made)] == [
        (1, None, "research")
    ]


async def test_a_move_takes_what_the_stage_gives_and_an_own_probability_stays_until_then(world: World) -> None:
    made = await opened(world, probability=250000)
    assert made["weighted_base"] == 34250
    own = await world.service.patch(f"/v1/opportunities/{made['id']}", {"probability": 300000}, 1)
    assert (own.json()["weighted_base"], own.json()["stage"]) == (41100, "research")
    moved = await acted(world, made, "move", stage="solution")
    assert (moved["probability"], moved["weighted_base"], moved["forecast_category"]) == (400000, 54800, "best_case")
    assert (moved["previous_stage"], moved["days_in_stage"]) == ("research", 0)
    kinds = [(kind, payload["changed"]) for kind, payload in await told(world)][1:]
    assert kinds[0] == ("updated", ["probability", "weighted_base"])
    assert kinds[1][0] == "stage_changed"
    assert "stage" in kinds[1][1]


async def test_days_are_those_of_the_company(world: World) -> None:
    # 16:30 UTC is the next day in Shanghai
    made = await opened(world, opened_at="2026-02-13T16:30:00Z")
    moved = await acted(world, made, "move", stage="need_analysis", at="2026-02-22T15:59:00Z")
    assert (made["opened_on"], moved["days_in_stage"]) == ("2026-02-14", 8)
    won = await acted(world, made, "win", at="2026-02-28T16:00:00Z")
    assert (won["closed_at"], won["closed_on"]) == ("2026-02-28T16:00:00Z", "2026-03-01")
    days = [(kind, payload["business_date"]) for kind, payload in await told(world)]
    assert days == [("opened", "2026-02-14"), ("stage_changed", "2026-02-22"), ("won", "2026-03-01")]


async def test_steps_follow_each_other_and_the_past_needs_a_permission(world: World) -> None:
    made = await opened(world, opened_at="2026-02-14T01:00:00Z")
    path = f"/v1/opportunities/{made['id']}"
    seller = world.service.headers("rep-1", "sales_rep")
    manager = world.service.headers("manager-north", "sales_manager")
    later = (clock.now() + timedelta(hours=1)).isoformat()
    for action, more in (("move", {"stage": "order"}), ("win", {}), ("lose", {"lost_reason": "price"})):
        for at, headers, status, code in (
            ("2026-02-14T00:59:59Z", manager, 422, "stage-order"),
            ("2026-02-15T01:00:00Z", seller, 403, "forbidden"),
            (later, manager, 422, "invalid"),
        ):
            answer = await world.service.post(f"{path}/{action}", {**more, "at": at}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code), (action, at, answer.text)
            assert codes(answer.json()) == ["/at"]
    assert (await world.service.get(path)).json() == made
    moved = await world.service.post(f"{path}/move", {"stage": "order", "at": "2026-02-14T01:00:00Z"}, headers=manager)
    assert moved.status_code == 200, moved.text
    assert (await world.service.post(f"{path}/win", {}, headers=seller)).status_code == 200
    body = {
        "name": "x",
        "account_id": made["account_id"],
        "amount": 1,
        "currency": "USD",
        "opened_at": made["opened_at"],
    }
    answer = await world.service.post("/v1/opportunities", body, headers=seller)
    assert (answer.status_code, codes(answer.json())) == (403, ["/opened_at"])


async def test_closed_at_is_set_by_closing_and_cleared_by_reopening_alone(world: World) -> None:
    account = await world.account()
    order = await world.draft(account)
    yesterday = (clock.business_date("Asia/Shanghai") - timedelta(1)).isoformat()
    made = await opened(world, account, expected_close=yesterday)
    path = f"/v1/opportunities/{made['id']}"
    assert await listed(world, "overdue=true") == [made["id"]]
    won = await acted(world, made, "win", order_id=order["id"])
    assert (won["state"], won["probability"], won["forecast_category"]) == ("won", 1000000, "closed")
    assert (won["weighted_base"], won["order_id"], won["overdue"]) == (137000, order["id"], False)
    edit = {"amount": 2000000, "expected_close": "2026-01-01", "next_step": "Thank them", "owner_id": str(REP_2)}
    edited = (await world.service.patch(path, {**edit, "name": "Branch"}, won["version"])).json()
    kept = ("closed_at", "closed_on", "probability", "forecast_category", "state", "stage", "order_id")
    assert {name: edited[name] for name in kept} == {name: won[name] for name in kept}
    assert (edited["amount_base"], edited["weighted_base"], edited["overdue"]) == (274000, 274000, False)
    assert await listed(world, "overdue=true") == []
    for field, value in (("probability", 500000), ("forecast_category", "commit")):
        refused = await world.service.patch(path, {field: value}, edited["version"])
        assert (refused.status_code, refused.json()["code"]) == (409, "opportunity-state")
    reopened = await acted(world, made, "reopen", stage="negotiation")
    assert (reopened["state"], reopened["stage"], reopened["probability"]) == ("open", "negotiation", 700000)
    assert (reopened["closed_at"], reopened["closed_on"], reopened["order_id"]) == (None, None, None)
    assert reopened["overdue"] is True
    lost = await acted(world, made, "lose", lost_reason="price", competitor="acme")
    assert (lost["state"], lost["probability"], lost["weighted_base"]) == ("lost", 0, 0)
    assert (lost["lost_reason"], lost["lost_to"], lost["competitors"]) == ("price", "acme", ["acme"])
    assert lost["closed_at"] is not None
    again = await acted(world, made, "reopen", stage="negotiation")
    assert (again["lost_reason"], again["lost_to"], again["closed_at"]) == (None, None, None)
    steps = [(step["from_stage"], step["to_stage"], step["state"]) for step in await history(world, made)]
    assert steps == [
        (None, "research", "open"),
        ("research", "research", "won"),
        ("research", "negotiation", "open"),
        ("negotiation", "negotiation", "lost"),
        ("negotiation", "negotiation", "open"),
    ]
    facts = await told(world)
    assert [kind for kind, _ in facts] == ["opened", "won", "updated", "reopened", "lost", "reopened"]
    assert (facts[1][1]["order_id"], facts[4][1]["lost_reason"]) == (order["id"], "price")
    assert {kind: payload["closed_on"] for kind, payload in facts if kind == "reopened"} == {"reopened": None}


async def test_expected_today_is_not_overdue(world: World) -> None:
    today = clock.business_date("Asia/Shanghai")
    late = await opened(world, expected_close=(today - timedelta(1)).isoformat())
    due = await opened(world, expected_close=today.isoformat())
    assert (late["overdue"], due["overdue"]) == (True, False)
    assert await listed(world, "overdue=true") == [late["id"]]


async def test_a_move_names_a_stage_of_its_version_and_not_where_it_stands(world: World) -> None:
    made = await opened(world)
    path = f"/v1/opportunities/{made['id']}/move"
    unknown = await world.service.post(path, {"stage": "offered"})
    assert (unknown.status_code, codes(unknown.json())) == (422, ["/stage"])
    for body in ({"stage": "research"}, {"stage": "order", "from_stage": "solution"}):
        answer = await world.service.post(path, body)
        assert (answer.status_code, answer.json()["code"], answer.json()["stage"]) == (
            409, "opportunity-stage", "research",
        )  # fmt: skip
    assert len(await history(world, made)) == 1
    assert (await acted(world, made, "move", stage="order", from_stage="research"))["stage"] == "order"


@pytest.mark.parametrize(
    ("action", "body"),
    [("win", {}), ("lose", {"lost_reason": "price"}), ("move", {"stage": "order", "from_stage": "research"})],
)
async def test_of_several_at_once_one_counts(world: World, action: str, body: dict[str, Any]) -> None:
    made = await opened(world)
    path = f"/v1/opportunities/{made['id']}/{action}"
    answers = await asyncio.gather(*(world.service.post(path, body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert [step["seq"] for step in await history(world, made)] == [1, 2]
    assert len(await told(world)) == 2


async def test_winning_and_losing_at_once(world: World) -> None:
    made = await opened(world)
    path = f"/v1/opportunities/{made['id']}"
    answers = await asyncio.gather(
        world.service.post(f"{path}/win", {}), world.service.post(f"{path}/lose", {"lost_reason": "price"})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"opportunity-state"}
    assert len(await history(world, made)) == 2


async def test_references_are_the_accounts_and_in_scope(world: World) -> None:
    account, other = await world.account(), await world.account(name="Elsewhere")
    contact = (await world.service.post("/v1/contacts", {"account_id": other["id"], "name": "Zhang Wei"})).json()["id"]
    body = {"name": "x", "account_id": account["id"], "amount": 1, "currency": "USD"}
    cases = [
        ({"contact_id": contact}, "/contact_id"),
        ({"contact_id": str(uuid4())}, "/contact_id"),
        ({"partner_id": str(SUSPENDED)}, "/partner_id"),
        ({"partner_id": str(uuid4())}, "/partner_id"),
        ({"owner_id": str(uuid4())}, "/owner_id"),
        ({"account_id": str(uuid4())}, "/account_id"),
        ({"pipeline": "none"}, "/pipeline"),
        ({"stage": "none"}, "/stage"),
    ]
    for fields, pointer in cases:
        answer = await world.service.post("/v1/opportunities", {**body, **fields})
        assert (answer.status_code, codes(answer.json())) == (422, [pointer]), fields
    no_rate = await world.service.post("/v1/opportunities", {**body, "currency": "EUR"})
    assert (no_rate.status_code, no_rate.json()["code"]) == (409, "no-exchange-rate")
    made = await opened(world, other, contact_id=contact, partner_id=str(PARTNER))
    path = f"/v1/opportunities/{made['id']}"
    for fields, pointer in cases[:5]:
        if fields != {"contact_id": contact}:
            answer = await world.service.patch(path, fields, 1)
            assert (answer.status_code, codes(answer.json())) == (422, [pointer]), fields
    stranger = world.service.headers("rep-3", "sales_rep")
    answer = await world.service.post("/v1/opportunities", body, headers=stranger)
    assert (answer.status_code, codes(answer.json())) == (422, ["/account_id"])


async def test_it_is_won_by_an_order_of_the_account(world: World) -> None:
    account = await world.account()
    made = await opened(world, account)
    cancelled = await world.draft(account)
    await world.service.post(f"/v1/orders/{cancelled['id']}/cancel", {"reason": "mistake"})
    foreign = await world.draft(await world.account(name="Elsewhere"))
    for order_id in (cancelled["id"], foreign["id"], str(uuid4())):
        answer = await world.service.post(f"/v1/opportunities/{made['id']}/win", {"order_id": order_id})
        assert (answer.status_code, codes(answer.json())) == (422, ["/order_id"])
    assert (await world.service.get(f"/v1/opportunities/{made['id']}")).json() == made


async def test_seen_by_its_owner_and_by_who_has_the_account(world: World) -> None:
    made = await opened(world, owner_id=str(REP_2))
    for subject, sees in (("rep-1", True), ("rep-2", True), ("rep-3", False)):
        headers = world.service.headers(subject, "sales_rep")
        for path in ("", "/history"):
            one = await world.service.get(f"/v1/opportunities/{made['id']}{path}", headers=headers)
            assert one.status_code == (200 if sees else 404), (subject, path)
        assert (await listed(world, "", headers=headers) == [made["id"]]) is sees, subject
    stranger = world.service.headers("rep-3", "sales_rep")
    for action, body in (("move", {"stage": "order"}), ("win", {}), ("lose", {"lost_reason": "x"})):
        answer = await world.service.post(f"/v1/opportunities/{made['id']}/{action}", body, headers=stranger)
        assert answer.status_code == 404


async def test_an_owner_who_left_is_no_obstacle_but_cannot_be_chosen(world: World) -> None:
    made = await opened(world, owner_id=str(OTHER_REP))
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE principal SET valid_to = DATE '2026-01-01' WHERE id = $1", OTHER_REP)
    path = f"/v1/opportunities/{made['id']}"
    assert (await world.service.patch(path, {"amount": 5, "owner_id": str(OTHER_REP)}, 1)).status_code == 200
    answer = await world.service.post(
        "/v1/opportunities",
        {"name": "x", "account_id": made["account_id"], "amount": 1, "currency": "USD", "owner_id": str(OTHER_REP)},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "owner-left")


async def test_a_later_rate_changes_nothing_but_a_new_amount(world: World) -> None:
    made = await opened(world, opened_at="2026-01-05T01:00:00Z")
    rate = {"currency": "CNY", "rate": "0.14", "valid_from": "2026-02-01"}
    assert (await world.service.post("/v1/exchange-rates", rate)).status_code == 201
    path = f"/v1/opportunities/{made['id']}"
    named = (await world.service.patch(path, {"name": "Other"}, 1)).json()
    assert (made["amount_base"], named["amount_base"]) == (137000, 137000)
    assert (await world.service.patch(path, {"amount": 2000000}, 2)).json()["amount_base"] == 280000
    await acted(world, made, "win", at=clock.now().isoformat())


async def test_found_by_what_it_says(world: World) -> None:
    account = await world.account()
    ref = {"source": "crm", "id": "1"}
    one = await opened(world, account, name="Neue Filiale", competitors=["acme"], external_id=ref)
    two = await opened(world, name="Renewal", stage="order")
    for query, found in (
        ("q=filiale", [one["id"]]),
        ("competitor=acme", [one["id"]]),
        ("pipeline=default&stage=order", [two["id"]]),
        (f"account_id={account['id']}", [one["id"]]),
        ("external_source=crm&external_id=1", [one["id"]]),
        ("sort=-amount_base&state=open&weighted_base[gte]=100000", [two["id"]]),
    ):
        assert await listed(world, query) == found, query
    body = {"name": "x", "account_id": account["id"], "amount": 1, "currency": "USD"}
    twin = await world.service.post("/v1/opportunities", {**body, "external_id": ref})
    assert (twin.status_code, twin.json()["code"], twin.json()["conflicting_id"]) == (
        409, "opportunity-external-id-taken", one["id"],
    )  # fmt: skip


async def test_an_archived_account_gets_none(world: World) -> None:
    account = await world.account()
    await world.service.post(f"/v1/accounts/{account['id']}/archive")
    body = {"name": "x", "account_id": account["id"], "amount": 1, "currency": "USD"}
    answer = await world.service.post("/v1/opportunities", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "account-archived")
