"""Drafts of policies, and simulations of them."""

from __future__ import annotations

from typing import Any

from kit.testing.service import ServiceHarness
from tests.risk.conftest import draft_policy
from tests.risk.studies.runs import work_off

PATH = "/v1/risk-policy-simulations"
Found = dict[str, Any]


async def body_of(service: ServiceHarness, kind: str) -> Found:
    """The body that is in force."""
    (one,) = (await service.get(f"/v1/risk-policies?kind={kind}&state=active")).json()["items"]
    found: Found = one["body"]
    return found


async def draft(service: ServiceHarness, kind: str, **changes: Any) -> str:
    """Path of a draft that differs from what is in force by changes of its body."""
    body = await body_of(service, kind)
    made = await draft_policy(service, kind=kind, body={**body, **changes})
    return f"/v1/risk-policies/{made['id']}"


async def start(service: ServiceHarness, path: str) -> str:
    """Path of a simulation that waits."""
    answer = await service.post(f"{path}/simulate", headers=service.headers("author", "risk_officer"))
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "queued"
    return str(answer.headers["location"])


async def results(service: ServiceHarness, path: str, query: str = "") -> list[Found]:
    """All pages of results."""
    found: list[Found] = []
    cursor = ""
    while True:
        answer = await service.get(f"{path}/results?limit=2{query}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def simulated(service: ServiceHarness, path: str) -> tuple[Found, list[Found]]:
    """A simulation that has finished, and its results."""
    made = await start(service, path)
    await work_off(service)
    found: Found = (await service.get(made)).json()
    assert found["state"] == "succeeded", found
    return found, await results(service, made)
