"""The job by which a programme catches up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.channels.rebates.catch_up import START, STEP, catch_up_some
from services.channels.sales.models import Place


def catch_up_job(runtime: Runtime) -> JobHandler:
    """Handler of `rebate-programmes.catch-up`: some orders of a partner are a transaction that keeps where it is."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        state = job.state or {"after": _stored(START), "orders": 0}
        while True:
            async with runtime.db.transaction() as tx:
                work = system_work(tx, runtime.service, runtime.settings)
                place, orders = await catch_up_some(work, job.id, _place(state["after"]), STEP)
                if place is None:
                    return {"orders": state["orders"]}
                state = {"after": _stored(place), "orders": state["orders"] + orders}
                job.done = state["orders"]
                await job.checkpoint(state, tx)

    return run


def _stored(place: Place) -> list[str | None]:
    partner_id = None if place.partner_id is None else str(place.partner_id)
    return [partner_id, place.order_date.isoformat(), str(place.order_id)]


def _place(stored: list[Any]) -> Place:
    partner_id, day, order_id = stored
    return Place(None if partner_id is None else UUID(partner_id), date.fromisoformat(day), UUID(order_id))
