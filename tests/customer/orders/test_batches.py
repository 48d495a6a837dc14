"""Orders in batches: upsert by external id, placed at once."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.security.principals import Actor
from kit.web.batch import Results
from kit.work import Work
from services.customer.orders.batches import upsert_orders
from services.customer.orders.changes import content_hash
from services.customer.orders.schemas import OrderRow
from tests.customer.conftest import World, reserved

PATH = "/v1/orders/batch"


def _rows(world: World, count: int, **fields: Any) -> list[dict[str, Any]]:
    account = {"account_ref": {"source": "erp", "id": "C-1"}}
    return [
        world.order_body(**{**account, "external_id": {"source": "shop", "id": str(n)}, "place": True, **fields})
        for n in range(count)
    ]


async def _send(world: World, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answer = await world.service.post(PATH, {"rows": rows})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _counts(body: dict[str, Any]) -> tuple[int, int, int, int]:
    return body["created"], body["unchanged"], body["updated"], body["problems"]


async def test_a_batch_is_placed_once_however_often_it_is_sent(world: World) -> None:
    await world.account(external_ids={"erp": "C-1"})
    rows = _rows(world, 50)
    first = await _send(world, rows)
    assert _counts(first) == (50, 0, 0, 0)
    assert _counts(await _send(world, rows)) == (0, 50, 0, 0)
    events = await world.service.published("customer.order.placed.v1")
    assert [event.subject for event in events] == [result["id"] for result in first["results"]]
    single, batched = (await world.placed()), await world.order(first["results"][0]["id"])
    for name in ("gross", "gross_base", "net_base", "exchange_rate", "state", "placement", "region"):
        assert single[name] == batched[name]
    assert len({event.payload["number"] for event in events}) == 50


async def test_batches_at_once_make_each_order_once(world: World) -> None:
    await world.account(external_ids={"erp": "C-1"})
    rows = _rows(world, 40)
    bodies = await asyncio.gather(*[_send(world, rows[start:]) for start in (0, 10, 20)])
    assert sum(body["created"] for body in bodies) == 40
    assert sum(body["problems"] for body in bodies) == 0
    assert len(await world.service.published("customer.order.placed.v1")) == 40


async def test_drafts_change_and_are_placed_later(world: World) -> None:
    await world.account(external_ids={"erp": "C-1"})
    assert _counts(await _send(world, _rows(world, 3, place=False))) == (3, 0, 0, 0)
    assert _counts(await _send(world, _rows(world, 3, place=False))) == (0, 3, 0, 0)
    changed = await _send(world, _rows(world, 3, place=False, payment_terms_days=7))
    assert _counts(changed) == (0, 0, 3, 0)
    lines = [{"sku": "CD-JAZZ", "quantity": 1, "unit_price": 100}]
    assert _counts(await _send(world, _rows(world, 3, lines=lines))) == (0, 0, 3, 0)
    order = await world.order(changed["results"][0]["id"])
    assert (order["state"], order["gross"], len(order["lines"]), order["version"]) == ("placed", 100, 1, 3)
    assert _counts(await _send(world, _rows(world, 3, lines=lines))) == (0, 3, 0, 0)
    await world.service.deliver(reserved(order))
    conflict = await _send(world, _rows(world, 3))
    assert _counts(conflict) == (0, 0, 0, 3)
    assert {result["problem"]["code"] for result in conflict["results"]} == {"order-state"}


async def test_broken_rows_do_not_stop_the_others(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    rows = _rows(world, 8)
    rows[1]["lines"][0]["quantity"] = -1
    rows[2]["total"] = 1
    rows[3]["account_ref"] = {"source": "erp", "id": "C-9"}
    rows[4]["lines"][1]["sku"] = "CD-NONE"
    rows[5]["currency"] = "EUR"
    rows[6]["external_id"] = dict(rows[0]["external_id"])
    rows[6]["payment_terms_days"] = 99
    del rows[7]["external_id"]
    body = await _send(world, rows)
    found = [(r["problem"] or {}).get("code") for r in body["results"]]
    assert found == [
        None,
        "invalid",
        "total-mismatch",
        "unknown-reference",
        "unknown-reference",
        "no-exchange-rate",
        "order-state",
        "invalid",
    ]
    assert body["results"][1]["problem"]["errors"][0]["pointer"] == "/rows/1/lines/0/quantity"
    assert len(await world.service.rows("SELECT id FROM orders WHERE account_id = $1", account["id"])) == 1
    assert len(await world.service.rows("SELECT * FROM order_line")) == 2


def test_what_was_said_is_known_again_after_an_upgrade() -> None:
    """The hash of a row is stored: another one would make every order that is sent again a conflict."""
    row = OrderRow.model_validate(
        {
            "account_ref": {"source": "erp", "id": "C-1"},
            "external_id": {"source": "shop", "id": "1"},
            "place": True,
            "currency": "CNY",
            "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
            "order_date": "2026-02-14",
            "lines": [{"sku": "CD-ROCK", "quantity": 3, "unit_price": 1000, "discount": 1, "tax_rate": 130000}],
            "credits": [{"member_id": "01989f2e-0000-7000-8000-0000000000a1", "share": 1000000}],
        }
    )
    assert content_hash(row) == "784d1e4f9bad6fdb45333a5c54af1c1f3c6887ec7ae64eb524fad875205b7162"


async def test_a_batch_is_a_fixed_number_of_statements(world: World) -> None:
    await world.account(external_ids={"erp": "C-1"})

    actor = Actor("t", frozenset({"t"}), frozenset({"orders:backdate"}))
    settings = world.service.runtime.settings
    counts = []
    for start, size in ((0, 1), (1, 200)):
        rows = [OrderRow.model_validate(row) for row in _rows(world, start + size)[start:]]
        seen: list[str] = []
        async with world.service.transaction() as tx:
            connection: Any = tx.connection

            def log(record: Any, seen: list[str] = seen) -> None:
                if "typeinfo_tree" not in record.query and "'jit'" not in record.query:  # a new connection learns types
                    seen.append(record.query)

            connection.add_query_logger(log)
            results = Results(size)
            work = Work(tx=tx, actor=actor, service="customer", settings=settings, reaches={"t": "all"})
            await upsert_orders(work, list(enumerate(rows)), results)
            connection.remove_query_logger(log)
        assert results.answer()["created"] == size
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 16
