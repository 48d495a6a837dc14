"""A database of release 0.1.0, whose clients wrote what they liked into `customer_type`, comes to this release."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from kit.db.database import DatabaseSettings
from kit.db.migrate import upgrade
from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing import service as harness
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from kit.testing.service import ServiceHarness, service_harness
from services.customer.accounts.dues import TYPES_DUE

RELEASED = "0003"
"""The last revision of release 0.1.0."""
_ACCOUNT = """
INSERT INTO account (id, stream_key, kind, name, region, customer_type, tags)
VALUES ($1, $1, 'organization', 'x', 'CN-31', $2, '{}')
"""
_ORDER = """
INSERT INTO orders (id, number, stream_key, account_id, customer_type, state, placement, order_date, payment_terms_days,
    currency, base_currency, exchange_rate, net, tax, gross, net_base, tax_base, gross_base, paid, paid_base,
    content_hash)
VALUES ($1::uuid, $1::uuid::text, $2, $2, 'wholesale', $3, 1, $4::text::date, 30, 'USD', 'USD', '1', 0, 0, 0, 0, 0, 0,
    0, 0, '')
"""
_OF_BEFORE = "wholesale", "existing", None
"""What clients called three customers; one word happens to be one of the types."""


async def of_before(connection: asyncpg.Connection, word: str | None, *orders: tuple[str, str]) -> UUID:
    """An account and its (state, date) orders as release 0.1.0 writes them."""
    account_id = new_id()
    await connection.execute(_ACCOUNT, account_id, word)
    for state, day in orders:
        await connection.execute(_ORDER, new_id(), account_id, state, day)
    return account_id


@pytest.fixture
async def accounts() -> list[UUID]:
    return []


@pytest.fixture
async def service(
    postgres_server: TestServer, accounts: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServiceHarness]:
    """The service on a database of release 0.1.0 that was brought up to date."""
    name = await create_database(postgres_server, unique_name("released"))
    made = DatabaseSettings(postgres_server.connect_args(name), name="customer")
    await upgrade("customer", made, RELEASED)
    connection = await asyncpg.connect(**made.connect)
    orders = ("fulfilled", "2020-03-01"), ("placed", "2026-01-01"), ("confirmed", "2020-05-01")
    accounts += [await of_before(connection, word, *orders) for word in _OF_BEFORE]
    accounts.append(await of_before(connection, "retail"))
    await connection.close()
    await upgrade("customer", made)
    where = f"{postgres_server.host}:{postgres_server.port}", "customer"
    monkeypatch.setitem(harness._templates, where, name)
    async with service_harness(postgres_server, "customer") as found:
        yield found
    await drop_database(postgres_server, name)


async def worked(service: ServiceHarness) -> list[tuple[Any, Any]]:
    """(customer type, company's word) of all accounts, the oldest first, once nothing is due."""
    await DueLoop(service.runtime, [TYPES_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    rows = await service.rows("SELECT customer_type, business_type FROM account ORDER BY id")
    return [(row["customer_type"], row["business_type"]) for row in rows]


async def test_words_move_and_types_are_decided_and_told(service: ServiceHarness, accounts: list[UUID]) -> None:
    first = (await service.get(f"/v1/accounts/{accounts[0]}")).json()
    assert (first["customer_type"], first["business_type"]) == (None, "wholesale"), "nobody is shown a word as a type"
    assert await worked(service) == [
        ("dormant", "wholesale"), ("dormant", "existing"), ("dormant", None), ("new", "retail"),
    ]  # fmt: skip
    said = {event.payload["id"]: event.payload for event in await service.published("customer.account.updated.v1")}
    assert [said[str(one)]["customer_type"] for one in accounts] == ["dormant", "dormant", "dormant", "new"]
    changed = [said[str(one)]["changed"] for one in accounts]
    assert changed[1:3] == [["business_type", "customer_type", "region"], ["customer_type", "region"]]
    assert {payload["region"] for payload in said.values()} == {"CN-SH"}
    assert {row["customer_type"] for row in await service.rows("SELECT customer_type FROM orders")} == {"wholesale"}
    assert (await service.get(f"/v1/accounts/{accounts[0]}")).json()["last_order_date"] == "2020-05-01"
    assert await worked(service) == await worked(service)
    assert len(await service.published()) == len(accounts), "told once"


async def test_a_release_that_still_runs_may_go_on_writing_its_words(
    service: ServiceHarness, accounts: list[UUID]
) -> None:
    await worked(service)
    async with service.transaction() as tx:
        await tx.execute("UPDATE account SET customer_type = 'chain' WHERE id = $1", accounts[3])
        await tx.execute(_ACCOUNT, new_id(), "kiosk")
        await tx.execute(_ORDER, order := new_id(), accounts[3], "placed", "2026-01-01")
        await tx.execute("UPDATE orders SET state = 'confirmed' WHERE id = $1", order)
    assert (await worked(service))[3:] == [("existing", "chain"), ("new", "kiosk")]


async def test_words_and_types_are_filtered_apart(service: ServiceHarness, accounts: list[UUID]) -> None:
    await worked(service)
    for query, expected in (("business_type=existing", [accounts[1]]), ("customer_type=new", [accounts[3]])):
        items = (await service.get(f"/v1/accounts?{query}")).json()["items"]
        assert [item["id"] for item in items] == [str(one) for one in expected]
