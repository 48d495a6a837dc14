"""Whoever may work an account may work its orders and payments, also those of before it was handed over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from kit.security.principals import Actor
from kit.work import Work
from services.customer.accounts.service import transfer_account
from services.customer.orders.schemas import OrderCreate
from services.customer.orders.service import create_order, place_order
from services.customer.ownership import jobs, repository, service
from services.customer.roles import REACHES
from services.customer.verify import verify
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World, logged, reserved, work_off
from tests.customer.ownership.conftest import as_, hand_over

BEHIND = "SELECT o.id FROM orders o JOIN account a ON a.id = o.account_id WHERE o.owner_id IS DISTINCT FROM a.owner_id"


async def seen(world: World, subject: str) -> set[str]:
    answer = await world.service.get("/v1/orders", headers=as_(world, subject))
    return {item["id"] for item in answer.json()["items"]}


async def test_orders_follow_their_account(south: World) -> None:
    world, account = south, await south.account()
    draft, placed, confirmed = await world.draft(account), await world.placed(account), await world.confirmed(account)
    orders = {order["id"] for order in (draft, placed, confirmed)}
    other = await world.draft()
    await hand_over(world, account)
    for subject in ("rep-3", "manager-south"):
        assert await seen(world, subject) == orders
        for order in orders:
            assert (await world.service.get(f"/v1/orders/{order}", headers=as_(world, subject))).status_code == 200
    for subject in ("rep-1", "manager-north"):
        assert await seen(world, subject) == {other["id"]}
        for order in orders:
            assert (await world.service.get(f"/v1/orders/{order}", headers=as_(world, subject))).status_code == 404
    moved = await world.order(confirmed["id"])
    assert (moved["owner_id"], moved["credits"]) == (str(OTHER_REP), confirmed["credits"]), "splits stay"
    assert moved["version"] == confirmed["version"] + 1, "who read it before changes it no more"


async def test_old_orders_are_worked_by_who_has_the_account(south: World) -> None:
    world, account = south, await south.account()
    draft, confirmed = await world.draft(account), await world.confirmed(account)
    await hand_over(world, account)
    lines = {"lines": [{"line_no": 1, "quantity": 1}]}
    pay = {"account_id": account["id"], "currency": "CNY", "amount": 100, "method": "cash"}
    pay["allocations"] = [{"order_id": confirmed["id"], "amount": 100}]
    row = {"order_id": confirmed["id"], "external_id": {"source": "shop", "id": "R-1"}, **lines}
    path = f"/v1/orders/{confirmed['id']}"
    for subject, works in (("manager-north", False), ("manager-south", True)):
        headers = as_(world, subject)
        for where, body in (
            (f"/v1/orders/{draft['id']}/place", None),
            (f"{path}/returns", lines),
            (f"{path}/fulfil", None),
        ):
            answer = await world.service.post(where, body, headers=headers)
            assert (answer.status_code == 404) is not works, (subject, where, answer.text)
            assert (answer.status_code < 300) is works, (subject, where, answer.text)
        answer = await world.service.post("/v1/payments", pay, headers=headers)
        assert answer.status_code == (201 if works else 422), (subject, answer.text)
        answer = await world.service.post("/v1/returns/batch", {"rows": [row]}, headers=headers)
        assert answer.json()["created"] == int(works), answer.text
    (event,) = (one for one in await world.service.published("customer.order.placed.v1") if one.subject == draft["id"])
    assert event.payload["owner_id"] == str(OTHER_REP)
    assert {one["member_id"] for one in event.payload["credits"]} == {str(REP_1), str(REP_2)}


@pytest.mark.parametrize("by", ["place", "patch", "batch"])
async def test_what_was_not_entered_is_credited_to_who_has_the_account(world: World, by: str) -> None:
    account = await world.account()
    row = world.order_body(account, credits=[], external_id={"source": "shop", "id": "1"})
    result = (await world.service.post("/v1/orders/batch", {"rows": [row]})).json()["results"][0]
    entered = await world.draft(account, credits=[{"member_id": str(REP_1), "share": 1_000_000}])
    await hand_over(world, account)
    path = f"/v1/orders/{result['id']}"
    if by == "patch":
        draft = await world.order(result["id"])
        assert (await world.service.patch(path, {"payment_terms_days": 9}, draft["version"])).status_code == 200
    if by == "batch":
        answer = await world.service.post("/v1/orders/batch", {"rows": [{**row, "place": True}]})
        assert answer.json()["updated"] == 1, answer.text
    else:
        assert (await world.service.post(f"{path}/place")).status_code == 200
    order = await world.order(result["id"])
    assert (order["state"], order["credits"]) == ("placed", [{"member_id": str(OTHER_REP), "share": 1_000_000}])
    (event,) = await world.service.published("customer.order.placed.v1")
    assert event.payload["credits"] == order["credits"]
    await world.service.post(f"/v1/orders/{entered['id']}/place")
    assert (await world.order(entered["id"]))["credits"] == entered["credits"], "what was entered stays"


async def test_a_change_and_a_batch_hand_over_too(world: World) -> None:
    accounts = [await world.account(external_ids={"erp": name}) for name in ("1", "2")]
    orders = [await world.draft(account) for account in accounts]
    change = {"owner_id": str(OTHER_REP)}
    assert (await world.service.patch(f"/v1/accounts/{accounts[0]['id']}", change, 1)).status_code == 200
    row = {"kind": "organization", "name": "Blue Harbour", "external_ids": {"erp": "2"}, **change}
    answer = await world.service.post("/v1/accounts/batch", {"rows": [row]})
    assert answer.json()["updated"] == 1, answer.text
    assert await seen(world, "rep-3") == {order["id"] for order in orders}
    assert await world.service.rows(BEHIND) == []


async def test_a_hand_over_is_said_and_audited_once(world: World) -> None:
    account = await world.account()
    await world.draft(account)
    await hand_over(world, account)
    await hand_over(world, account)
    (event,) = await world.service.published("customer.account.updated.v1")
    assert (event.payload["owner_id"], event.payload["changed"]) == (str(OTHER_REP), ["owner_id"])
    audited = await world.service.rows("SELECT action, before, after FROM audit_log WHERE action = 'transfer'")
    assert len(audited) == 1


async def test_who_may_hand_over_to_whom(south: World) -> None:
    world, account = south, await south.account()
    path = f"/v1/accounts/{account['id']}/transfer"
    assert (await world.service.post(path, {"owner_id": str(REP_2)}, headers=as_(world, "rep-1"))).status_code == 403
    assert (
        await world.service.post(path, {"owner_id": str(OTHER_REP)}, headers=as_(world, "manager-south"))
    ).status_code == 404
    answer = await world.service.post(path, {"owner_id": str(OTHER_REP)}, headers=as_(world, "manager-north"))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-reference")
    answer = await world.service.post(path, {"owner_id": str(REP_2)}, headers=as_(world, "manager-north"))
    assert (answer.status_code, answer.json()["version"]) == (200, 2)


# two at once


@asynccontextmanager
async def begun(world: World) -> AsyncIterator[Work]:
    """The work of a request of an administrator that is not committed yet."""
    actor = Actor("admin", frozenset({"administrator"}), frozenset({"orders:backdate"}))
    async with world.service.transaction() as tx:
        yield Work(tx=tx, actor=actor, service="customer", settings=world.service.runtime.settings, reaches=REACHES)


async def waits(task: asyncio.Task[Any]) -> None:
    await asyncio.sleep(0.3)
    assert not task.done(), "it must not pass what is not committed"


@pytest.mark.parametrize("what", ["create", "place"])
async def test_a_hand_over_waits_for_an_order_under_way(world: World, what: str) -> None:
    account = await world.account()
    draft = await world.draft(account)
    async with begun(world) as work:
        if what == "create":
            made = (await create_order(work, OrderCreate.model_validate(world.order_body(account)))).id
        else:
            made = (await place_order(work, UUID(draft["id"]))).id
        moving = asyncio.create_task(hand_over(world, account))
        await waits(moving)
    await moving
    assert (await world.order(str(made)))["owner_id"] == str(OTHER_REP)
    assert await world.service.rows(BEHIND) == []


@pytest.mark.parametrize("what", ["create", "place", "return", "pay"])
async def test_a_command_of_the_former_seller_waits_for_a_hand_over(south: World, what: str) -> None:
    """Each finds the account as it is after the hand-over: its former people do nothing more with it."""
    world, account = south, await south.account()
    draft, confirmed = await world.draft(account), await world.confirmed(account)
    pay = {"account_id": account["id"], "currency": "CNY", "amount": 100, "method": "cash"}
    pay["allocations"] = [{"order_id": confirmed["id"], "amount": 100}]
    path, body = {
        "create": ("/v1/orders", world.order_body(account)),
        "place": (f"/v1/orders/{draft['id']}/place", None),
        "return": (f"/v1/orders/{confirmed['id']}/returns", {"lines": [{"line_no": 1, "quantity": 1}]}),
        "pay": ("/v1/payments", pay),
    }[what]
    async with begun(world) as work:
        await transfer_account(work, UUID(account["id"]), OTHER_REP)
        former = asyncio.create_task(world.service.post(path, body, headers=as_(world, "manager-north")))
        new = asyncio.create_task(world.service.post(path, body, headers=as_(world, "manager-south")))
        await waits(former)
    assert (await former).status_code in (404, 422)
    await new
    assert (await world.service.post(path, body, headers=as_(world, "manager-north"))).status_code in (404, 422)
    assert await world.service.rows(BEHIND) == []


async def test_many_at_once_leave_no_order_behind(south: World) -> None:
    world, account = south, await south.account()
    drafts = [await world.draft(account) for _ in range(6)]
    confirmed = await world.confirmed(account)

    async def to_and_fro() -> None:
        for to in (OTHER_REP, REP_1, OTHER_REP, REP_2):
            await hand_over(world, account, to)

    async def pay() -> None:
        body = {"account_id": account["id"], "currency": "CNY", "amount": 9, "method": "cash"}
        body["allocations"] = [{"order_id": confirmed["id"], "amount": 9}]
        assert (await world.service.post("/v1/payments", body)).status_code == 201

    answers = await asyncio.gather(
        to_and_fro(),
        *(world.service.post(f"/v1/orders/{draft['id']}/place") for draft in drafts),
        *(world.service.post("/v1/orders", world.order_body(account, place=True)) for _ in range(6)),
        *(pay() for _ in range(4)),
        world.service.deliver(*(reserved(draft | {"placement": 1}) for draft in drafts)),
    )
    assert {answer.status_code for answer in answers if answer is not None} <= {200, 201}
    assert await world.service.rows(BEHIND) == []
    assert {row["owner_id"] for row in await world.service.rows("SELECT owner_id FROM orders")} == {REP_2}


# more than a transaction


def few_at_once(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(service, "AT_ONCE", count)
    monkeypatch.setattr(jobs, "AT_ONCE", count)


async def test_many_orders_follow_by_a_job_and_are_worked_at_once(
    south: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, account = south, await south.account()
    orders = [await world.draft(account) for _ in range(7)]
    few_at_once(monkeypatch, 3)
    await hand_over(world, account)
    assert len(await world.service.rows(BEHIND)) == 7
    path = f"/v1/orders/{orders[0]['id']}/place"
    assert (await world.service.post(path, headers=as_(world, "manager-north"))).status_code == 404
    assert (await world.service.post(path, headers=as_(world, "manager-south"))).status_code == 200
    calls = 0
    follow = repository.follow

    async def fails_once(*args: Any) -> int:
        nonlocal calls
        calls += 1
        done = await follow(*args)
        if calls == 2:
            raise RuntimeError("the worker ends here")
        return done

    monkeypatch.setattr(repository, "follow", fails_once)
    (job,) = await work_off(world.service)
    assert (job["state"], job["kind"], job["result"]) == ("succeeded", "orders.follow", '{"orders": 6}')
    assert await world.service.rows(BEHIND) == []
    assert len(await seen(world, "rep-3")) == 7


async def test_a_job_meets_another_hand_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await world.account()
    for _ in range(5):
        await world.draft(account)
    few_at_once(monkeypatch, 3)
    await hand_over(world, account)
    follow = repository.follow

    async def with_another(*args: Any) -> int:
        monkeypatch.setattr(repository, "follow", follow)
        moving = asyncio.create_task(hand_over(world, account, REP_2))
        await waits(moving)
        tasks.append(moving)
        return await follow(*args)

    tasks: list[asyncio.Task[None]] = []
    monkeypatch.setattr(repository, "follow", with_another)
    await work_off(world.service)
    await asyncio.gather(*tasks)
    await work_off(world.service)
    assert {row["owner_id"] for row in await world.service.rows("SELECT owner_id FROM orders")} == {REP_2}


async def test_what_was_left_behind_is_named_and_follows(world: World) -> None:
    """As 0.1.0 left it: the account was handed over, its orders were not."""
    account = await world.account()
    order = await world.draft(account)
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE account SET owner_id = $1", OTHER_REP)
    assert (await world.service.get(f"/v1/orders/{order['id']}", headers=as_(world, "rep-3"))).status_code == 200
    async with logged(world.service):
        found = {one.check: one for one in await verify(world.service.runtime.db, world.service.runtime.bus)}
    finding = found["rows carry the owner of their account"]
    assert (finding.ok, finding.count, order["id"] in finding.detail) == (False, 1, True)
    async with world.service.transaction() as tx:
        await tx.execute(
            "INSERT INTO job (id, kind, params, requested_by) VALUES ($1, 'orders.follow', '{}', 'system')", REP_1
        )
    assert [job["state"] for job in await work_off(world.service)] == ["succeeded"]
    assert await seen(world, "rep-3") == {order["id"]}
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE orders SET owner_id = $1", REP_1)
    await hand_over(world, account)
    assert await world.service.rows(BEHIND) == [], "also by handing it over to who has it"
