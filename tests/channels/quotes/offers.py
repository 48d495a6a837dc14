"""Quotes over HTTP in few words: accounts, products with prices, promotions that count."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.customer import events_out as customer
from tests.channels.promotions.drafts import a_group, drafted

PATH = "/v1/quotes"
PRICES = {"CD-ROCK": 10_000, "CD-JAZZ": 5_000, "CD-FOLK": 4_995}
ENTRIES: list[dict[str, Any]] = [
    {"code": sku, "sku": sku, "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": price}]}
    for sku, price in PRICES.items()
]
OWNER = UUID("01900000-0000-7000-8000-00000000000a")
"""Member who owns the accounts."""
SELLER = UUID("01900000-0000-7000-8000-00000000000b")
"""Member `seller`."""


def heard_account(account_id: UUID, **changes: Any) -> Event:
    """An account as customer tells of it."""
    payload = {
        **customer.AccountCreated.EXAMPLE,
        "id": account_id,
        "stream_key": account_id,
        "owner_id": OWNER,
        "region": "CN-SH",
        "is_archived": False,
        **changes,
    }
    return make_event(customer.AccountCreated.TYPE, payload, account_id, subject=account_id)


def heard_rate(currency: str, rate: str, day: str = "2026-01-01") -> Event:
    payload = {"currency": currency, "base_currency": "USD", "rate": rate, "valid_from": day}
    return make_event("customer.exchange_rate.set.v1", payload, currency)


async def member(service: ServiceHarness, member_id: UUID, subject: str) -> None:
    """A member of no unit, in the directory."""
    async with service.transaction() as tx:
        await tx.execute(
            "INSERT INTO principal (id, valid_from, code, subject, path) VALUES ($1, '2020-01-01', $2, $2, '{}')",
            member_id,
            subject,
        )


async def account(service: ServiceHarness, **changes: Any) -> str:
    """An account that was heard of."""
    account_id = new_id()
    await service.deliver(heard_account(account_id, **changes))
    return str(account_id)


async def goods(service: ServiceHarness, *entries: dict[str, Any], **book: Any) -> None:
    """Three products, and a published book with the given entries (a fixed price of each by default)."""
    for sku in PRICES:
        await service.post("/v1/products", {"sku": sku, "name": sku, "product_line": sku[3:].lower()})
    await published(service, *(entries or ENTRIES), **book)


async def cost(service: ServiceHarness, sku: str, amount: int, day: str = "2026-01-01") -> None:
    body = {"sku": sku, "direct_base": amount, "valid_from": day}
    answer = await service.post("/v1/product-costs", body)
    assert answer.status_code == 201, answer.text


async def published(service: ServiceHarness, *entries: dict[str, Any], **book: Any) -> str:
    """Id of a book that counts."""
    body = {"code": "LIST", "name": "List prices", "currency": "USD", "valid_from": "2026-01-01", **book}
    made = await service.post("/v1/price-books", body)
    assert made.status_code == 201, made.text
    path, headers = f"/v1/price-books/{made.json()['id']}", service.headers(If_Match='"1"')
    filled = await service.request("PUT", f"{path}/entries", {"entries": list(entries)}, headers=headers)
    assert filled.status_code == 200, filled.text
    counted = await service.post(f"{path}/publish")
    assert counted.status_code == 200, counted.text
    return str(made.json()["id"])


async def in_yuan(service: ServiceHarness, rate: str = "0.137") -> None:
    """A second book with the same amounts in CNY, and the rate of that."""
    await service.deliver(heard_rate("CNY", rate))
    await published(service, *ENTRIES, code="YUAN", currency="CNY")


async def promotion(service: ServiceHarness, phase: str = "line", per: str = "quote", **changes: Any) -> str:
    """Id of a promotion that counts from 2026 on, in a group of its own phase."""
    group = await a_group(service, code=changes.pop("group", f"G-{phase}-{per}"), phase=phase, per=per)
    path = await drafted(service, **group, **{"windows": [{"starts_on": "2026-01-01"}], **changes})
    answer = await service.post(f"{path}/approve")
    assert answer.status_code == 200, answer.text
    return path.rpartition("/")[2]


def body(account_id: str, *lines: tuple[str, int] | dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What an account asks for."""
    asked = [line if isinstance(line, dict) else {"sku": line[0], "quantity": line[1]} for line in lines]
    return {"account_id": account_id, "currency": "USD", "lines": asked, **changes}


async def quoted(service: ServiceHarness, sent: dict[str, Any], **options: Any) -> dict[str, Any]:
    """A quote."""
    answer = await service.post(PATH, sent, **options)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def waiting(service: ServiceHarness) -> str:
    """Path of a quote of the director that needs a second person."""
    if not (await service.get("/v1/products")).json()["items"]:
        await goods(service)
    sent = body(await account(service), {"sku": "CD-ROCK", "quantity": 1, "manual_discount": 9_000})
    made = await quoted(service, sent, headers=service.headers("director", "sales_director"))
    assert made["state"] == "pending_approval"
    return f"{PATH}/{made['id']}"
