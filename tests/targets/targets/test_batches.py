"""Root targets in batches: by external id, a result per row."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.ids import new_id

PATH = "/v1/targets/batch"


def row(number: int, **more: Any) -> dict[str, Any]:
    period = {"period_start": "2026-01-01", "period_end": "2026-03-31"}
    return {"external_id": f"plan-{number}", "name": f"Plan {number}", "amount": number, **period, **more}


async def send(world: Any, *rows: dict[str, Any]) -> list[str]:
    answer = await world.service.post(PATH, {"rows": list(rows)})
    assert answer.status_code == 200, answer.text
    return [
        result["problem"]["code"] if result["status"] == "problem" else result["status"]
        for result in answer.json()["results"]
    ]


async def test_rows_are_made_changed_or_left(world: Any) -> None:
    assert await send(world, row(1), row(2)) == ["created", "created"]
    assert await send(world, row(1), row(2, amount=5), row(3)) == ["unchanged", "updated", "created"]
    items = (await world.service.get("/v1/targets?sort=amount")).json()["items"]
    found = [(item["external_id"], item["amount"], item["version"], item["state"]) for item in items]
    assert found == [("plan-1", 1, 1, "draft"), ("plan-3", 3, 1, "draft"), ("plan-2", 5, 2, "draft")]
    audited = await world.service.rows("SELECT action FROM audit_log WHERE resource = 'target' ORDER BY id")
    assert [entry["action"] for entry in audited] == ["create", "create", "create", "update"]


async def test_a_refused_row_stops_no_other(world: Any) -> None:
    rows = (
        row(1),
        row(1, amount=9),
        row(2, unit_id=str(new_id())),
        row(3, stretch=1),
        row(4, member_id=world.members["b1"], unit_id=world.units["north"]),
        row(5, member_id=world.members["a1"], unit_id=world.units["north"]),
        row(6, product_line="Rock"),
        row(7, region="Shanghai"),
        row(8, metric="loyalty"),
        row(9, period_end="2025-01-01"),
        row(10, customer_type="vip"),
        row(11, customer_type="dormant"),
        {"name": "nameless"},
    )
    assert await send(world, *rows) == [
        "created",
        "row-repeated",
        "unknown-unit",
        "stretch-below-amount",
        "member-outside",
        "created",
        "unknown-reference",
        "unknown-reference",
        "invalid",
        "target-period-invalid",
        "unknown-reference",
        "created",
        "invalid",
    ]
    assert len(await world.service.rows("SELECT 1 FROM target")) == 3


async def test_what_a_target_is_about_stays_and_so_does_what_counts(world: Any) -> None:
    await send(world, row(1), row(2), row(3))
    assert await send(world, row(1, region="CN-SH")) == ["target-scope-fixed"]
    ids = {item["external_id"]: item["id"] for item in (await world.service.get("/v1/targets")).json()["items"]}
    await world.service.post(f"/v1/targets/{ids['plan-2']}/activate")
    await world.service.post(f"/v1/targets/{ids['plan-3']}/decompositions", {"dimension": "month"})
    found = await send(world, row(2, amount=5), row(2 + 1, amount=7), row(1, name="One"))
    assert found == ["target-state", "target-decomposed", "updated"]
    assert await send(world, row(2), row(3, name="Three")) == ["unchanged", "updated"]


async def test_a_changed_row_is_no_longer_approved(world: Any) -> None:
    await send(world, row(1))
    (item,) = (await world.service.get("/v1/targets")).json()["items"]
    await world.service.post(f"/v1/targets/{item['id']}/propose")
    second = world.service.headers("second", "administrator")
    assert (await world.service.post(f"/v1/targets/{item['id']}/approve", headers=second)).status_code == 200
    assert await send(world, row(1)) == ["unchanged"]
    assert (await world.service.get(f"/v1/targets/{item['id']}")).json()["state"] == "approved"
    assert await send(world, row(1, amount=2)) == ["updated"]
    after = (await world.service.get(f"/v1/targets/{item['id']}")).json()
    assert (after["state"], after["approved_by"], after["authored_by"]) == ("draft", None, "admin")


async def test_batches_at_once_make_each_target_once(world: Any) -> None:
    rows = [row(number) for number in range(40)]
    found = await asyncio.gather(*(send(world, *each) for each in (rows, rows[::-1], rows[10:30])))
    statuses = [status for one in found for status in one]
    assert (statuses.count("created"), statuses.count("unchanged")) == (40, 60)
    assert len(await world.service.rows("SELECT 1 FROM target")) == 40


async def test_who_may_send_one(world: Any) -> None:
    for role, status in (("sales_manager", 403), ("auditor", 403), ("sales_director", 200)):
        answer = await world.service.post(PATH, {"rows": [row(1)]}, headers=world.service.headers("x", role))
        assert answer.status_code == status
