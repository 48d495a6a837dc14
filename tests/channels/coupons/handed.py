"""Coupons that tests make and hand out."""

from __future__ import annotations

from typing import Any

from kit.testing.service import ServiceHarness
from tests.channels.quotes.offers import promotion
from tests.channels.statements.stated import work_off

COUPON: dict[str, Any] = {
    "kind": "coupon",
    "needs_coupon": True,
    "reward": {"type": "line_rate", "share": 100_000},
}
"""10 % off, with a coupon."""


async def with_coupon(service: ServiceHarness, **changes: Any) -> str:
    """Id of a promotion of 10 % that needs a coupon."""
    return await promotion(service, **{**COUPON, **changes})


def path_of(promotion_id: str) -> str:
    return f"/v1/promotions/{promotion_id}/coupons"


async def asked(service: ServiceHarness, promotion_id: str, **body: Any) -> str:
    """Id of a job that makes coupons."""
    answer = await service.post(f"{path_of(promotion_id)}/generate", body)
    assert answer.status_code == 202, answer.text
    run = str(answer.json()["id"])
    assert answer.headers["location"] == f"{path_of(promotion_id)}/runs/{run}"
    return run


async def handed(service: ServiceHarness, promotion_id: str, count: int) -> list[str]:
    """Unique codes of a promotion."""
    run = await asked(service, promotion_id, count=count)
    await work_off(service)
    answer = await service.get(f"{path_of(promotion_id)}/runs/{run}/codes?limit=5000")
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["codes"]
    return found
