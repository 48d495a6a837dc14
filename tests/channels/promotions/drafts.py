"""Promotions over HTTP in few words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness

LINES = "01900000-0000-7000-8000-000000000001"
"""Id of the group that most promotions of a test are in."""
PROMOTION: dict[str, Any] = {
    "name": "Ten percent",
    "goal": "sales",
    "kind": "cash_off",
    "reward": {"type": "line_rate", "share": 100_000},
    "windows": [{"starts_on": "2026-02-01", "ends_on": "2026-02-28"}],
}


async def a_group(service: ServiceHarness, **changes: Any) -> dict[str, Any]:
    """The group of the promotions of a test, made once."""
    body = {"code": "LINES", "name": "Lines", "phase": "line", **changes}
    found = (await service.get(f"/v1/promotion-groups?code={body['code']}")).json()["items"]
    if found:
        return {"group_id": found[0]["id"]}
    answer = await service.post("/v1/promotion-groups", body)
    assert answer.status_code == 201, answer.text
    if changes:
        return {"group_id": answer.json()["id"]}
    async with service.transaction() as tx:
        await tx.execute("UPDATE promotion_group SET id = $1 WHERE code = 'LINES'", UUID(LINES))
    return {"group_id": LINES}


async def drafted(service: ServiceHarness, **changes: Any) -> str:
    """Path of a draft of a channel manager, which the administrator may approve."""
    body = PROMOTION | await a_group(service) | {"code": f"P-{new_id().hex}"} | changes
    headers = service.headers("manager", "channel_manager")
    answer = await service.post("/v1/promotions", body, headers=headers)
    assert answer.status_code == 201, answer.text
    return f"/v1/promotions/{answer.json()['id']}"
