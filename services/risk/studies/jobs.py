"""The job that computes a study: a process of its own, so that the worker's loop lives and the memory is given back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Tx
from kit.errors import AppError
from kit.jobs.jobs import JobCancelled, JobContext, JobHandler
from kit.runtime import Runtime
from kit.security.principals import Actor
from kit.work import Work
from services.risk.roles import REACHES
from services.risk.scenarios.enums import ExposureDimension
from services.risk.studies import repository
from services.risk.studies.bodies import ScenarioInput, StudyInputs, StudyResults
from services.risk.studies.enums import StudyState
from services.risk.studies.service import complete_study, fail_study, give_up_study

COMPUTATION = ("-m", "services.risk.studies.computation")
ATTEMPTS = 3
"""A computation that dies so often (out of memory) fails its study."""
MOST_LINE = 2**26


class ComputationFailed(AppError):
    code, status, title = "computation-failed", 500, "The computation of the study did not end"


def study_job(runtime: Runtime) -> JobHandler:
    """Handler of `studies.run`.

    Results depend on what is kept with the study alone: an attempt that is cut off is made again, from the beginning,
    and shows the same. A study is completed once, by whoever comes first.
    """

    async def run(job: JobContext) -> Mapping[str, Any]:
        study_id = UUID(job.params["study_id"])
        async with runtime.db.transaction() as tx:
            inputs = await inputs_of(tx, study_id)
        if inputs is None:
            return {}
        try:
            results = await compute(inputs, job)
        except JobCancelled:
            async with runtime.db.transaction() as tx:
                await give_up_study(_work(runtime, job, tx), study_id)
            raise
        except ComputationFailed as failed:
            if failed.code == ComputationFailed.code and job.attempt < ATTEMPTS:
                raise RuntimeError("the computation ended before its results") from failed
            async with runtime.db.transaction() as tx:
                await fail_study(_work(runtime, job, tx), study_id, failed.code)
            raise
        async with runtime.db.transaction() as tx:
            await complete_study(_work(runtime, job, tx), study_id, results)
            await job.checkpoint({"is_completed": True}, tx)
        return {}

    return run


def _work(runtime: Runtime, job: JobContext, tx: Tx) -> Work:
    """On behalf of who ran the study, whatever they see by now."""
    actor = Actor(job.params["subject"], frozenset(job.params["roles"]), frozenset())
    return Work(tx=tx, actor=actor, service=runtime.service, settings=runtime.settings, reaches=REACHES)


async def inputs_of(tx: Tx, study_id: UUID) -> StudyInputs | None:
    """What a study runs with; None for one that does not run."""
    study = await repository.find_study(tx, study_id)
    if study is None or study.state is not StudyState.RUNNING:
        return None
    run, scenarios = await repository.find_run(tx, study_id)
    assert run is not None, "a study runs with what was kept when it began"
    assert study.seed is not None, "a study that runs has a seed"
    exposures = {
        ExposureDimension.ACCOUNT: run.account_exposures,
        ExposureDimension.PARTNER: run.partner_exposures,
        ExposureDimension.REGION: run.region_exposures,
        ExposureDimension.CHANNEL: run.channel_exposures,
        ExposureDimension.PRODUCT_LINE: run.product_line_exposures,
    }
    return StudyInputs(
        seed=study.seed,
        trials=study.trials,
        horizon_months=study.horizon_months,
        scenarios=tuple(
            ScenarioInput.model_construct(**{name: getattr(one, name) for name in ScenarioInput.model_fields})
            for one in scenarios
        ),
        correlations=study.correlations,
        exposures=exposures,
        appetite=study.appetite,
        tolerance=study.tolerance,
        planned_revenue=study.planned_revenue,
        likelihood_bounds=run.likelihood_bounds,
        impact_bounds=run.impact_bounds,
    )


async def compute(inputs: StudyInputs, job: JobContext) -> StudyResults:
    """Let a process compute; raises what `computed_apart` raises."""
    return StudyResults.model_validate(await computed_apart(COMPUTATION, inputs.model_dump_json().encode(), job))


async def computed_apart(command: Sequence[str], asked: bytes, job: JobContext) -> Mapping[str, Any]:
    """What a process says to be its results; raises ComputationFailed (by its code: what was refused), JobCancelled,
    LeaseLost."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MOST_LINE,
    )
    try:
        return await _heard(process, asked, job)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _heard(process: asyncio.subprocess.Process, asked: bytes, job: JobContext) -> Mapping[str, Any]:
    assert process.stdin is not None, "a pipe was asked for"
    assert process.stdout is not None, "a pipe was asked for"
    try:
        process.stdin.write(asked)
        await process.stdin.drain()
        process.stdin.close()
    except ConnectionError:
        raise ComputationFailed from None
    async for line in process.stdout:
        said = orjson.loads(line)
        if "results" in said:
            results: Mapping[str, Any] = said["results"]
            return results
        if "refused" in said:
            refused = ComputationFailed(said["refused"])
            refused.code = said["refused"]
            raise refused
        await job.progress(said["done"], said["total"])
    raise ComputationFailed
