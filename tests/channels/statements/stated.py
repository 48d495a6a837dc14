"""Statements that tests ask for, and the worker that calculates them."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.jobs.jobs import JobRunner
from kit.testing.service import ServiceHarness
from services.channels.worker import jobs_of
from tests.channels.conftest import Order, partner

PATH = "/v1/rebate-statements"
DIRECTOR = ("director", "sales_director")
Row = dict[str, Any]


async def work_off(service: ServiceHarness, workers: int = 1) -> list[Row]:
    """Let workers do the jobs that are queued; returns the results of all jobs, the oldest first."""
    stop = asyncio.Event()
    runners = [
        JobRunner(service.runtime.db, jobs_of(service.runtime), poll=0.02, retry_delay=0.01) for _ in range(workers)
    ]
    tasks = [asyncio.create_task(runner.run(stop)) for runner in runners]
    deadline = time.monotonic() + 20
    while left := await service.rows("SELECT kind, state, error FROM job WHERE state IN ('queued', 'running')"):
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*tasks)
    return await service.rows("SELECT state, error, result::text AS result FROM job ORDER BY id")


async def ask(service: ServiceHarness, posting_date: str, partner_id: UUID | None = None, **more: Any) -> Row:
    """Ask for statements; the job."""
    named = {} if partner_id is None else {"partner_id": str(partner_id)}
    answer = await service.post(PATH, {"posting_date": posting_date, **named, **more})
    assert answer.status_code == 202, answer.text
    found: Row = answer.json()
    assert answer.headers["location"] == f"{PATH}/runs/{found['id']}"
    return found


async def state(service: ServiceHarness, posting_date: str, partner_id: UUID, **more: Any) -> Row:
    """The statement that waits for its decision once a partner was asked for."""
    await ask(service, posting_date, partner_id, **more)
    await work_off(service)
    (found,) = await statements(service, partner_id=partner_id, state="calculated")
    return found


async def statements(service: ServiceHarness, **filters: object) -> list[Row]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    answer = await service.get(f"{PATH}?sort=posting_date&{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def lines(service: ServiceHarness, statement: Row) -> list[Row]:
    answer = await service.get(f"{PATH}/{statement['id']}/lines")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def act(
    service: ServiceHarness, statement: Row, action: str, body: Any = None, by: tuple[str, ...] | None = None
) -> Row:
    headers = None if by is None else service.headers(*by)
    answer = await service.post(f"{PATH}/{statement['id']}/{action}", body, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def approve(service: ServiceHarness, statement: Row) -> Row:
    return await act(service, statement, "approve", by=DIRECTOR)


async def paid(service: ServiceHarness, statement: Row) -> Row:
    return await act(service, await approve(service, statement), "pay", {})


async def adjust(service: ServiceHarness, partner_id: UUID, amount: int, **more: Any) -> Row:
    body = {"partner_id": str(partner_id), "amount": amount, "reason": "by hand", **more}
    answer = await service.post("/v1/rebate-adjustments", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def sell(service: ServiceHarness, partner_id: UUID, net: int, on: str) -> Order:
    """A confirmed order of a day."""
    order = Order(partner_id, [("rock", net)], date.fromisoformat(on))
    await service.deliver(order.confirmed())
    return order


async def a_statement(service: ServiceHarness) -> str:
    """Path of one of a partner of its own, with an adjustment that somebody else wrote."""
    partner_id = await partner(service, f"P-{new_id().hex[-12:]}")
    await adjust(service, partner_id, 700)
    (day,) = await service.rows("SELECT max(posting_date) AS day FROM rebate_adjustment")
    found = await state(service, day["day"].isoformat(), partner_id)
    return f"{PATH}/{found['id']}"
