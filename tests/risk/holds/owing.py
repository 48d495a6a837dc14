"""What accounts owe, and the sweep that looks at it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.holds.dues import HOLDS_DUE
from tests.risk.conftest import Order, account_created

OFFICER = ("officer", "risk_officer")


async def set_policy(service: ServiceHarness, **changes: Any) -> None:
    """Another policy of holds, on every day."""
    async with service.transaction() as tx:
        await tx.execute("UPDATE risk_policy SET body = body || $1::jsonb WHERE kind = 'holds'", json.dumps(changes))


async def account(service: ServiceHarness, owner_id: UUID | None = None) -> UUID:
    """An account with the limit of every new one."""
    account_id = new_id()
    await service.deliver(account_created(account_id, owner_id))
    return account_id


async def owing(service: ServiceHarness, account_id: UUID, gross: int = 500, on: str = "2026-05-11") -> Order:
    """An order of 30 days: that of 2026-05-11 is due on 2026-06-10."""
    order = Order(account_id, gross)
    await service.deliver(order.placed(), order.confirmed(on))
    return order


async def sweep(service: ServiceHarness) -> int:
    """Look at all accounts now; returns how many rounds that took."""
    async with service.transaction() as tx:
        await tx.execute("UPDATE hold_sweep SET due_at = $1", datetime(2020, 1, 1, tzinfo=UTC))
    rounds = await DueLoop(service.runtime, [HOLDS_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    return rounds


async def standing(service: ServiceHarness, subject_id: UUID) -> list[str]:
    """Reasons that hold a subject."""
    rows = await service.rows(
        "SELECT hold_reason FROM credit_hold WHERE subject_id = $1 AND state = 'standing' ORDER BY 1", subject_id
    )
    return [row["hold_reason"] for row in rows]


async def said(service: ServiceHarness) -> list[tuple[str, list[str]]]:
    """Word and standing reasons of what was announced of holds, oldest first."""
    events = await service.published("risk.credit.hold_placed.v1", "risk.credit.hold_lifted.v1")
    return [(event.type.split(".")[2], event.payload["hold_reasons"]) for event in events]


async def cause(service: ServiceHarness, order: Order) -> str | None:
    """What the last placement of an order failed on; None when it was reserved."""
    rows = await service.rows(
        "SELECT cause FROM credit_decision WHERE order_id = $1 ORDER BY placement DESC LIMIT 1", order.id
    )
    (row,) = rows
    return None if row["cause"] is None else str(row["cause"])


async def place(service: ServiceHarness, **body: Any) -> str:
    """Path of a hold that an officer placed."""
    answer = await service.post("/v1/credit-holds", body, headers=service.headers(*OFFICER))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def lift(service: ServiceHarness, path: str, **body: Any) -> Any:
    """The answer to an officer who lifts a hold."""
    return await service.post(f"{path}/lift", {"reason": "promised", **body}, headers=service.headers(*OFFICER))
