"""Use cases of studies: drafted, run, completed, cancelled, copied, read."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.errors import Conflict, FieldError, StateConflict, UnknownReference
from kit.ids import new_id
from kit.jobs.jobs import JobAlreadyFinished, JobNotFound, enqueue, request_cancel
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.directory import service as directory
from services.risk.events_out.studies import StudyCompleted
from services.risk.policies import service as policies
from services.risk.policies.bodies import MatrixBody
from services.risk.policies.enums import RiskPolicyKind
from services.risk.risks import service as risks
from services.risk.risks.enums import LinkKind
from services.risk.risks.models import Risk
from services.risk.scenarios import service as scenarios
from services.risk.scenarios.enums import ExposureDimension, ScenarioState
from services.risk.scenarios.laws import dimensions_of
from services.risk.scenarios.models import Scenario
from services.risk.studies import repository
from services.risk.studies.bodies import StudyResults
from services.risk.studies.computation import scenario_of
from services.risk.studies.copula import Correlation, checked_matrix
from services.risk.studies.enums import StudyState
from services.risk.studies.models import Study, StudyResult, StudyRun, StudyScenario
from services.risk.studies.rules import ENDS, MONTHS, MOVES, SEEDS, check_draws, check_size
from services.risk.studies.schemas import (
    LossCurveRead,
    StudyCreate,
    StudyResultsRead,
    StudyUpdate,
    TargetAdjustmentRead,
)

NOUN = "study"
RUN = "studies.run"
"""Kind of the job that runs a study."""
PROJECTIONS = ("receivable", "account_redirect", "tally", "line_tally")
"""What exposures are read from."""
LOOK = timedelta(seconds=30)
"""How often somebody looks whether the job of a study still stands."""


class ScenarioArchived(Conflict):
    code, title = "scenario-archived", "A scenario of the study is archived"


class StudyNotCompleted(Conflict):
    code, title = "study-not-completed", "The study has shown nothing yet"


def _resource(work: Work) -> Resource[Study]:
    """Studies; that one is completed is told, with the business day."""

    def said(one: Change[Study]) -> StudyCompleted | None:
        if one.after.state is not StudyState.COMPLETED:
            return None
        return StudyCompleted.of(one.after, currency=work.base_currency, business_date=work.today)

    return Resource(NOUN, Study, said, audited=tuple(StudyCreate.model_fields), owner="owner_id")


async def _check(work: Work, study: Study, before: UUID | None = None) -> None:
    """Raises UnknownReference for scenarios that are unknown or not seen, StudyTooLarge, NotHeardYet for the owner,
    CorrelationInvalid, CorrelationNotPositiveDefinite."""
    check_size(study.trials, len(study.scenario_ids))
    (await risks.known(work, [study.owner_id], ())).check(study.owner_id, (), before)
    await _scenarios(work, study)
    known = set(study.scenario_ids)
    faults = [
        FieldError(f"/correlations/{number}/{side}", UnknownReference.code, "no scenario of the study")
        for number, one in enumerate(study.correlations)
        for side in ("a", "b")
        if getattr(one, side) not in known
    ]
    if faults:
        raise UnknownReference(errors=faults)
    checked_matrix([Correlation(one.a, one.b, one.r) for one in study.correlations])


async def _scenarios(work: Work, study: Study) -> list[tuple[Scenario, Risk]]:
    """The scenarios of a study with their risks, by id; raises UnknownReference, ScenarioArchived."""
    found = await scenarios.list_with_risks(work, study.scenario_ids)
    missing = [number for number, each in enumerate(study.scenario_ids) if each not in found]
    if missing:
        faults = [
            FieldError(f"/scenario_ids/{number}", UnknownReference.code, "no such scenario") for number in missing
        ]
        raise UnknownReference(errors=faults)
    archived = [
        FieldError(f"/scenario_ids/{number}", ScenarioArchived.code, str(each))
        for number, each in enumerate(study.scenario_ids)
        if found[each][0].state is ScenarioState.ARCHIVED
    ]
    if archived:
        raise ScenarioArchived(errors=archived)
    return [found[each] for each in study.scenario_ids]


async def draft_study(work: Work, data: StudyCreate) -> Study:
    """A new draft; raises what `_check` raises."""
    study = Study.model_validate({**fresh(), **data.model_dump(), "state": StudyState.DRAFT})
    await _check(work, study)
    return await add(work, _resource(work), study, action="draft")


async def change_draft(work: Work, study_id: UUID, version: Versions, data: StudyUpdate) -> Study:
    """Change a draft; raises NotFound, VersionMismatch, StateConflict and what a new one raises."""
    before = await require(work, _resource(work), study_id, version=version)
    if before.state is not StudyState.DRAFT:
        raise StateConflict(NOUN, "change", before.state, [StudyState.DRAFT])
    given = data.given()
    await _check(work, changed_row(before, given).after, before.owner_id)
    return await change(work, _resource(work), before, given)


async def copy_study(work: Work, study_id: UUID) -> Study:
    """A draft like another study, with its seed and in no state but that; it is no reference.

    Raises NotFound, and what a new one raises.
    """
    source = await require(work, _resource(work), study_id)
    kept = source.model_dump(include=set(StudyCreate.model_fields)) | {"is_reference": False}
    study = Study.model_validate({**fresh(), **kept, "state": StudyState.DRAFT})
    await _check(work, study, source.owner_id)
    return await add(work, _resource(work), study, action="copy")


async def run_study(work: Work, study_id: UUID) -> Study:
    """Keep what the study runs with, and let a worker compute it.

    Raises StateConflict, and what a new one raises; StudyTooLarge also for too many events.
    """
    before = await require(work, _resource(work), study_id, lock=True)
    state = next_state(NOUN, MOVES, "run", before.state)
    await _check(work, before, before.owner_id)
    run, kept = await _frozen(work, before)
    job_id, now = new_id(), clock.now()
    changes: dict[str, Any] = {
        "state": state,
        "seed": secrets.randbelow(SEEDS) if before.seed is None else before.seed,
        "started_at": now,
        "job_id": job_id,
        "due_at": now + LOOK,
    }
    after = await change(work, _resource(work), before, changes, action="run")
    await repository.add_run(work.tx, run, kept)
    asked = {
        "study_id": str(study_id),
        "subject": work.actor.subject,
        "roles": sorted(work.actor.roles),
    }
    await enqueue(work.tx, RUN, asked, work.actor.subject, job_id=job_id)
    return after


async def _frozen(work: Work, study: Study) -> tuple[StudyRun, list[StudyScenario]]:
    """What the study runs with, from now on; raises StudyTooLarge."""
    kept = [_kept(study.id, scenario, risk) for scenario, risk in await _scenarios(work, study)]
    needed = {each for one in kept for each in dimensions_of(one.frequency, one.severity)}
    found = {each: tuple(await repository.exposures(work.tx, each, work.today)) for each in needed}
    years = study.horizon_months / MONTHS
    check_draws(
        study.trials,
        [scenario_of(one.scenario_id, one.frequency, one.severity, found).frequency.over(years).most for one in kept],
    )
    matrix = (await policies.policy_on(work, RiskPolicyKind.MATRIX, work.today)).body
    assert isinstance(matrix, MatrixBody), "a policy has the body of its kind"
    run = StudyRun(
        study_id=study.id,
        account_exposures=found.get(ExposureDimension.ACCOUNT, ()),
        partner_exposures=found.get(ExposureDimension.PARTNER, ()),
        region_exposures=found.get(ExposureDimension.REGION, ()),
        channel_exposures=found.get(ExposureDimension.CHANNEL, ()),
        product_line_exposures=found.get(ExposureDimension.PRODUCT_LINE, ()),
        likelihood_bounds=matrix.likelihood_bounds,
        impact_bounds=matrix.impact_bounds,
    )
    return run, kept


def _kept(study_id: UUID, scenario: Scenario, risk: Risk) -> StudyScenario:
    return StudyScenario(
        study_id=study_id,
        scenario_id=scenario.id,
        scenario_version=scenario.version,
        risk_id=risk.id,
        risk_class=risk.risk_class,
        target_ids=_targets(risk),
        frequency=scenario.frequency,
        severity=scenario.severity,
    )


def _targets(risk: Risk) -> tuple[UUID, ...]:
    return tuple(sorted({UUID(link.id) for link in risk.links if link.kind is LinkKind.TARGET}))


async def exposures_of(work: Work, dimension: ExposureDimension) -> list[int]:
    """Exposures above 0, by the ids of whose they are."""
    return await repository.exposures(work.tx, dimension, work.today)


async def cancel_study(work: Work, study_id: UUID) -> Study:
    """Stop a study; raises StateConflict."""
    before = await require(work, _resource(work), study_id, lock=True)
    next_state(NOUN, MOVES, "cancel", before.state)
    if before.job_id is not None:
        # the worker may have died too often, or housekeeping have taken the job: the study ends all the same
        with suppress(JobAlreadyFinished, JobNotFound):
            await request_cancel(work.tx, before.job_id)
    return await _end(work, before, "cancel")


async def _end(work: Work, before: Study, action: str, **changes: Any) -> Study:
    over = {"state": next_state(NOUN, ENDS, action, before.state), "finished_at": clock.now(), "due_at": None}
    return await change(work, _resource(work), before, {**over, **changes}, action=action)


async def complete_study(work: Work, study_id: UUID, results: StudyResults) -> None:
    """What a study has shown; nothing for one that no longer runs."""
    if (before := await _running(work, study_id)) is None:
        return
    var_95, var_99 = (one.value_at_risk for one in results.quantiles)
    await repository.add_result(work.tx, StudyResult(study_id=study_id, results=results))
    await _end(work, before, "complete", expected_loss=results.expected_loss, var_95=var_95, var_99=var_99)


async def fail_study(work: Work, study_id: UUID, code: str) -> None:
    """A study cannot be computed; nothing for one that no longer runs."""
    if (before := await _running(work, study_id)) is not None:
        await _end(work, before, "fail", failure=code)


async def give_up_study(work: Work, study_id: UUID) -> None:
    """The job of a study was cancelled; nothing for one that no longer runs."""
    if (before := await _running(work, study_id)) is not None:
        await _end(work, before, "cancel")


async def _running(work: Work, study_id: UUID) -> Study | None:
    found = await require(work, _resource(work), study_id, lock=True)
    return found if found.state is StudyState.RUNNING else None


async def read_results(work: Work, study_id: UUID) -> StudyResultsRead:
    """What a study has shown; raises NotFound, StudyNotCompleted."""
    study, found = await _shown(work, study_id)
    return StudyResultsRead.model_construct(
        study_id=study.id,
        seed=study.seed,
        trials=study.trials,
        horizon_months=study.horizon_months,
        currency=work.base_currency,
        **dict(found),
    )


async def read_curve(work: Work, study_id: UUID) -> LossCurveRead:
    """The loss curve of a study; raises NotFound, StudyNotCompleted."""
    study, found = await _shown(work, study_id)
    return LossCurveRead(study_id=study.id, currency=work.base_currency, points=list(found.curve))


async def _shown(work: Work, study_id: UUID) -> tuple[Study, StudyResults]:
    study = await require(work, _resource(work), study_id)
    found = await repository.find_result(work.tx, study_id)
    if found is None:
        raise StudyNotCompleted(f"the study is {study.state}", extra={"state": study.state})
    return study, found.results


class Reference(NamedTuple):
    """A reference study and what it has shown."""

    study: Study
    results: StudyResults


async def last_reference(work: Work, *, before: datetime | None = None, months: int | None = None) -> Reference | None:
    """The last completed reference study that the caller sees, before a moment and of a horizon if asked for."""
    study = await repository.last_reference(work.tx, work.visible, before, months)
    found = None if study is None else await repository.find_result(work.tx, study.id)
    return None if study is None or found is None else Reference(study, found.results)


async def reference_curve(work: Work, before: datetime) -> LossCurveRead | None:
    """The loss curve of the last reference study that was completed before a moment, if one."""
    found = await last_reference(work, before=before)
    if found is None:
        return None
    return LossCurveRead(study_id=found.study.id, currency=work.base_currency, points=list(found.results.curve))


async def read_adjustment(work: Work, target_id: UUID) -> TargetAdjustmentRead:
    """What the risks linked to a target may cost, by the last completed reference study that the caller sees; raises
    NotHeardYet for a target that nobody told of."""
    found = await last_reference(work)
    shares = () if found is None else found.results.targets
    share = next((one for one in shares if one.target_id == target_id), None)
    if share is None:
        await directory.check_target(work, target_id)
    return TargetAdjustmentRead(
        target_id=target_id,
        expected_loss=0 if share is None else share.expected_loss,
        p50=0 if share is None else share.p50,
        p90=0 if share is None else share.p90,
        study_id=None if found is None else found.study.id,
        horizon_months=None if found is None else found.study.horizon_months,
        currency=work.base_currency,
        insufficient_data=found is None,
    )
