"""Incidents of a service."""

from __future__ import annotations

from typing import Any

from kit.testing.service import ServiceHarness
from services.risk.incidents.schemas import EXAMPLE


async def recorded(service: ServiceHarness, **changes: Any) -> str:
    """Path of a new incident without a risk."""
    answer = await service.post("/v1/incidents", {**EXAMPLE, "risk_id": None, **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])
