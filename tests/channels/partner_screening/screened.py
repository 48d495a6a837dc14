"""Applicants in few words: criteria that count, a partner that is screened, its scores."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from kit.testing.service import ServiceHarness
from tests.channels.partner_documents.test_documents import applied

CRITERIA = "/v1/partner-criteria"
SCREENINGS = "/v1/partner-screenings"
TERMS: dict[str, Any] = {
    "criteria": [
        {"code": "payment", "group": "reputation", "weight": 400_000, "knock_out": 40},
        {"code": "coverage", "group": "strength", "weight": 350_000},
        {"code": "commitment", "group": "willingness", "weight": 250_000},
    ],
    "group_minimums": [{"group": "strength", "minimum": 50}],
    "pass_mark": 7000,
}
POINTS = {"payment": 80, "coverage": 60, "commitment": 90}


def director(service: ServiceHarness) -> dict[str, str]:
    """Somebody who decides on what the administrator has weighed."""
    return service.headers("director", "sales_director")


async def published(service: ServiceHarness, **changes: Any) -> dict[str, Any]:
    """Criteria that count."""
    drafted = await service.post(CRITERIA, TERMS | changes)
    assert drafted.status_code == 201, drafted.text
    answer = await service.post(f"{CRITERIA}/{drafted.json()['id']}/publish", headers=director(service))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def latest(service: ServiceHarness, partner_id: str | UUID) -> dict[str, Any]:
    """The screening of a partner that began last."""
    found: dict[str, Any] = (await service.get(f"{SCREENINGS}?partner_id={partner_id}")).json()["items"][0]
    return found


async def score(
    service: ServiceHarness, partner_id: str | UUID, points: dict[str, int] = POINTS, **headers: str
) -> httpx.Response:
    """Set scores over the screening as it is."""
    version = (await latest(service, partner_id))["version"]
    body = {"scores": [{"criterion": name, "score": points} for name, points in points.items()]}
    sent = service.headers(**headers, If_Match=f'"{version}"')
    return await service.request("PUT", f"/v1/partners/{partner_id}/scores", body, headers=sent)


async def screened(service: ServiceHarness, points: dict[str, int] = POINTS, code: str = "P-001") -> str:
    """A partner that is screened, with scores."""
    partner_id = await applied(service, code)
    begun = await service.post(f"/v1/partners/{partner_id}/screen")
    assert begun.status_code == 200, begun.text
    answer = await score(service, partner_id, points)
    assert answer.status_code == 200, answer.text
    return partner_id


async def weigh(service: ServiceHarness, path: str) -> None:
    """Let the partner at a path be screened and scored."""
    assert (await service.post(f"{path}/screen")).status_code == 200
    assert (await score(service, path.rpartition("/")[2])).status_code == 200
