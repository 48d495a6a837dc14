"""What happened with an account: every source once, in one order, however it is paged."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.db.database import Tx
from services.customer.timeline import repository
from services.customer.timeline.enums import TimelineKind
from services.customer.timeline.models import After
from tests.customer.conftest import World, refused, reserved


async def _pages(world: World, account_id: str, query: str = "limit=200", **options: Any) -> list[list[dict[str, Any]]]:
    """All pages of a timeline."""
    pages, cursor = [], ""
    while True:
        answer = await world.service.get(f"/v1/accounts/{account_id}/timeline?{query}{cursor}", **options)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()["items"])
        if answer.json()["next_cursor"] is None:
            return pages
        cursor = f"&cursor={answer.json()['next_cursor']}"


async def _lived(world: World) -> dict[str, Any]:
    """An account with something of every kind, and another one beside it."""
    account = await world.account()
    order = await world.placed(account)
    await world.service.deliver(refused(order))
    await world.service.deliver(reserved(order, decision="override"))
    body = {
        "account_id": account["id"],
        "currency": "CNY",
        "amount": 100,
        "received_on": "2026-02-20",
        "method": "bank",
    }
    part = {"allocations": [{"order_id": order["id"], "amount": 100}]}
    payment = await world.service.post("/v1/payments", {**body, **part})
    assert payment.status_code == 201, payment.text
    refund = {"amount": 40, "allocations": [{"order_id": order["id"], "amount": 40}]}
    answer = await world.service.post(f"/v1/payments/{payment.json()['id']}/refunds", refund)
    assert answer.status_code in (200, 201), answer.text
    back = {"lines": [{"line_no": 1, "quantity": 1}], "return_date": "2026-02-21"}
    answer = await world.service.post(f"/v1/orders/{order['id']}/returns", back)
    assert answer.status_code == 201, answer.text
    await world.service.post("/v1/contacts", {"account_id": account["id"], "name": "Li"})
    for path, body in (
        ("activities", {"kind": "visit", "subject": "secret", "due_on": "2026-02-22"}),
        ("cases", {"kind": "complaint", "severity": "low", "subject": "secret"}),
    ):
        answer = await world.service.post(f"/v1/{path}", {"account_id": account["id"], **body})
        assert answer.status_code == 201, answer.text
    await world.service.patch(f"/v1/accounts/{account['id']}", {"tags": ["a"]}, 1)
    await world.placed()
    return account


async def test_every_source_is_there_the_latest_first(world: World) -> None:
    account = await _lived(world)
    (items,) = await _pages(world, account["id"])
    assert [(item["kind"], item["data"].get("state")) for item in items] == [
        ("fact", None), ("case", "received"), ("activity", "planned"), ("contact", None),
        ("return", None), ("refund", None), ("payment", None),
        ("order", "confirmed"), ("order", "on_hold"), ("order", "placed"), ("order", "draft"), ("fact", None),
    ]  # fmt: skip
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    days = {item["kind"]: item["business_date"] for item in items}
    assert (days["order"], days["payment"], days["return"]) == ("2026-02-14", "2026-02-20", "2026-02-21")
    assert items[4]["data"]["gross"] < 0
    assert days["activity"] == "2026-02-22"
    assert "secret" not in str(items)
    (orders,) = await _pages(world, account["id"], "kind=order&kind=payment")
    assert {item["kind"] for item in orders} == {"order", "payment"}


async def test_rows_of_one_instant_all_show_once_however_it_is_paged(world: World) -> None:
    account = await _lived(world)
    async with world.service.transaction() as tx:
        for table, column in (
            ("order_step", "at"), ("order_return", "created_at"), ("payment", "created_at"),
            ("payment_refund", "created_at"), ("contact", "created_at"), ("account_fact", "recorded_at"),
            ("activity", "created_at"), ("service_case", "created_at"),
        ):  # fmt: skip
            await tx.execute(f"UPDATE {table} SET {column} = '2026-03-01T00:00:00Z'")
    (whole,) = await _pages(world, account["id"])
    assert len({(item["kind"], item["id"]) for item in whole}) == len(whole) == 12
    for limit in (1, 2, 3, 7, 12):
        pages = await _pages(world, account["id"], f"limit={limit}")
        assert [item for page in pages for item in page] == whole, limit
        assert all(len(page) == limit for page in pages[:-1])


async def test_what_another_release_moves_is_there_too(world: World) -> None:
    order = await world.placed()
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE orders SET state = 'on_hold', updated_at = now() WHERE id = $1", UUID(order["id"]))
        await tx.execute("UPDATE orders SET state = 'on_hold', updated_at = now() WHERE id = $1", UUID(order["id"]))
    (steps,) = await _pages(world, order["account_id"], "kind=order")
    assert [step["data"]["state"] for step in steps] == ["on_hold", "placed", "draft"]


async def test_who_sees_the_account_sees_its_timeline_and_nobody_else(world: World) -> None:
    account = await _lived(world)
    path = f"/v1/accounts/{account['id']}/timeline"
    mine, other = world.service.headers("rep-1", "sales_rep"), world.service.headers("rep-3", "sales_rep")
    assert len((await _pages(world, account["id"], headers=mine))[0]) == 12
    assert (await world.service.get(path, headers=other)).status_code == 404
    cursor = (await world.service.get(f"{path}?limit=1")).json()["next_cursor"]
    for query in (f"cursor={cursor}&kind=order", "cursor=abc", "cursor=%00"):
        answer = await world.service.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-query"), answer.text
    for query in ("limit=0", "limit=201", "kind=gossip"):
        assert (await world.service.get(f"{path}?{query}")).status_code == 400


@pytest.mark.parametrize("has_cursor", [False, True])
async def test_each_branch_goes_by_its_index(world: World, has_cursor: bool) -> None:
    account = await _lived(world)
    (items,) = await _pages(world, account["id"])

    class Explaining:
        """A transaction that shows how it would read."""

        def __init__(self, tx: Tx) -> None:
            self.tx, self.plan = tx, ""

        async def fetch(self, sql: str, *args: object) -> list[Any]:
            await self.tx.execute("SET LOCAL enable_seqscan = off")
            await self.tx.execute("SET LOCAL enable_bitmapscan = off")
            self.plan = "\n".join(row[0] for row in await self.tx.fetch(f"EXPLAIN {sql}", *args))
            return []

    async with world.service.transaction() as tx:
        explaining: Any = Explaining(tx)
        stored = await repository.entries_of(tx, [UUID(account["id"])], list(TimelineKind), "UTC", 1, None)
        after = After(stored[0].at, 3, stored[0].id) if has_cursor else None
        await repository.entries_of(explaining, [UUID(account["id"])], list(TimelineKind), "UTC", 3, after)
    for table, column in (
        ("order_step", "at"), ("order_return", "created_at"), ("payment", "created_at"),
        ("payment_refund", "created_at"), ("contact", "created_at"), ("account_fact", "recorded_at"),
        ("account_stage", "recorded_at"), ("activity", "created_at"), ("service_case", "created_at"),
        ("account_grade", "recorded_at"), ("heard_fact", "at"),
    ):  # fmt: skip
        assert f"Index Scan Backward using ix_{table}_account_id_{column}_id" in explaining.plan, explaining.plan
    assert len(items) == 12
