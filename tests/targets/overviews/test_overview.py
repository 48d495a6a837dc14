"""A target and how it stands, in one answer."""

from __future__ import annotations

from uuid import uuid4

from kit.testing.service import ServiceHarness
from services.targets.overviews.router import PARTS
from tests.shared_suites.overviews import agrees

TARGET = {
    "name": "Year",
    "metric": "revenue",
    "amount": 1_000_000,
    "period_start": "2026-01-01",
    "period_end": "2026-12-31",
}


async def test_each_part_is_what_its_operation_answers_the_caller(service: ServiceHarness) -> None:
    made = await service.post("/v1/targets", TARGET)
    assert made.status_code == 201, made.text
    target = made.json()["id"]
    assert (await service.post(f"/v1/targets/{target}/activate")).status_code == 200
    path, values = f"/v1/targets/{target}/overview", {"target_id": target}
    for role in ("administrator", "sales_director", "auditor", "risk_officer"):
        headers = service.headers("somebody", role)
        if (await service.get(f"/v1/targets/{target}", headers=headers)).status_code == 403:
            answer = await service.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        else:
            seen = await agrees(service, path, PARTS, values, "somebody", role)
            assert seen["target"] == "ok"
    assert set((await agrees(service, path, PARTS, values, "admin", "administrator")).values()) == {"ok"}


async def test_a_target_that_the_caller_does_not_see_is_not_there(service: ServiceHarness) -> None:
    target = (await service.post("/v1/targets", TARGET)).json()["id"]
    for other, headers in ((uuid4(), service.headers()), (target, service.headers("stranger", "sales_rep"))):
        answer = await service.get(f"/v1/targets/{other}/overview", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "target-not-found")
