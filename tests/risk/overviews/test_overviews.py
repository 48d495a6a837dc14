"""What risk knows of an account, and what stands open in the company, in one answer."""

from __future__ import annotations

from uuid import uuid4

from kit.testing.service import ServiceHarness
from services.risk.overviews.router import OF_ACCOUNT, OF_COMPANY
from services.risk.roles import REACHES
from tests.risk.receivables.conftest import half_year
from tests.shared_suites.overviews import agrees


async def account_of(service: ServiceHarness) -> str:
    """An account with half a year of orders."""
    await service.deliver(*half_year()[1])
    found: str = (await service.get("/v1/receivables?limit=1")).json()["items"][0]["account_id"]
    return found


async def test_each_part_of_an_account_is_what_its_operation_answers_the_caller(service: ServiceHarness) -> None:
    account = await account_of(service)
    path, values = f"/v1/risk-overviews/accounts/{account}", {"account_id": account}
    seen = {
        role: await agrees(service, path, OF_ACCOUNT, values, "somebody", role)
        for role, reach in REACHES.items()
        if reach == "all"
    }
    assert set(seen["administrator"].values()) == {"ok"}
    assert set(seen["channel_manager"].values()) <= {"ok", "refused"}
    assert "refused" in seen["channel_manager"].values()


async def test_an_account_that_the_caller_does_not_see_is_not_there(service: ServiceHarness) -> None:
    account = await account_of(service)
    for path, headers in (
        (f"/v1/risk-overviews/accounts/{uuid4()}", service.headers()),
        (f"/v1/risk-overviews/accounts/{account}", service.headers("stranger", "sales_rep")),
    ):
        answer = await service.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "credit-profile-not-found")


async def test_each_part_of_the_company_is_what_its_operation_answers_the_caller(service: ServiceHarness) -> None:
    await account_of(service)
    seen = {
        role: await agrees(service, "/v1/risk-overviews/company", OF_COMPANY, {}, "somebody", role) for role in REACHES
    }
    assert seen["administrator"] == {"alerts": "ok", "ageing": "ok"}
    assert set(seen["channel_manager"].values()) == {"refused"}
