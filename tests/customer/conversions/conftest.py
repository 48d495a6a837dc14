"""Shorthands for conversions."""

from __future__ import annotations

from typing import Any

import httpx

from tests.customer.conftest import World

COUNTED = (
    "account",
    "account_fact",
    "contact",
    "contact_consent",
    "contact_point",
    "opportunity",
    "opportunity_step",
    "identity_key",
    "outbox",
)
NEW: dict[str, Any] = {
    "create_account": {"region": "CN-SH"},
    "create_contact": {"title": "Head of purchasing"},
    "opportunity": {"name": "Range for the new branch", "amount": 1000000, "currency": "CNY"},
}


async def converting(world: World, one: dict[str, Any], body: dict[str, Any], **options: Any) -> httpx.Response:
    """The answer to a conversion."""
    return await world.service.post(f"/v1/leads/{one['id']}/convert", body, **options)


async def converted(world: World, one: dict[str, Any], body: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What a conversion that must succeed says."""
    answer = await converting(world, one, body, **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def counts(world: World) -> dict[str, int]:
    """How many rows there are of what a conversion makes, and of what it tells."""
    asked = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in COUNTED)
    (row,) = await world.service.rows(f"SELECT {asked}, (SELECT count(*) FROM audit_log WHERE action <> 'read') AS a")
    return dict(row)


async def rewritten(world: World, sql: str) -> None:
    """The database after what no request does."""
    async with world.service.transaction() as tx:
        await tx.execute(sql)


async def read(world: World, path: str) -> dict[str, Any]:
    """What is there."""
    answer = await world.service.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
