"""Accounts are looked at after orders and returns, and when a day has come; each stage is kept and told once."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.db.database import Tx
from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.customer.lifecycle import repository
from services.customer.lifecycle.dues import LIFECYCLE_DUE, MARKS_DUE
from services.customer.policies.schemas import LIFECYCLE
from tests.customer.conftest import OTHER_REP, World, reserved
from tests.customer.lifecycle.conftest import CHANGED, Days, lifecycle, told, turn

SPRING = date(2026, 3, 2)


def after(count: int) -> str:
    return str(SPRING + timedelta(days=count))


async def ordered(world: World, account: dict[str, Any], day: date | None = None) -> dict[str, Any]:
    """An order of today, or of another day, that was confirmed and seen."""
    order = await world.confirmed(account, order_date=str(day) if day else None)
    await turn(world.service)
    return order


async def returned(world: World, order: dict[str, Any]) -> None:
    lines = [{"line_no": line["line_no"], "quantity": line["quantity"]} for line in order["lines"]]
    answer = await world.service.post(f"/v1/orders/{order['id']}/returns", {"lines": lines})
    assert answer.status_code == 201, answer.text
    await turn(world.service)


async def test_a_life(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    seen = await lifecycle(world.service, account)
    assert (seen["stage"], seen["strategy"], seen["since"], seen["order_days"]) == (
        "potential", "approach", str(SPRING), 0,
    )  # fmt: skip
    days.on(SPRING + timedelta(days=3))
    await ordered(world, account)
    seen = await lifecycle(world.service, account)
    assert (seen["stage"], seen["next_check_on"], seen["days_since_order"]) == ("new", after(93), 0)
    for count in (93, 184, 369):
        days.on(SPRING + timedelta(days=count), 0)
        assert (await turn(world.service), await turn(world.service)) == (1, 0)
    days.on(SPRING + timedelta(days=400))
    await ordered(world, account)
    days.on(SPRING + timedelta(days=410))
    await ordered(world, account)
    seen = await lifecycle(world.service, account)
    assert [(one["stage"], one["since"], one["dwell_days"]) for one in seen["history"]] == [
        ("potential", after(0), 3), ("new", after(3), 90), ("active", after(93), 91), ("at_risk", after(184), 185),
        ("churned", after(369), 31), ("won_back", after(400), 10), ("active", after(410), 0),
    ]  # fmt: skip
    sums = {one["stage"]: (one["strategy"], one["times"], one["dwell_days"]) for one in seen["stages"]}
    assert (sums["active"], sums["churned"]) == (("grow", 2, 91), ("win_back", 1, 31))
    assert await told(world.service) == [
        ("potential", "new", after(3)), ("new", "active", after(93)), ("active", "at_risk", after(184)),
        ("at_risk", "churned", after(369)), ("churned", "won_back", after(400)), ("won_back", "active", after(410)),
    ]  # fmt: skip
    events = await world.service.published(CHANGED)
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6]
    assert {event.key for event in events} == {account["stream_key"]}
    assert events[0].payload["policy_version"] == 1
    shown = (await world.service.get(f"/v1/accounts/{account['id']}")).json()
    assert (shown["lifecycle_stage"], shown["version"]) == ("active", account["version"]), "no change of the account"
    entries = (await world.service.get(f"/v1/accounts/{account['id']}/timeline?kind=stage&limit=2")).json()["items"]
    assert [(one["data"], one["business_date"]) for one in entries] == [
        ({"stage": "active"}, after(410)), ({"stage": "won_back"}, after(400)),
    ]  # fmt: skip
    listed = (await world.service.get("/v1/accounts?lifecycle_stage=active")).json()["items"]
    assert [one["id"] for one in listed] == [account["id"]]


async def test_days_that_were_missed_are_not_skipped(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    await ordered(world, account)
    days.on(SPRING + timedelta(days=500))
    assert await turn(world.service) == 1
    assert await told(world.service) == [
        ("potential", "new", after(0)), ("new", "active", after(90)), ("active", "at_risk", after(181)),
        ("at_risk", "churned", after(366)),
    ]  # fmt: skip
    row = (await world.service.rows("SELECT next_check_on, due_at FROM account_lifecycle"))[0]
    assert (row["next_check_on"], row["due_at"]) == (None, None)


async def test_a_return_of_the_only_order_leads_back(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    order = await ordered(world, account)
    await returned(world, order)
    seen = await lifecycle(world.service, account)
    assert (seen["stage"], seen["order_days"], seen["next_check_on"]) == ("potential", 0, None)
    assert [one["stage"] for one in seen["history"]] == ["potential", "new", "potential"]
    assert (await world.service.get("/v1/accounts?lifecycle_stage=potential")).json()["items"][0]["id"] == account["id"]


async def test_orders_of_a_day_are_one_and_backdated_ones_rewrite_nothing(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    await ordered(world, account)
    await ordered(world, account)
    assert (await lifecycle(world.service, account))["stage"] == "new"
    before = await world.service.rows("SELECT * FROM account_stage ORDER BY position")
    days.on(SPRING + timedelta(days=10))
    await ordered(world, account, SPRING - timedelta(days=30))
    seen = await lifecycle(world.service, account)
    assert (seen["stage"], seen["since"], seen["order_days"]) == ("active", after(10), 2)
    rows = await world.service.rows("SELECT * FROM account_stage ORDER BY position")
    assert rows[:-1] == before


async def test_many_marks_are_one_look_and_workers_do_not_collide(world: World, days: Days) -> None:
    days.on(SPRING)
    accounts = [await world.account() for _ in range(4)]
    for account in accounts:
        for day in ("2026-01-05", "2026-02-03", "2026-02-03"):
            await world.confirmed(account, order_date=day)
    loops = [DueLoop(world.service.runtime, [MARKS_DUE, LIFECYCLE_DUE]) for _ in range(3)]
    await asyncio.gather(*(loop.turn() for loop in loops))
    await turn(world.service)
    assert await told(world.service) == [("potential", "active", str(SPRING))] * 4
    assert await world.service.rows("SELECT id FROM lifecycle_mark") == []


async def test_the_same_order_twice_is_told_once(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    order = await world.placed(account, order_date=None)
    answer = reserved(order)
    await world.service.deliver(answer, answer)
    await turn(world.service)
    await turn(world.service)
    assert await told(world.service) == [("potential", "new", str(SPRING))]


async def test_a_kill_leaves_nothing_half_done(world: World, days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    days.on(SPRING)
    account = await world.account()
    await world.confirmed(account, order_date=None)
    drop = repository.drop_marks

    async def killed(_tx: Tx, _ids: Any) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(repository, "drop_marks", killed)
    await DueLoop(world.service.runtime, [MARKS_DUE]).turn()
    assert (await told(world.service), (await lifecycle(world.service, account))["stage"]) == ([], "potential")
    monkeypatch.setattr(repository, "drop_marks", drop)
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM due_failure")
    await turn(world.service)
    assert await told(world.service) == [("potential", "new", str(SPRING))]


async def test_another_policy_holds_from_its_day(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    await ordered(world, account)
    body = {**LIFECYCLE, "body": {**LIFECYCLE["body"], "settled_days": 5}, "reason": "x"}
    made = await world.service.post("/v1/customer-policies", body)
    assert made.status_code == 201, made.text
    path = f"/v1/customer-policies/{made.json()['id']}/activate"
    assert (await world.service.post(path, {"valid_from": after(10)})).status_code == 200
    days.on(SPRING + timedelta(days=9))
    assert await turn(world.service) == 0
    days.on(SPRING + timedelta(days=10), 23)
    assert await turn(world.service) == 1
    seen = await lifecycle(world.service, account)
    assert (seen["stage"], seen["since"], seen["policy_version"]) == ("active", after(10), 2)


async def test_a_policy_out_of_order_is_refused(service: ServiceHarness) -> None:
    body = {**LIFECYCLE, "body": {**LIFECYCLE["body"], "lost_days": 180}, "reason": "x"}
    answer = await service.post("/v1/customer-policies", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "lifecycle-order")
    assert answer.json()["errors"][0]["pointer"] == "/body/lost_days"


async def test_only_who_sees_the_account_sees_its_life(world: World) -> None:
    account = await world.account(owner_id=str(OTHER_REP))
    path = f"/v1/accounts/{account['id']}/lifecycle"
    for subject, status in (("rep-1", 404), ("rep-3", 200)):
        headers = world.service.headers(subject, "sales_rep")
        assert (await world.service.get(path, headers=headers)).status_code == status
    assert (await world.service.get(f"/v1/accounts/{UUID(int=7)}/lifecycle")).status_code == 404
