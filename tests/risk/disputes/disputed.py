"""Orders, and disputes about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.disputes.schemas import EXAMPLE
from tests.risk.conftest import Order, account_created

PATH = "/v1/disputes"
OFFICER = ("officer", "risk_officer")
KNOWN = "2026-02-14"


async def owed(service: ServiceHarness, gross: int = 500, on: str = KNOWN, owner_id: UUID | None = None) -> Order:
    """A confirmed order of an account of its own."""
    order = Order(new_id(), gross)
    await service.deliver(account_created(order.account_id, owner_id), order.placed(), order.confirmed(on))
    return order


def claim(*parts: tuple[Order, int], **changes: Any) -> dict[str, Any]:
    """The body of a dispute about parts of orders."""
    orders = [{"order_id": str(order.id), "amount": amount} for order, amount in parts]
    number = f"DP-{new_id().hex[-12:]}"
    return {**EXAMPLE, "number": number, "known_on": KNOWN, "orders": orders, **changes}


async def opened(service: ServiceHarness, *parts: tuple[Order, int], **changes: Any) -> str:
    """Path of a dispute that an officer opened."""
    answer = await service.post(PATH, claim(*parts, **changes), headers=service.headers(*OFFICER))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def act(service: ServiceHarness, path: str, *actions: str) -> dict[str, Any]:
    """Moves that succeed."""
    found: dict[str, Any] = {}
    for action in actions:
        answer = await service.post(f"{path}/{action}", headers=service.headers(*OFFICER))
        assert answer.status_code == 200, answer.text
        found = answer.json()
    return found


async def closed(service: ServiceHarness, path: str, outcome: int, costs: int = 0) -> dict[str, Any]:
    """A dispute that was negotiated, settled and closed."""
    await act(service, path, "negotiate", "settle")
    body = {"outcome": outcome, "costs": costs}
    answer = await service.post(f"{path}/close", body, headers=service.headers(*OFFICER))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
