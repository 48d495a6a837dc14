"""Accounts with orders and returns as they stand, and runs that have finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from kit.ids import derived_id
from kit.testing.service import ServiceHarness
from services.customer.policies.schemas import GRADING
from tests.customer.conftest import REP_1, work_off

DAY = date(2026, 1, 31)
_ACCOUNTS = """
INSERT INTO account (id, stream_key, kind, name, tags, owner_id)
SELECT id, id, 'organization', name, '{}', owner FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(id, name, owner)
ON CONFLICT DO NOTHING
"""
_ORDERS = """
INSERT INTO orders (id, number, stream_key, account_id, state, placement, order_date, payment_terms_days, currency,
  base_currency, exchange_rate, net, tax, gross, net_base, tax_base, gross_base, paid, paid_base, content_hash)
SELECT id, id::text, account, account, state, 1, day, 30, 'USD', 'USD', '1', net, 0, net, net, 0, net, 0, 0, ''
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::text[]) AS k(id, account, day, net, state)
"""
_RETURNS = """
INSERT INTO order_return (id, order_id, return_date, currency, base_currency, net, tax, gross, net_base, tax_base,
  gross_base, lines, content_hash, created_at)
SELECT gen_random_uuid(), id, day, 'USD', 'USD', -net, 0, -net, -net, 0, -net, '[]', '', now()
FROM unnest($1::uuid[], $2::date[], $3::bigint[]) AS k(id, day, net)
"""


@dataclass(frozen=True, slots=True)
class Bought:
    """A confirmed order of an account, and what came back of it."""

    name: str
    day: date
    net: int
    back: int = 0
    back_on: date = DAY
    state: str = "confirmed"


def account_id(name: str) -> UUID:
    return derived_id("graded", name)


async def bought(service: ServiceHarness, rows: Sequence[Bought], owners: Mapping[str, UUID] | None = None) -> None:
    """Orders and returns as they stand, of accounts that are added."""
    names = sorted({one.name for one in rows})
    async with service.transaction() as tx:
        start = await tx.fetchval("SELECT count(*) FROM orders")
        ids = [derived_id("order", start + number) for number in range(len(rows))]
        owner = [(owners or {}).get(name, REP_1) for name in names]
        await tx.execute(_ACCOUNTS, [account_id(name) for name in names], names, owner)
        await tx.execute(
            _ORDERS,
            ids,
            [account_id(one.name) for one in rows],
            [one.day for one in rows],
            [one.net for one in rows],
            [one.state for one in rows],
        )
        back = [(order, one) for order, one in zip(ids, rows, strict=True) if one.back]
        await tx.execute(
            _RETURNS, [order for order, _ in back], [one.back_on for _, one in back], [one.back for _, one in back]
        )


async def start(service: ServiceHarness, **body: Any) -> dict[str, Any]:
    """A run that waits for a worker."""
    answer = await service.post("/v1/grading-runs", body)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued"), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(service: ServiceHarness, made: Mapping[str, Any]) -> dict[str, Any]:
    """A run as it is now."""
    found: dict[str, Any] = (await service.get(f"/v1/grading-runs/{made['id']}")).json()
    return found


async def run(service: ServiceHarness, **body: Any) -> dict[str, Any]:
    """A run that has finished."""
    made = await start(service, **body)
    await work_off(service)
    found = await read(service, made)
    assert found["state"] == "succeeded", found
    return found


async def results(service: ServiceHarness, made: Mapping[str, Any]) -> dict[UUID, dict[str, Any]]:
    rows = await service.rows("SELECT * FROM grade_result WHERE run_id = $1", UUID(made["id"]))
    return {row["account_id"]: row for row in rows}


async def grades(service: ServiceHarness) -> dict[str, str | None]:
    """Grades of all accounts by name."""
    return {row["name"]: row["grade"] for row in await service.rows("SELECT name, grade FROM account")}


async def changes(service: ServiceHarness) -> list[dict[str, Any]]:
    """What was announced."""
    return [event.payload for event in await service.published("customer.grade.changed.v1")]


async def activate(service: ServiceHarness, **body: Any) -> dict[str, Any]:
    """Another grading policy, from today on."""
    made = await service.post("/v1/customer-policies", {**GRADING, "body": {**GRADING["body"], **body}, "reason": "x"})
    assert made.status_code == 201, made.text
    async with service.transaction() as tx:
        today = service.work(tx).today
    path = f"/v1/customer-policies/{made.json()['id']}/activate"
    answer = await service.post(path, {"valid_from": today.isoformat()})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
