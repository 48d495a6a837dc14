"""Agreements over HTTP in few words."""

from __future__ import annotations

from typing import Any

import httpx

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.conftest import partner

PATH = "/v1/agreements"
TERMS: dict[str, Any] = {
    "territory": ["CN-SH"],
    "mode": "offline",
    "exclusivity": "exclusive",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
}


def director(service: ServiceHarness) -> dict[str, str]:
    """Somebody who signs what the administrator has written."""
    return service.headers("director", "sales_director")


async def a_partner(service: ServiceHarness) -> dict[str, Any]:
    """A partner that has no agreement yet."""
    return {"partner_id": str(await partner(service, f"P-{new_id().hex}"))}


async def drafted(service: ServiceHarness, **changes: Any) -> str:
    """Path of a draft, of a partner of its own by default."""
    body = {**TERMS, **(changes if "partner_id" in changes else {**await a_partner(service), **changes})}
    answer = await service.post(PATH, body)
    assert answer.status_code == 201, answer.text
    return f"{PATH}/{answer.json()['id']}"


async def proposed(service: ServiceHarness, **changes: Any) -> str:
    """Path of what may be signed."""
    path = await drafted(service, **changes)
    assert (await service.post(f"{path}/propose")).status_code == 200
    return path


async def sign(service: ServiceHarness, path: str) -> httpx.Response:
    return await service.post(f"{path}/sign", headers=director(service))


async def signed(service: ServiceHarness, **changes: Any) -> str:
    """Path of an agreement that holds."""
    path = await proposed(service, **changes)
    answer = await sign(service, path)
    assert answer.status_code == 200, answer.text
    return path


async def next_signed(service: ServiceHarness, path: str, verb: str, **body: Any) -> str:
    """Path of the next version, amended or renewed and signed."""
    made = await service.post(f"{path}/{verb}", body)
    assert made.status_code == 201, made.text
    later = f"{PATH}/{made.json()['id']}"
    assert (await service.post(f"{later}/propose")).status_code == 200
    answer = await sign(service, later)
    assert answer.status_code == 200, answer.text
    return later
