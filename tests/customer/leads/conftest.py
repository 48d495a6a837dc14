"""Shorthands for leads."""

from __future__ import annotations

from typing import Any

from tests.customer.conftest import REP_1, World

FACTS = "customer.lead."
ZHANG: dict[str, Any] = {
    "company": "Quay Trading",
    "person_name": "Zhang Wei",
    "email": "Zhang.Wei@Quay.example",
    "phone": "138 1234 5678",
    "source": "trade_fair",
    "campaign": "spring-2026",
}


async def lead(world: World, **fields: Any) -> dict[str, Any]:
    """A new lead of the first seller."""
    body = {**ZHANG, "owner_id": str(REP_1), **fields}
    answer = await world.service.post("/v1/leads", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def acted(world: World, one: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    """The lead after an action that must succeed."""
    answer = await world.service.post(f"/v1/leads/{one['id']}/{action}", body or None)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def qualified(world: World, **fields: Any) -> dict[str, Any]:
    """A lead that may be converted."""
    made = await lead(world, **fields)
    await acted(world, made, "start")
    return await acted(world, made, "qualify")


async def told(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Facts of leads: the last word of the type, and the payload."""
    events = [event for event in await world.service.published() if event.type.startswith(FACTS)]
    return [(event.type.removeprefix(FACTS).removesuffix(".v1"), event.payload) for event in events]
