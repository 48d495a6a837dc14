"""Accounts with orders as they stand, and fits that have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.ids import derived_id
from kit.testing.service import ServiceHarness
from tests.customer.conftest import REP_1, work_off

Order = tuple[str, date, int]
"""Name of an account, day, net."""
_ACCOUNTS = """
INSERT INTO account (id, stream_key, kind, name, tags, owner_id, created_at)
SELECT id, id, 'person', name, '{}', owner, '1990-01-01' FROM unnest($1::uuid[], $2::text[], $3::uuid[])
  AS k(id, name, owner)
ON CONFLICT DO NOTHING
"""
_ORDERS = """
INSERT INTO orders (id, number, stream_key, account_id, state, placement, order_date, payment_terms_days, currency,
  base_currency, exchange_rate, net, tax, gross, net_base, tax_base, gross_base, paid, paid_base, content_hash)
SELECT id, id::text, account, account, 'confirmed', 1, day, 30, 'USD', 'USD', '1', net, 0, net, net, 0, net, net, net,
  ''
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[]) AS k(id, account, day, net)
"""
_MARKS = """
INSERT INTO lifecycle_mark (id, account_id, due_at)
SELECT gen_random_uuid(), id, '1990-01-01' FROM unnest($1::uuid[]) AS k(id)
"""


def account_id(name: str) -> UUID:
    return derived_id("churning", name)


async def bought(service: ServiceHarness, rows: Sequence[Order], owners: Mapping[str, UUID] | None = None) -> None:
    """Confirmed and paid orders as they stand, of accounts that are added and to be looked at."""
    names = sorted({name for name, *_ in rows})
    ids = [account_id(name) for name in names]
    async with service.transaction() as tx:
        start = await tx.fetchval("SELECT count(*) FROM orders")
        await tx.execute(_ACCOUNTS, ids, names, [(owners or {}).get(name, REP_1) for name in names])
        await tx.execute(
            _ORDERS,
            [derived_id("order", start + number) for number in range(len(rows))],
            [account_id(name) for name, *_ in rows],
            [day for _, day, _ in rows],
            [net for *_, net in rows],
        )
        await tx.execute(_MARKS, ids)


async def fitted(service: ServiceHarness, **body: Any) -> dict[str, Any]:
    """A fit that has ended."""
    answer = await service.post("/v1/churn-fits", body)
    assert (answer.status_code, answer.json()["state"], answer.json()["sample_size"]) == (202, "queued", None)
    await work_off(service)
    found: dict[str, Any] = (await service.get(answer.headers["Location"])).json()
    assert found["state"] == "succeeded", found
    return found
