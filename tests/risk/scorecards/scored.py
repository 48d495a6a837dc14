"""Accounts that pay as the example of the requirement does, and what scores them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Order, Payment, open_account
from tests.risk.studies.runs import work_off

DAY = date(2026, 6, 30)
OFFICER = ("officer", "risk_officer")
LIMIT = 4_247


def paid(account_id: UUID, amount: int, on: str, terms: int, day: str) -> list[Event]:
    """An order, and the day on which it was paid."""
    order = Order(account_id, amount)
    return [order.confirmed(on, terms), Payment(account_id, 0).event("received", (order, amount), left=0, day=day)]


def history(account_id: UUID) -> list[Event]:
    """Paid 10,000 two days early, 20,000 six late, 5,000 forty late; 4,000 are twelve days overdue on the day. 172,000
    amount-days of 90 x 4,247 are used in the last 90 days: 45 %."""
    return [
        *paid(account_id, 10_000, "2025-04-20", 90, "2025-07-17"),
        *paid(account_id, 20_000, "2025-08-01", 30, "2025-09-06"),
        *paid(account_id, 5_000, "2025-11-01", 30, "2026-01-10"),
        Order(account_id, 4_000).confirmed("2026-05-19", 30),
    ]


async def example(service: ServiceHarness, *, owner_id: UUID | None = None) -> UUID:
    """An account with that history."""
    account_id = await open_account(service, LIMIT, owner_id)
    await service.deliver(*history(account_id))
    return account_id


async def rescore(service: ServiceHarness, account_id: UUID) -> dict[str, Any]:
    answer = await service.post(f"/v1/credit-profiles/{account_id}/rescore", headers=service.headers(*OFFICER))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def profile(service: ServiceHarness, account_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/credit-profiles/{account_id}")).json()
    return found


async def run(service: ServiceHarness, **body: Any) -> dict[str, Any]:
    """A run that has finished."""
    answer = await service.post("/v1/scoring-runs", body, headers=service.headers(*OFFICER))
    assert answer.status_code == 202, answer.text
    await work_off(service)
    found: dict[str, Any] = (await service.get(answer.headers["location"])).json()
    assert found["state"] == "succeeded", found
    return found


async def scores(service: ServiceHarness, query: str = "") -> list[dict[str, Any]]:
    """Scores, the first first."""
    answer = await service.get(f"/v1/credit-scores?sort=scored_at{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def set_terms(service: ServiceHarness, **changes: Any) -> None:
    """Another policy of terms, on every day."""
    async with service.transaction() as tx:
        await tx.execute("UPDATE risk_policy SET body = body || $1::jsonb WHERE kind = 'terms'", json.dumps(changes))
