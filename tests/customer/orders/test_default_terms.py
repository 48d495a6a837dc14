"""An order that does not say its days to pay has those that risk gives its account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.testing.service import make_event
from services.risk.events_out.holds import CreditHoldPlaced
from services.risk.events_out.profiles import CreditGradeChanged
from tests.customer.conftest import World
from tests.customer.merges.test_service import merge


def credit_terms(of: object, days: int, version: int, kind: Any = CreditGradeChanged, **changes: Any) -> Event:
    """What risk says of an account."""
    payload = {**kind.EXAMPLE, "id": of, "account_id": of, "stream_key": of}
    return make_event(kind.TYPE, {**payload, "terms_days": days, "version": version, **changes}, of)


async def days_of(world: World, account: dict[str, Any], **fields: Any) -> int:
    return int((await world.draft(account, **fields))["payment_terms_days"])


async def test_risk_gives_the_default(world: World) -> None:
    account, other = await world.account(), await world.account()
    assert await days_of(world, account) == 30
    await world.service.deliver(credit_terms(account["id"], 15, 3), credit_terms(account["id"], 60, 2))
    assert await days_of(world, account) == 15
    assert await days_of(world, account, payment_terms_days=45) == 45
    assert await days_of(world, other) == 30
    await world.service.deliver(credit_terms(account["id"], 0, 4, CreditHoldPlaced))
    assert await days_of(world, account) == 0
    await world.service.deliver(credit_terms(account["id"], 60, 2))
    assert await days_of(world, account) == 0, "what came late changes nothing"
    partner = {"subject_kind": "partner", "account_id": None, "partner_id": UUID(int=1)}
    await world.service.deliver(credit_terms(account["id"], 90, 9, CreditHoldPlaced, **partner))
    assert await days_of(world, account) == 0
    refused = await world.service.post("/v1/orders", world.order_body(account, payment_terms_days=None))
    assert refused.status_code == 422


async def test_an_order_of_a_quote_never_has_more_than_ever(world: World) -> None:
    account, quote = await world.account(), str(UUID(int=5))
    for version, days, right in ((2, 60, 30), (3, 15, 15)):
        await world.service.deliver(credit_terms(account["id"], days, version))
        assert await days_of(world, account, quote_id=quote) == right


async def test_an_order_keeps_its_days(world: World) -> None:
    account = await world.account()
    draft = await world.draft(account)
    await world.service.deliver(credit_terms(account["id"], 60, 2))
    placed = await world.service.post(f"/v1/orders/{draft['id']}/place")
    assert placed.json()["payment_terms_days"] == 30
    other = await world.draft(account)
    changed = await world.service.patch(f"/v1/orders/{other['id']}", {"region": "CN-BJ"}, other["version"])
    assert (changed.status_code, changed.json()["payment_terms_days"]) == (200, 60)


async def test_a_group_has_the_days_of_its_root(world: World) -> None:
    root, merged = await world.account(name="A"), await world.account(name="B")
    before = await world.draft(merged)
    await world.service.deliver(credit_terms(root["id"], 60, 2), credit_terms(merged["id"], 15, 2))
    await merge(world, root, merged)
    assert (before["payment_terms_days"], await days_of(world, root)) == (30, 60)


async def test_a_row_that_is_sent_again_is_the_same_order(world: World) -> None:
    account = await world.account()
    row = world.order_body(account, external_id={"source": "shop", "id": "1"})

    async def send(**fields: Any) -> tuple[str, int]:
        answer = await world.service.post("/v1/orders/batch", {"rows": [{**row, **fields}]})
        (result,) = answer.json()["results"]
        return result["status"], (await world.order(result["id"]))["payment_terms_days"]

    assert await send() == ("created", 30)
    assert await send(payment_terms_days=30) == ("unchanged", 30)
    await world.service.deliver(credit_terms(account["id"], 60, 2))
    assert await send() == ("unchanged", 30)
    assert await send(payment_terms_days=45) == ("updated", 45)
    assert await send(payment_terms_days=45) == ("unchanged", 45)
    assert await send() == ("updated", 60)
    assert await send(payment_terms_days=30) == ("updated", 30)
