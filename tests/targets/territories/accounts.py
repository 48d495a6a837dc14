"""Accounts as customer tells of them, and territories over them."""

from __future__ import annotations

from typing import Any

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import make_event
from tests.targets.conftest import World

CREATED = "customer.account.created.v1"
FROM = "2026-01-01"


def account(region: str | None, industry: str | None = None, key: object | None = None, **more: Any) -> dict[str, Any]:
    """The payload of an account."""
    return {
        **{
            "id": (made := str(key or new_id())),
            "stream_key": made,
            "owner_id": None,
            "region": region,
            "customer_type": "existing",
        },
        **{"is_archived": False, "version": 1, "country": "CN"},
        "industry": {"scheme": "gbt4754", "code": industry} if industry else None,
        **more,
    }


def told(one: dict[str, Any]) -> Event:
    """The event that tells of it."""
    kind = CREATED if one["version"] == 1 else CREATED.replace("created", "updated")
    return make_event(kind, one, one["id"], sequence=one["version"])


def merge(survivor: str, other: str, merge_id: str, *, ends: bool = False) -> Event:
    """A merge of an account into another, or its end."""
    said = {"merge_id": merge_id, "account_id": other, "survivor_id": survivor, "merged_id": other}
    said |= {"merged_at": "2026-02-10T00:00:00Z"} | ({"unmerged_at": "2026-02-11T00:00:00Z"} if ends else {})
    return make_event(f"customer.account.{'unmerged' if ends else 'merged'}.v1", said, other, sequence=7 + ends)


async def hear(world: World, *accounts: dict[str, Any]) -> list[str]:
    """Customer tells of accounts; their ids."""
    await world.service.deliver(*map(told, accounts))
    return [one["id"] for one in accounts]


async def territory(world: World, code: str, **more: Any) -> dict[str, Any]:
    """A territory of a1 from the first of the year on, unless said otherwise."""
    holder = {} if "unit_id" in more else {"member_id": world.members["a1"]}
    body = {"code": code, "name": code.title(), "valid_from": FROM, **holder, **more}
    answer = await world.service.post("/v1/territories", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def resolved(world: World, account_id: str, on: str = "2026-03-01", **options: Any) -> dict[str, Any]:
    """Who answers for an account."""
    answer = await world.service.get(f"/v1/territories/resolve?account_id={account_id}&on={on}", **options)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def covered(world: World, on: str = "2026-03-01", **options: Any) -> dict[str, Any]:
    """What the territories of a day hold."""
    answer = await world.service.get(f"/v1/territories/coverage?on={on}", **options)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
