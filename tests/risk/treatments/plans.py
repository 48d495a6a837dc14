"""Treatments of a service."""

from __future__ import annotations

from typing import Any

from kit.testing.service import ServiceHarness
from services.risk.treatments.schemas import EXAMPLE
from tests.risk.risks.register import assessed, entered

DIRECTOR = ("director", "sales_director")
OFFICER = ("officer", "risk_officer")


async def planned(service: ServiceHarness, **changes: Any) -> str:
    """Path of a new plan of an officer, of an assessed risk of its own unless one is given."""
    body = {**EXAMPLE, **changes}
    if "risk_id" not in changes:
        risk = await entered(service)
        await assessed(service, risk)
        body["risk_id"] = risk.rpartition("/")[2]
    answer = await service.post("/v1/treatments", body, headers=service.headers(*OFFICER))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def act(
    service: ServiceHarness, path: str, *actions: str, by: tuple[str, str] | None = None, **body: Any
) -> dict[str, Any]:
    """One action after another, by those who may."""
    found: dict[str, Any] = {}
    for action in actions:
        who = by or (DIRECTOR if action == "approve" else OFFICER)
        reason = {"reason": "other plans"} if action == "cancel" else {}
        sent = None if action in ("approve", "verify") else {**reason, **body}
        answer = await service.post(f"{path}/{action}", sent, headers=service.headers(*who))
        assert answer.status_code == 200, (action, answer.text)
        found = answer.json()
    return found


async def refused(
    service: ServiceHarness, path: str, action: str, body: Any = None, by: tuple[str, str] = OFFICER
) -> tuple[int, str]:
    answer = await service.post(f"{path}/{action}", body, headers=service.headers(*by))
    return answer.status_code, answer.json().get("code", "")


async def accepted(service: ServiceHarness, until: str, **changes: Any) -> str:
    """Path of a new acceptance, not approved yet."""
    none: dict[str, Any] = {"actions": [], "cost_once": 0, "cost_yearly": 0}
    return await planned(service, response="accept", effect={"expires_on": until}, **{**none, **changes})
