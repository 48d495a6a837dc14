"""Long work of the forecasts: backtests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.targets.forecasts.backtests import Record, backtest, judge
from services.targets.forecasts.schemas import BacktestCreate
from services.targets.forecasts.service import Material, gather, keep_backtest


def backtest_job(runtime: Runtime) -> JobHandler:
    """Handler of `forecasts.backtest`: reads, computes beside the event loop, keeps; a further attempt
    keeps nothing more."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        data = BacktestCreate.model_validate(job.params)
        async with runtime.db.transaction() as tx:
            made = await gather(system_work(tx, runtime.service, runtime.settings), data)
        record = await asyncio.to_thread(_record, made, data, job)
        async with runtime.db.transaction() as tx:
            await keep_backtest(system_work(tx, runtime.service, runtime.settings), job.id, data, made, record)
        return {"backtest_id": str(job.id), "periods": len(made.spans), "serves": record.serves}

    return run


def _record(made: Material, data: BacktestCreate, job: JobContext) -> Record:
    cases = [] if made.history is None else backtest(made.history, made.spans, data.levels, job.check)
    return judge(cases)
