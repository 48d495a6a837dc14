"""The customer service with shorthands for custom fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from kit.testing.service import ServiceHarness
from tests.customer.conftest import World

TYPES: dict[str, tuple[dict[str, Any], Any]] = {
    "note": ({"type": "text"}, "Café, Kai 5"),
    "seats": ({"type": "int"}, 2**53 + 1),
    "rate": ({"type": "decimal"}, "12345678901234567890.123456789012345678"),
    "budget": ({"type": "money"}, {"amount": 9_007_199_254_741, "currency": "CNY"}),
    "since": ({"type": "date"}, "2024-02-29"),
    "vip": ({"type": "bool"}, False),
    "tier": ({"type": "enum", "options": ["gold", "silver"]}, "gold"),
    "uses": ({"type": "multi_enum", "options": ["lab", "office", "shop"]}, ["lab", "shop"]),
}
"""A field of each type and a value of it."""


@dataclass
class Customs:
    """The service and what most tests do first."""

    world: World

    @property
    def service(self) -> ServiceHarness:
        return self.world.service

    async def ask(self, key: str, resource: str = "account", **more: Any) -> httpx.Response:
        """Ask for a new field, indexed unless said otherwise."""
        body = {"resource": resource, "key": key, "type": "text", "indexed": True, **more}
        return await self.service.post("/v1/custom-fields", body)

    async def field(self, key: str, resource: str = "account", **more: Any) -> dict[str, Any]:
        """A new field."""
        answer = await self.ask(key, resource, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def every_type(self, resource: str = "account", **more: Any) -> dict[str, dict[str, Any]]:
        """A field of each type by key."""
        return {key: await self.field(key, resource, **kind, **more) for key, (kind, _) in TYPES.items()}

    async def change(self, field: dict[str, Any], **changes: Any) -> httpx.Response:
        """Change a field, whichever version it has."""
        path = f"/v1/custom-fields/{field['id']}"
        return await self.service.patch(path, changes, (await self.service.get(path)).json()["version"])

    async def archive(self, field: dict[str, Any]) -> httpx.Response:
        return await self.service.post(f"/v1/custom-fields/{field['id']}/archive")

    async def account(self, name: str = "Blue Harbour", **custom: Any) -> dict[str, Any]:
        """A new account with these values."""
        return await self.world.account(name=name, custom=custom)

    async def put(self, account: dict[str, Any], **custom: Any) -> httpx.Response:
        """Give values to an account, whichever version it has."""
        path = f"/v1/accounts/{account['id']}"
        return await self.service.patch(path, {"custom": custom}, (await self.service.get(path)).json()["version"])

    async def names(self, query: str, path: str = "/v1/accounts") -> list[str]:
        """Names of the rows that a list shows."""
        answer = await self.service.get(f"{path}?sort=name&{query}")
        assert answer.status_code == 200, (query, answer.text)
        return [item["name"] for item in answer.json()["items"]]

    async def segment(self, text: str, resource: str = "account") -> httpx.Response:
        return await self.service.post("/v1/segments", {"name": "S", "resource": resource, "filter": text})


@pytest.fixture
def customs(world: World) -> Customs:
    """Custom fields on a fresh service."""
    return Customs(world)
