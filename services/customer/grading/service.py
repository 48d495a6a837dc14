"""Use cases of grading."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from kit import clock
from kit.db.rows import insert_rows
from kit.errors import FieldError, Invalid
from kit.events import outbox
from kit.jobs.jobs import enqueue, require_job
from kit.records import Resource, audit_added, fresh, require
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.events_out.grades import GradeChanged
from services.customer.grading import repository
from services.customer.grading.enums import DryReason
from services.customer.grading.models import GradeResult, GradingRun
from services.customer.grading.repository import Terms
from services.customer.grading.rules import LEAST_COSTED, leaving, long_before, next_grade, window
from services.customer.grading.schemas import (
    AccountGradeRead,
    GradingRunCreate,
    GradingRunRead,
    LackRead,
    NextGradeRead,
)
from services.customer.policies import service as policies
from services.customer.policies.bodies import Boundaries, GradingBody, Matrix, MatrixRow, Shares
from services.customer.policies.enums import PolicyKind
from services.customer.policies.models import CustomerPolicy

GRADE: Final = "grading-runs.run"
"""Kind of the job that grades all accounts."""
RUNS: Final = Resource("grading-run", GradingRun, lambda _: None, audited=())
CHUNK: Final = 2_000
"""So many changes are announced by one statement."""
_NOBODY: Final = UUID(int=0)


class FutureDate(Invalid):
    code, title = "future-date", "The day has not come yet"


async def start_run(work: Work, data: GradingRunCreate) -> GradingRunRead:
    """Grade all accounts as of a day: a job with the id of the run. Raises FutureDate."""
    as_of = data.as_of or work.today
    if as_of > work.today:
        raise FutureDate(errors=[FieldError("/as_of", FutureDate.code, f"today is {work.today}")])
    run = GradingRun(**fresh(), as_of=as_of, dry_run=data.dry_run, created_by=work.actor.subject)
    await insert_rows(work.tx, GradingRun, [run])
    await audit_added(work, "grading_run", run.id, {"as_of": as_of.isoformat(), "dry_run": data.dry_run})
    await enqueue(work.tx, GRADE, {}, work.actor.subject, job_id=run.id)
    return await get_run(work, run.id)


async def get_run(work: Work, run_id: UUID) -> GradingRunRead:
    """A run with the state of its job; raises NotFound."""
    run = await require(work, RUNS, run_id)
    job = await require_job(work.tx, run_id)
    return GradingRunRead(
        **run.model_dump(exclude={"updated_at", "version"}),
        insufficient_data=LackRead(reason="revenue", have=0, need=1) if run.sample_size == 0 else None,
        state=job["state"],
        finished_at=job["finished_at"],
    )


async def grade_all(work: Work, run_id: UUID) -> GradingRun:
    """Do a run; one that is done already stays as it is. What it changes is announced. Raises NotFound."""
    await repository.take_turns(work.tx)
    run = await require(work, RUNS, run_id, lock=True)
    if run.sample_size is not None:
        return run
    policy = await policies.policy_on(work, PolicyKind.GRADING, run.as_of)
    before = await repository.counted_before(work.tx, run.as_of)
    is_held = before is not None and before.policy_version == policy.policy_version
    held_from = before.id if before is not None and is_held else None
    await repository.begin(work.tx, run, policy.policy_version, held_from, await _dry_reason(work, run))
    await repository.grade_accounts(work.tx, run, _terms(_body(policy), run.as_of, held_from), clock.now())
    done = await require(work, RUNS, run_id)
    if done.dry_reason is None:
        await repository.put_grades(work.tx, run_id)
        await _announce(work, done)
    return done


async def _dry_reason(work: Work, run: GradingRun) -> DryReason | None:
    latest = await repository.latest_counted(work.tx)
    if latest is not None and run.as_of < latest:
        return DryReason.OUT_OF_ORDER
    if run.as_of == latest:
        return DryReason.REPEATED
    return DryReason.DRY_RUN if run.dry_run else None


def _body(policy: CustomerPolicy) -> GradingBody:
    assert isinstance(policy.body, GradingBody)
    return policy.body


def _terms(body: GradingBody, as_of: date, held_from: UUID | None) -> Terms:
    least = body.thresholds
    rows: list[MatrixRow] = [getattr(body.matrix, row) for row in Matrix.model_fields]
    return Terms(
        first=window(body.period, as_of).first,
        long_before=long_before(as_of),
        held_from=held_from,
        hysteresis=body.hysteresis,
        shares=_three(body.shares) if body.shares else None,
        revenue=_three(least.revenue) if least else None,
        profit=_three(least.profit) if least else None,
        matrix=[getattr(row, column) for row in rows for column in MatrixRow.model_fields],
    )


def _three(cuts: Shares | Boundaries) -> list[int]:
    return [cuts.a, cuts.b, cuts.c]


async def _announce(work: Work, run: GradingRun) -> None:
    """Tell whose grade has changed, a chunk at a time. The day of the run orders the changes of an account: runs that
    count follow each other by it."""
    after = _NOBODY
    while moves := await repository.moves_after(work.tx, run.id, after, CHUNK):
        said = [
            GradeChanged(
                **move._asdict(), as_of=run.as_of, policy_version=run.policy_version or 0, business_date=work.today
            )
            for move in moves
        ]
        await outbox.say(work, [(fact, run.as_of.toordinal()) for fact in said])
        await work.tx.flush()
        after = moves[-1].account_id


async def read_grade(work: Work, account_id: UUID) -> AccountGradeRead:
    """The grade of an account with what it was found by; raises NotFound."""
    account_id = (await accounts.get_account(work, account_id)).leads_to
    result = await repository.result_of(work.tx, account_id)
    if result is None:
        return AccountGradeRead(account_id=account_id, insufficient_data=LackRead(reason="grading_run", have=0, need=1))
    run = await require(work, RUNS, result.run_id)
    assert run.policy_version is not None, "the run has finished"
    policy = await policies.policy_of(work, PolicyKind.GRADING, run.policy_version)
    return await _explained(work, result, run, _body(policy))


async def _explained(work: Work, result: GradeResult, run: GradingRun, body: GradingBody) -> AccountGradeRead:
    days = window(body.period, run.as_of)
    gone = leaving(body.period, run.as_of)
    above = next_grade(result.revenue_base, result.revenue_grade, run.revenue_cut.by_grade if run.revenue_cut else {})
    lack = None
    if result.profit_grade is None:
        known = await repository.costed_between(work.tx, result.account_id, days.first, days.last)
        lack = LackRead(reason="cost", have=known, need=LEAST_COSTED)
    return AccountGradeRead(
        **result.model_dump(exclude={"former"}),
        as_of=run.as_of,
        policy_version=run.policy_version,
        period=body.period,
        period_from=days.first,
        next_grade=NextGradeRead(grade=above.grade, boundary_base=above.boundary, gap_base=above.gap)
        if above
        else None,
        days_left=(days.ends_on - run.as_of).days if days.ends_on else None,
        leaving_base=await repository.revenue_between(work.tx, result.account_id, *gone) if gone else 0,
        insufficient_data=lack,
    )
