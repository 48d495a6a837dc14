"""Use cases of churn: fits of the model, what accounts are judged by, and how judgements turned out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from kit import clock
from kit.db.rows import insert_rows
from kit.errors import FieldError, Invalid
from kit.jobs.jobs import enqueue, require_job
from kit.records import Resource, audit_added, fresh, require
from kit.work import Work
from services.customer.churn import repository
from services.customer.churn.fitting import Alike, Fitted
from services.customer.churn.models import ChurnFit, ChurnScore
from services.customer.churn.repository import History, Turned
from services.customer.churn.rules import (
    HORIZON_DAYS,
    LEAST_REPEAT_BUYERS,
    Line,
    Scoring,
    Signals,
    Weights,
    points_on,
)
from services.customer.churn.schemas import (
    AreasRead,
    ChurnFitCreate,
    ChurnFitRead,
    ChurnLackRead,
    ChurnQualityRead,
    PlainRuleRead,
)
from services.customer.funnel.rules import rate
from services.customer.funnel.schemas import RateRead
from services.customer.policies import service as policies
from services.customer.policies.bodies import ChurnBody
from services.customer.policies.enums import PolicyKind

FIT: Final = "churn-fits.run"
"""Kind of the job that fits the model."""
MONTHLY: Final = "churn-fits.monthly"
"""Kind of the job that does so when the month has no fit yet."""
FITS: Final = Resource("churn-fit", ChurnFit, lambda _: None, audited=())
CHUNK: Final = 2_000
"""So many scores are kept by one statement."""
_NOTHING: Final = Signals()


class FutureDate(Invalid):
    code, title = "future-date", "The day has not come yet"


class Judging(NamedTuple):
    """What accounts are judged by: a version of the policy and the fit in force, if one."""

    policy_version: int
    fit_id: UUID | None
    scoring: Scoring


async def start_fit(work: Work, data: ChurnFitCreate) -> ChurnFitRead:
    """Fit the model as of a day: a job with the id of the fit. Raises FutureDate."""
    as_of = data.as_of or work.today
    if as_of > work.today:
        raise FutureDate(errors=[FieldError("/as_of", FutureDate.code, f"today is {work.today}")])
    fit = ChurnFit(**fresh(), as_of=as_of, created_by=work.actor.subject)
    await insert_rows(work.tx, ChurnFit, [fit])
    await audit_added(work, "churn_fit", fit.id, {"as_of": as_of.isoformat()})
    await enqueue(work.tx, FIT, {}, work.actor.subject, job_id=fit.id)
    return await get_fit(work, fit.id)


async def start_monthly(work: Work, fit_id: UUID) -> bool:
    """Add a fit as of today unless there is one of this month; whether `fit_id` is to be done."""
    if await repository.has_fit_since(work.tx, work.today.replace(day=1)):
        return await repository.is_waiting(work.tx, fit_id)
    fit = ChurnFit(**{**fresh(), "id": fit_id}, as_of=work.today, created_by=work.actor.subject)
    await insert_rows(work.tx, ChurnFit, [fit])
    return True


async def get_fit(work: Work, fit_id: UUID) -> ChurnFitRead:
    """A fit with the state of its job; raises NotFound."""
    fit = await require(work, FITS, fit_id)
    job = await require_job(work.tx, fit_id)
    lack = None
    if fit.repeat_buyers is not None and fit.fit is None:
        is_few = fit.repeat_buyers < LEAST_REPEAT_BUYERS
        few = ChurnLackRead(reason="repeat_buyers", have=fit.repeat_buyers, need=LEAST_REPEAT_BUYERS)
        lack = few if is_few else ChurnLackRead(reason="search", have=0, need=1)
    return ChurnFitRead(
        **fit.model_dump(exclude={"updated_at", "version"}),
        insufficient_data=lack,
        state=job["state"],
        finished_at=job["finished_at"],
    )


async def groups_for(work: Work, fit_id: UUID) -> Sequence[Alike] | None:
    """What a fit is made of; None when it has been made. Raises NotFound."""
    fit = await require(work, FITS, fit_id)
    return None if fit.sample_size is not None else await repository.groups_on(work.tx, fit.as_of)


async def keep_fit(work: Work, fit_id: UUID, groups: Sequence[Alike], found: Fitted | None) -> ChurnFit:
    """Keep what a fit has found, and what it says of accounts; one that is there already stays as it is. Accounts are
    looked at under it soon after. Raises NotFound."""
    fit = await require(work, FITS, fit_id, lock=True)
    if fit.sample_size is not None:
        return fit
    values: dict[str, object] = {
        "sample_size": sum(one.accounts for one in groups),
        "repeat_buyers": sum(one.accounts for one in groups if one.repeats),
        "updated_at": clock.now(),
    }
    if found is not None and found.is_converged:
        values |= {**found.fit._asdict(), "log_likelihood": found.log_likelihood}
        values |= await _score_all(work, fit.model_copy(update=values))
    done = fit.model_copy(update=values)
    await repository.put_fit(work.tx, done)
    return done


async def _score_all(work: Work, fit: ChurnFit) -> dict[str, object]:
    judging = await judging_on(work, fit.as_of)
    scoring = judging.scoring._replace(fit=fit.fit)
    chunk: list[History] = []
    scored = warned = 0
    async for history in repository.histories_on(work.tx, fit.as_of):
        chunk.append(history)
        if len(chunk) == CHUNK:
            warned += await _score(work, fit, scoring, chunk)
            scored, chunk = scored + CHUNK, []
    warned += await _score(work, fit, scoring, chunk)
    return {
        "policy_version": judging.policy_version,
        "scored_accounts": scored + len(chunk),
        "warned_accounts": warned,
    }


async def _score(work: Work, fit: ChurnFit, scoring: Scoring, chunk: Sequence[History]) -> int:
    """Keep the scores of some accounts; returns how many are warned of. What else is known is known of today alone."""
    is_today = fit.as_of == work.today
    known = await signals_of(work, [one.account_id for one in chunk]) if is_today else {}
    scores = [_scored(fit, scoring, one, known.get(one.account_id, _NOTHING)) for one in chunk]
    await repository.put_scores(work.tx, scores)
    return sum(one.is_warned for one in scores)


def _scored(fit: ChurnFit, scoring: Scoring, one: History, signals: Signals) -> ChurnScore:
    points = points_on(one.days, fit.as_of, scoring, signals)
    assert points is not None, "there are enough days"
    assert points.p_alive is not None, "there is a fit"
    assert points.p_silent is not None, "there is a fit"
    return ChurnScore(
        fit_id=fit.id,
        account_id=one.account_id,
        days_since=(fit.as_of - one.days[-1]).days,
        rhythm=points.rhythm,
        p_alive=points.p_alive,
        p_silent=points.p_silent,
        score=points.score,
        is_warned=points.exact >= scoring.line.warn_at,
    )


async def judging_on(work: Work, day: date) -> Judging:
    """What accounts are judged by on a day."""
    policy = await policies.policy_on(work, PolicyKind.CHURN, day)
    assert isinstance(policy.body, ChurnBody)
    fit = await repository.in_force(work.tx, day)
    weights = Weights(**policy.body.points.model_dump())
    line = Line(policy.body.warn_at, policy.body.clear_below)
    return Judging(policy.policy_version, fit.id if fit else None, Scoring(fit.fit if fit else None, weights, line))


async def signals_of(work: Work, account_ids: Collection[UUID]) -> dict[UUID, Signals]:
    """What else than orders is known of accounts today."""
    found = await repository.known_of(work.tx, account_ids)
    return {one.account_id: Signals(one.complaint_on, one.detractor_on, tuple(one.overdue_on)) for one in found}


async def read_quality(work: Work, as_of: date | None) -> ChurnQualityRead:
    """How the warnings of a fit turned out: of a day, or of the latest whose 91 days are over."""
    fit = await repository.fit_over(work.tx, work.today - timedelta(days=HORIZON_DAYS), as_of)
    if fit is None:
        return ChurnQualityRead(as_of=as_of, insufficient_data=ChurnLackRead(reason="churn_fit", have=0, need=1))
    until = fit.as_of + timedelta(days=HORIZON_DAYS)
    found = await repository.turned(work.tx, fit.id, fit.as_of, until)
    if found is not None:
        return _figures(fit, until, found)
    return ChurnQualityRead(
        as_of=fit.as_of,
        until=until,
        fit_id=fit.id,
        policy_version=fit.policy_version,
        insufficient_data=ChurnLackRead(reason="accounts", have=0, need=1),
    )


def _figures(fit: ChurnFit, until: date, found: Turned) -> ChurnQualityRead:
    base = found.silent / found.n
    plain = PlainRuleRead(
        days_since=found.threshold,
        warned=found.plain_warned,
        precision=_rate(found.plain_silent, found.plain_warned),
        recall=_rate(found.plain_silent, found.silent),
    )
    areas = AreasRead(
        rhythm=found.rhythm_auc,
        days_since=found.days_since_auc,
        p_left=found.p_left_auc,
        p_silent=found.p_silent_auc,
    )
    return ChurnQualityRead(
        as_of=fit.as_of,
        until=until,
        fit_id=fit.id,
        policy_version=fit.policy_version,
        sample_size=found.n,
        warned=found.warned,
        base_rate=_rate(found.silent, found.n),
        precision=_rate(found.warned_silent, found.warned),
        recall=_rate(found.warned_silent, found.silent),
        brier=found.brier,
        brier_of_base_rate=base * (1 - base),
        plain_rule=plain,
        areas=areas,
    )


def _rate(hits: int, size: int) -> RateRead:
    found = rate(hits, size)
    return RateRead(**found._asdict(), insufficient_data=found.value is None)
