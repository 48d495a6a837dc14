"""Contracts in a state, as tests of several slices need them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.contracts.schemas import EXAMPLE
from tests.risk.conftest import account_created

PATH = "/v1/contracts"
DIRECTOR = ("director", "sales_director")
OFFICER = ("officer", "risk_officer")
DOCUMENT = EXAMPLE["document"]


def terms(party: UUID, **changes: Any) -> dict[str, Any]:
    """The body of a contract for a year, with an account unless `changes` name another party."""
    number = f"CT-{new_id().hex[-12:]}"
    body = {**EXAMPLE, "number": number, "account_id": str(party), "ends_on": "2026-12-31"}
    return {**body, **changes}


async def draft(service: ServiceHarness, party: UUID | None = None, **changes: Any) -> str:
    """Path of a draft that an officer wrote."""
    if party is None:
        party = new_id()
        await service.deliver(account_created(party))
    answer = await service.post(PATH, terms(party, **changes), headers=service.headers(*OFFICER))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def act(service: ServiceHarness, path: str, action: str, body: Any = None, by: Any = OFFICER) -> dict[str, Any]:
    """An action that succeeds."""
    answer = await service.post(f"{path}/{action}", body, headers=service.headers(*by))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def reviewed(service: ServiceHarness, path: str) -> str:
    """Submitted, and every clause has passed."""
    clauses = (await act(service, path, "submit"))["clauses"]
    await act(service, path, "review", {"answers": [{"code": one["code"], "result": "pass"} for one in clauses]})
    return path


async def signed(service: ServiceHarness, signed_on: str, path: str | None = None, **changes: Any) -> str:
    """Path of a contract that was reviewed, approved and signed."""
    path = await reviewed(service, path or await draft(service, **changes))
    await act(service, path, "approve", by=DIRECTOR)
    await act(service, path, "sign", {"signed_on": signed_on, "document": DOCUMENT})
    return path
