"""The audit sees what the own tables cannot show."""

from __future__ import annotations

from kit.testing.service import ServiceHarness
from services.customer.verify import verify
from tests.customer.conftest import World, hear, logged, refused, reserved, send_outbox


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
