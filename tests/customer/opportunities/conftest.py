"""Shorthands for opportunities."""

from __future__ import annotations

from typing import Any

from tests.customer.conftest import World

FACTS = "customer.opportunity."


async def opened(world: World, account: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """An open opportunity of 10,000 yuan."""
    account_id = (account or await world.account())["id"]
    body = {"name": "New branch", "account_id": account_id, "amount": 1000000, "currency": "CNY", **fields}
    answer = await world.service.post("/v1/opportunities", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def acted(world: World, opportunity: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    """The opportunity after an action that must succeed."""
    answer = await world.service.post(f"/v1/opportunities/{opportunity['id']}/{action}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(world: World, query: str, **options: Any) -> list[str]:
    """Ids of a list."""
    answer = await world.service.get(f"/v1/opportunities?{query}", **options)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def history(world: World, opportunity: dict[str, Any]) -> list[dict[str, Any]]:
    """Its steps."""
    items: list[dict[str, Any]] = (await world.service.get(f"/v1/opportunities/{opportunity['id']}/history")).json()[
        "items"
    ]
    return items


async def told(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Facts of opportunities: the last word of the type, and the payload."""
    events = [event for event in await world.service.published() if event.type.startswith(FACTS)]
    return [(event.type.removeprefix(FACTS).removesuffix(".v1"), event.payload) for event in events]
