"""Use cases of evaluations: start, calculate what moves whom, give up, the level of a partner.

What was calculated is kept with what it was made of: later orders, also of days before, change nothing of it.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Final
from uuid import UUID

from kit.errors import FieldError, Invalid, LostRace, NotFound, UnknownReference
from kit.jobs.jobs import enqueue
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.work import Work
from services.channels.partners import service as partners
from services.channels.performance.rules import Period, period_before
from services.channels.tier_evaluations import repository
from services.channels.tier_evaluations.enums import TierEvaluationState, TierMove
from services.channels.tier_evaluations.models import PartnerTier, TierEvaluation, TierEvidence, TierLack, TierResult
from services.channels.tier_evaluations.repository import InputRow, Standing
from services.channels.tier_evaluations.rules import (
    MOVES,
    EvaluationOpen,
    EvaluationOutOfOrder,
    Figures,
    figures_of,
    lacks,
    next_above,
    reached,
    standing_in,
    verdict,
)
from services.channels.tier_evaluations.schemas import (
    PartnerTierRead,
    TierEvaluationCreate,
    TierLackRead,
    TierStepRead,
)
from services.channels.tier_programmes import service as programmes
from services.channels.tier_programmes.enums import TierMetric
from services.channels.tier_programmes.models import TierLevel, TierProgramme
from services.channels.tier_programmes.schemas import TierBenefitsBody

NOUN = "tier-evaluation"
EVALUATE: Final = "tier-evaluations.run"
"""Kind of the job that calculates an evaluation."""
PROJECTIONS = ("sales", "survey_fact")
"""What figures are made of, beside what this service keeps itself."""
MAX_DAYS = 3660
AUDITED = ("programme_id", "programme_code", "period_from", "period_to", "as_of")


class PeriodInvalid(Invalid):
    code, title = "period-invalid", "The period cannot be judged"


def _unsaid(_one: Change[TierEvaluation]) -> None:
    """What an evaluation makes of partners is told, itself it is not."""


EVALUATIONS = Resource(NOUN, TierEvaluation, _unsaid, audited=AUDITED)


async def start_evaluation(work: Work, data: TierEvaluationCreate) -> TierEvaluation:
    """Judge partners over a period: a job with the id of the evaluation.

    Raises PeriodInvalid, UnknownReference, EvaluationOpen, EvaluationOutOfOrder.
    """
    period = _period(work, data)
    version = await _version(work, data.programme_id, period.last)
    await check_order(work, version.code, period.last)
    before = period_before(period)
    row = TierEvaluation(
        **fresh(),
        programme_id=version.id,
        programme_code=version.code,
        period_from=period.first,
        period_to=period.last,
        before_from=before.first,
        before_to=before.last,
        as_of=work.today,
        state=TierEvaluationState.CALCULATING,
        created_by=work.actor.subject,
    )
    try:
        await add(work, EVALUATIONS, row, action="start")
    except LostRace:
        raise EvaluationOpen() from None
    await enqueue(work.tx, EVALUATE, {}, work.actor.subject, job_id=row.id)
    return row


async def require_evaluation(work: Work, evaluation_id: UUID) -> TierEvaluation:
    """An evaluation by id; raises NotFound."""
    return await require(work, EVALUATIONS, evaluation_id)


async def require_result(work: Work, evaluation_id: UUID, partner_id: UUID, *, lock: bool = False) -> TierResult:
    """What an evaluation says of a partner; raises NotFound."""
    found = await repository.find_result(work.tx, evaluation_id, partner_id, lock=lock)
    if found is None:
        raise NotFound(what="tier-result")
    return found


async def cancel_evaluation(work: Work, evaluation_id: UUID) -> TierEvaluation:
    """Give an evaluation up before it is published; raises NotFound, StateConflict."""
    before = await require(work, EVALUATIONS, evaluation_id, lock=True)
    state = next_state(NOUN, MOVES, "cancel", before.state)
    return await change(work, EVALUATIONS, before, {"state": state}, action="cancel")


async def calculate(work: Work, evaluation_id: UUID) -> TierEvaluation:
    """Keep what figures all partners have and where they move; one that is not to be calculated any more stays."""
    before = await require(work, EVALUATIONS, evaluation_id, lock=True)
    if before.state is not TierEvaluationState.CALCULATING:
        return before
    programme = await programmes.require_programme(work, before.programme_id)
    standings = await repository.standings(work.tx, before.programme_code)
    rows = await repository.inputs_of(work.tx, before, work.settings.timezone)
    results = [_result(before, programme, row, standings.get(row.partner_id)) for row in rows]
    await repository.add_results(work.tx, results)
    moves = Counter(one.move for one in results)
    changes = {
        "state": TierEvaluationState.PREVIEWED,
        "partners": len(results),
        "ups": moves[TierMove.UP],
        "downs": moves[TierMove.DOWN],
    }
    return await change(work, EVALUATIONS, before, changes, action="calculate")


async def check_order(work: Work, programme_code: str, last: date) -> None:
    """Periods are published in the order of their last days: failing in a row is a matter of it. Raises
    EvaluationOutOfOrder."""
    latest = await repository.last_published(work.tx, programme_code)
    if latest is not None and latest.period_to >= last:
        raise EvaluationOutOfOrder(extra={"period_to": latest.period_to.isoformat()})


async def read_tier(work: Work, partner_id: UUID, programme_code: str | None) -> PartnerTierRead:
    """The level of a partner today, how it came to it, and what it lacks; raises NotFound."""
    await partners.require_partner(work, partner_id)
    rows = await repository.tiers_of(work.tx, partner_id, programme_code)
    if not rows:
        return PartnerTierRead(partner_id=partner_id, as_of=work.today, programme_code=programme_code)
    own = [row for row in rows if row.programme_code == rows[0].programme_code]
    current = next((row for row in own if row.effective_from <= work.today), None)
    return await _told(work, own, current)


async def _told(work: Work, rows: list[PartnerTier], current: PartnerTier | None) -> PartnerTierRead:
    newest = rows[0]
    evaluation = await require_evaluation(work, newest.evaluation_id)
    result = await require_result(work, evaluation.id, newest.partner_id)
    latest = await programmes.require_programme(work, newest.programme_id)
    above = next_above(latest.ladder, standing_in(latest.ladder, current.rank if current else None))
    level = await _level(work, current, latest)
    return PartnerTierRead(
        partner_id=newest.partner_id,
        as_of=work.today,
        programme_code=newest.programme_code,
        level=current.level if current else None,
        name=level.name if level else None,
        rank=current.rank if current else None,
        benefits=TierBenefitsBody.model_validate(level.benefits.model_dump()) if level else None,
        effective_from=current.effective_from if current else None,
        evaluation_id=evaluation.id,
        period_from=evaluation.period_from,
        period_to=evaluation.period_to,
        next_level=above.code if above else None,
        missing=[TierLackRead(**one._asdict()) for one in lacks(above, figures_in(result))] if above else [],
        history=[TierStepRead.model_validate(row, from_attributes=True) for row in rows],
    )


async def _level(work: Work, current: PartnerTier | None, latest: TierProgramme) -> TierLevel | None:
    """A level as the version that gave it has it."""
    if current is None:
        return None
    is_latest = current.programme_id == latest.id
    programme = latest if is_latest else await programmes.require_programme(work, current.programme_id)
    return next((level for level in programme.levels if level.code == current.level), None)


def figures_in(result: TierResult) -> Figures:
    """The figures that a result keeps."""
    return {metric: getattr(result, metric) for metric in TierMetric}


def _period(work: Work, data: TierEvaluationCreate) -> Period:
    if data.period_to < data.period_from:
        raise PeriodInvalid(errors=[FieldError("/period_to", "before-start", "ends before it begins")])
    if data.period_to > work.today:
        raise PeriodInvalid(errors=[FieldError("/period_to", "in-future", f"today is {work.today}")])
    if (data.period_to - data.period_from).days >= MAX_DAYS:
        raise PeriodInvalid(errors=[FieldError("/period_to", "too-long", f"more than {MAX_DAYS} days")])
    return Period(data.period_from, data.period_to)


async def _version(work: Work, programme_id: UUID, day: date) -> TierProgramme:
    try:
        named = await programmes.require_programme(work, programme_id)
    except NotFound:
        raise UnknownReference(
            errors=[FieldError("/programme_id", UnknownReference.code, "no such programme")]
        ) from None
    found = await programmes.version_on(work, named.code, day)
    if found is None:
        text = f"no published version counts on {day}"
        raise UnknownReference(errors=[FieldError("/programme_id", UnknownReference.code, text)])
    return found


def _result(evaluation: TierEvaluation, programme: TierProgramme, row: InputRow, old: Standing | None) -> TierResult:
    figures = figures_of(row.inputs)
    found = reached(programme.ladder, figures)
    judged = verdict(programme.ladder, old.rank if old else None, found, old.failures if old else 0)
    above = next_above(programme.ladder, judged.level)
    missing = [TierLack(**one._asdict()) for one in lacks(above, figures)] if above else []
    return TierResult(
        **fresh(),
        evaluation_id=evaluation.id,
        partner_id=row.partner_id,
        old_level=old.level if old else None,
        old_version=old.tier_version if old else 0,
        found_level=found.code if found else None,
        new_level=judged.level.code if judged.level else None,
        new_rank=judged.level.rank if judged.level else None,
        move=judged.move,
        failures=judged.failures,
        revenue=row.revenue,
        growth=figures[TierMetric.GROWTH],
        deals_won=figures[TierMetric.DEALS_WON],
        certificates=row.certificates,
        satisfaction=figures[TierMetric.SATISFACTION],
        conflicts=row.conflicts,
        evidence=TierEvidence.model_validate(row.model_dump(include=set(TierEvidence.model_fields))),
        next_level=above.code if above else None,
        missing=tuple(missing),
    )
