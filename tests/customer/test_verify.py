"""The audit sees what the own tables cannot show."""

from __future__ import annotations

from typing import Any

import orjson

from kit.db.database import Tx
from kit.testing.service import ServiceHarness
from services.customer.verify import verify
from tests.customer.conftest import World, hear, logged, refused, reserved, send_outbox

RETURNED = "customer.order.returned.v1"
BOOKED = "returns and payments are booked by their rule"
STANDS = "orders stand as their returns and payments say"


async def _failed(service: ServiceHarness) -> list[str]:
    return [finding.check for finding in await verify(service.runtime.db, service.runtime.bus) if not finding.ok]


async def test_every_confirmation_has_its_reservation(world: World) -> None:
    service = world.service
    async with logged(service):
        first, second = await world.placed(), await world.placed()
        await hear(service, reserved(first), refused(second))
        await hear(service, reserved(second, decision="override"))
        await send_outbox(service)
        assert await _failed(service) == []
        await service.deliver(reserved(third := await world.placed()))
        await send_outbox(service)
        findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
        broken = findings["confirmed orders have one reservation of their placement"]
        assert (broken.ok, broken.count) == (False, 3)
        assert third["id"] in broken.detail


async def test_an_order_confirmed_by_hand_is_found(world: World) -> None:
    service = world.service
    async with logged(service):
        order = await world.placed()
        async with service.transaction() as tx:
            await tx.execute("UPDATE orders SET state = 'confirmed' WHERE id = $1", order["id"])
        await send_outbox(service)
        assert len(await _failed(service)) == 2


async def _made(world: World, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await world.service.post(path, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _half_back(world: World) -> dict[str, Any]:
    """An order of which the first line came back and the rest was paid before."""
    order = await world.placed()
    await hear(world.service, reserved(order))
    amount = order["lines"][1]["gross"]
    parts = [{"order_id": order["id"], "amount": amount}]
    body = {"account_id": order["account_id"], "currency": "CNY", "amount": amount, "method": "card"}
    await _made(world, "/v1/payments", {**body, "allocations": parts})
    await _made(world, f"/v1/orders/{order['id']}/returns", {"lines": [{"line_no": 1, "quantity": 3}]})
    return order


async def _as_before(tx: Tx, order: dict[str, Any]) -> None:
    """The return of an order as release 0.1.0 booked it, a cent less than what it settles."""
    await tx.execute(
        "UPDATE order_return SET settled_base = NULL, net_base = net_base + 1, gross_base = gross_base + 1 "
        "WHERE order_id = $1",
        order["id"],
    )
    (row,) = await tx.fetch("SELECT id, data FROM outbox WHERE type = $1 ORDER BY id DESC LIMIT 1", RETURNED)
    said = orjson.loads(row["data"])
    said |= {"settled_base": None, "return_gross_base": said["return_gross_base"] + 1}
    await tx.execute("UPDATE outbox SET data = $2 WHERE id = $1", row["id"], orjson.dumps(said).decode())


async def test_what_is_booked_for_returns_and_payments_follows_from_the_log(world: World) -> None:
    """What release 0.1.0 left owed of an order that is settled stays, and is listed."""
    service = world.service
    async with logged(service):
        await _half_back(world)
        old = await _half_back(world)
        async with service.transaction() as tx:
            await _as_before(tx, old)
        await send_outbox(service)
        findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
        assert [name for name, finding in findings.items() if not finding.ok] == []
        booked, stands = (findings[name] for name in (BOOKED, STANDS))
        assert (booked.count, booked.detail) == (4, "")
        assert (stands.count, stands.detail) == (2, f"1 stay as they were: order {old['id']}: 1")


async def test_a_booking_against_its_rule_is_found(world: World) -> None:
    service = world.service
    async with logged(service):
        await _half_back(world)
        async with service.transaction() as tx:
            await tx.execute("UPDATE orders SET paid_base = paid_base + 1")
            (row,) = await tx.fetch("SELECT id, data FROM outbox WHERE type = $1", RETURNED)
            said = orjson.loads(row["data"])
            said["settled_base"] -= 1
            await tx.execute("UPDATE outbox SET data = $2 WHERE id = $1", row["id"], orjson.dumps(said).decode())
        await send_outbox(service)
        assert await _failed(service) == [BOOKED, STANDS]
