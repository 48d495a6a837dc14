"""Deals over HTTP in few words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.conftest import partner

PATH = "/v1/deals"
DEAL: dict[str, Any] = {"country": "CN", "value": 1_000_000, "currency": "USD"}
CHINESE = ("上海藍港貿易有限公司", "上海 蓝港 贸易（股份有限公司）", "上海蓝港贸易", "上海藍港贸易 有限责任公司")
LATIN = ("Blue Harbour Trading Co., Ltd.", "BLUE HARBOUR TRADING COMPANY LIMITED", "blue-harbour trading")


def director(service: ServiceHarness) -> dict[str, str]:
    """Somebody who decides on what the administrator has registered."""
    return service.headers("director", "sales_director")


async def a_seller(service: ServiceHarness) -> dict[str, Any]:
    """An active partner that has no deal yet."""
    return {"partner_id": str(await partner(service, f"P-{new_id().hex}"))}


def fresh_name() -> dict[str, Any]:
    """An end customer that nobody has claimed."""
    return {"customer_name": f"Customer {new_id().hex}"}


async def registered(service: ServiceHarness, **changes: Any) -> dict[str, Any]:
    """A claim, of a partner and on a customer of its own by default."""
    body = {**DEAL, **fresh_name(), **changes}
    if "partner_id" not in body:
        body |= await a_seller(service)
    answer = await service.post(PATH, body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def approved(service: ServiceHarness, **changes: Any) -> dict[str, Any]:
    """A claim that is protected."""
    made = await registered(service, **changes)
    answer = await service.post(f"{PATH}/{made['id']}/approve", {}, headers=director(service))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(service: ServiceHarness, deal: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"{PATH}/{deal['id']}")).json()
    return found


def partner_of(deal: dict[str, Any]) -> UUID:
    return UUID(deal["partner_id"])
