"""A register with risks in it."""

from __future__ import annotations

from typing import Any

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.assessments.schemas import EXAMPLE as ASSESSMENT
from services.risk.risks.schemas import EXAMPLE


async def entered(service: ServiceHarness, **changes: Any) -> str:
    """Path of a new risk."""
    answer = await service.post("/v1/risks", {**EXAMPLE, "code": f"R-{new_id()}", **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def risk_of(service: ServiceHarness) -> dict[str, Any]:
    """A risk that somebody has entered."""
    return {"risk_id": (await entered(service)).rpartition("/")[2]}


async def assessed(service: ServiceHarness, path: str, **changes: Any) -> dict[str, Any]:
    """An assessment of a risk."""
    body = {**ASSESSMENT, "risk_id": path.rpartition("/")[2], **changes}
    answer = await service.post("/v1/assessments", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def state_of(service: ServiceHarness, path: str) -> tuple[str, str | None]:
    """State of a risk, and why it must be assessed again."""
    risk = (await service.get(path)).json()
    return risk["state"], risk["reassess_cause"]
