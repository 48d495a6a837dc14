"""Use cases of assessments: kept as they are made, shown as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotHeardYet, UnknownReference
from kit.ids import new_id
from kit.records import audit_added
from kit.work import Work
from services.risk.assessments import repository
from services.risk.assessments.enums import AssessmentKind
from services.risk.assessments.models import Assessment
from services.risk.assessments.rules import SHOWN, Cell, Judged, Moved, Placed, by_cell, check_residual, moves
from services.risk.assessments.schemas import (
    AssessmentCreate,
    CellRead,
    HeatMapQuery,
    HeatMapRead,
    MovedRead,
    MovesRead,
    PlacedRead,
    PlaceRead,
    UnassessedRead,
)
from services.risk.directory import service as directory
from services.risk.policies import service as policies
from services.risk.policies.bodies import MatrixBody
from services.risk.policies.enums import RiskBand, RiskPolicyKind
from services.risk.policies.models import RiskPolicy
from services.risk.policies.rules import DateOrder
from services.risk.risks import service as risks


def bands_of(policy: RiskPolicy) -> dict[Cell, RiskBand]:
    """The bands of a matrix by their cells."""
    assert isinstance(policy.body, MatrixBody), "a matrix has the body of one"
    return {(cell.likelihood, cell.impact): cell.band for cell in policy.body.cells}


async def assess_risk(work: Work, data: AssessmentCreate) -> Assessment:
    """Assess a risk under the matrix of today, and say so; assessments of one risk take turns under its row.

    Raises UnknownReference, StateConflict for a risk that is closed, ResidualExceedsInherent.
    """
    risk = await risks.require_reference(work, data.risk_id, lock=True)
    policy = await policies.policy_on(work, RiskPolicyKind.MATRIX, work.today)
    assessment: Assessment = Assessment(
        id=new_id(),
        ordinal=risk.assessments + 1,
        band=bands_of(policy)[data.likelihood, data.impact],
        matrix_version=policy.policy_version,
        day=work.today,
        assessed_by=work.actor.subject,
        created_at=clock.now(),
        **data.model_dump(),
    )
    match data.kind:
        case AssessmentKind.INHERENT:
            check_residual(assessment.judged, await _judged(work, risk.id, AssessmentKind.RESIDUAL))
        case AssessmentKind.RESIDUAL:
            check_residual(await _judged(work, risk.id, AssessmentKind.INHERENT), assessment.judged)
        case AssessmentKind.CURRENT:
            pass
    said = assessment.model_dump(include={"kind", "likelihood", "impact", "band", "matrix_version"})
    await risks.assessed(work, risk, assessment_id=assessment.id, **said)
    await repository.add_assessment(work.tx, assessment)
    await audit_added(work, "assessment", assessment.id, assessment.model_dump(mode="json"))
    return assessment


async def _judged(work: Work, risk_id: UUID, kind: AssessmentKind) -> Judged | None:
    latest = await repository.latest(work.tx, risk_id, kind)
    return None if latest is None else latest.judged


async def count_open(work: Work) -> int:
    """How many risks are not closed."""
    return await repository.count_open(work.tx)


async def next_open(work: Work, after: UUID | None, most: int) -> tuple[list[UUID], list[Assessment]]:
    """Risks that are not closed, by id after one of them, and the last assessments of each kind that they have."""
    ids = await repository.next_open(work.tx, after, most)
    return ids, await repository.last_of(work.tx, ids)


async def heat_map(work: Work, query: HeatMapQuery) -> HeatMapRead:
    """Where the risks that the caller sees stood on a day; raises UnknownReference, NotHeardYet, DateOrder."""
    day = query.as_of or work.today
    if query.since is not None and query.since > day:
        raise DateOrder(errors=[FieldError("from", DateOrder.code, f"lies after {day}")])
    if query.matrix_version is None:
        policy: RiskPolicy | None = await policies.policy_on(work, RiskPolicyKind.MATRIX, day)
    else:
        policy = await policies.find_version(work, RiskPolicyKind.MATRIX, query.matrix_version)
    if policy is None:
        raise UnknownReference(errors=[FieldError("matrix_version", UnknownReference.code, "no such version")])
    if query.owner_id is not None and not await directory.known_members(work, [query.owner_id]):
        raise NotHeardYet(errors=[FieldError("owner_id", NotHeardYet.code, "nobody told of this id")])

    async def placed(on: date) -> Sequence[Placed]:
        return await repository.placed(work.tx, work.visible, on, query.kind, query.risk_class, query.owner_id)

    now = await placed(day)
    found = by_cell(now)
    cells = [
        CellRead(
            likelihood=cell[0], impact=cell[1], band=band, count=len(found.get(cell, ())), risks=_first(found, cell)
        )
        for cell, band in sorted(bands_of(policy).items())
    ]
    return HeatMapRead(
        kind=query.kind,
        as_of=day,
        matrix_version=policy.policy_version,
        cells=cells,
        unassessed=UnassessedRead(count=len(found.get(None, ())), risks=_first(found, None)),
        moves=None if query.since is None else _moves(moves(await placed(query.since), now)),
    )


def _first(found: dict[Cell | None, list[Placed]], cell: Cell | None) -> list[PlacedRead]:
    return [PlacedRead.model_validate(risk) for risk in found.get(cell, ())[:SHOWN]]


def _moves(moved: list[Moved]) -> MovesRead:
    return MovesRead(count=len(moved), risks=[_moved(one) for one in moved[:SHOWN]])


def _moved(one: Moved) -> MovedRead:
    risk = one.risk
    return MovedRead(id=risk.id, code=risk.code, title=risk.title, before=_place(one.before), after=_place(one.after))


def _place(cell: Cell | None) -> PlaceRead | None:
    return None if cell is None else PlaceRead(likelihood=cell[0], impact=cell[1])
