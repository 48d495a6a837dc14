"""Use cases of the RFM analysis."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from kit.db.rows import insert_rows
from kit.errors import FieldError, Invalid
from kit.jobs.jobs import enqueue, require_job
from kit.records import Resource, audit_added, fresh, require
from kit.work import Work
from services.customer.rfm import repository
from services.customer.rfm.models import RfmRun
from services.customer.rfm.rules import LEAST_ACCOUNTS
from services.customer.rfm.schemas import (
    InsufficientRead,
    RfmMigrationQuery,
    RfmMigrationRead,
    RfmMoveRead,
    RfmRunCreate,
    RfmRunRead,
    RfmSegmentRead,
    RfmSegmentsRead,
)

RFM = "rfm-runs.run"
"""Kind of the job that ranks all accounts."""
RUNS = Resource("rfm-run", RfmRun, lambda _: None, audited=())


class FutureDate(Invalid):
    code, title = "future-date", "The day has not come yet"


class RunMissing(Invalid):
    """There is no finished run of the day."""

    code, title = "rfm-run-missing", "No run of that day has finished"


async def start_run(work: Work, data: RfmRunCreate) -> RfmRunRead:
    """Rank all accounts as of a day: a job with the id of the run. Raises FutureDate."""
    as_of = data.as_of or work.today
    if as_of > work.today:
        raise FutureDate(errors=[FieldError("/as_of", FutureDate.code, f"today is {work.today}")])
    run = RfmRun(**fresh(), as_of=as_of, days=data.days, created_by=work.actor.subject)
    await insert_rows(work.tx, RfmRun, [run])
    await audit_added(work, "rfm_run", run.id, {"as_of": as_of.isoformat(), "days": data.days})
    await enqueue(work.tx, RFM, {}, work.actor.subject, job_id=run.id)
    return await get_run(work, run.id)


async def get_run(work: Work, run_id: UUID) -> RfmRunRead:
    """A run with the state of its job; raises NotFound."""
    run = await require(work, RUNS, run_id)
    job = await require_job(work.tx, run_id)
    lacking = None
    if run.sample_size is not None and run.sample_size < LEAST_ACCOUNTS:
        lacking = InsufficientRead(reason="accounts", have=run.sample_size)
    return RfmRunRead(
        **run.model_dump(exclude={"updated_at", "version"}),
        insufficient_data=lacking,
        state=job["state"],
        finished_at=job["finished_at"],
    )


async def rank_accounts(work: Work, run_id: UUID) -> RfmRun:
    """Do a run; one that is done already stays as it is. Raises NotFound."""
    run = await require(work, RUNS, run_id, lock=True)
    if run.sample_size is None:
        first = run.as_of - timedelta(days=run.days - 1) if run.days is not None else date.min
        await repository.score_accounts(work.tx, run, first)
        run = await require(work, RUNS, run_id)
    return run


async def segments_of(work: Work, run_id: UUID) -> RfmSegmentsRead:
    """Segments of a run among the accounts in the record scope; raises NotFound."""
    run = await require(work, RUNS, run_id)
    found = await repository.segment_sums(work.tx, run_id, work.visible)
    return RfmSegmentsRead(
        run_id=run_id,
        as_of=run.as_of,
        sample_size=sum(one.accounts for one in found),
        items=[RfmSegmentRead(**one._asdict()) for one in found],
    )


async def migrations(work: Work, query: RfmMigrationQuery) -> RfmMigrationRead:
    """How accounts in the record scope moved between two days; raises RunMissing."""
    before = await repository.latest_run(work.tx, query.first, query.days)
    after = await repository.latest_run(work.tx, query.last, query.days)
    missing = [name for name, run_id in (("from", before), ("to", after)) if run_id is None]
    if before is None or after is None:
        detail = "no finished run of this day and this many days"
        raise RunMissing(errors=[FieldError(name, RunMissing.code, detail) for name in missing])
    found = await repository.moves_between(work.tx, before, after, work.visible)
    return RfmMigrationRead(
        from_run_id=before,
        to_run_id=after,
        sample_size=sum(one.accounts for one in found),
        unchanged=sum(one.accounts for one in found if one.before == one.after),
        items=[RfmMoveRead(**one._asdict()) for one in found],
    )
