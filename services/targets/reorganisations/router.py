"""What becomes of units: who leads them, when they end, and what they go on as below another parent."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer, row_answer
from services.targets.reorganisations import service
from services.targets.reorganisations.rules import MAX_NAMED
from services.targets.reorganisations.schemas import (
    TargetKept,
    UnitEnd,
    UnitLeadSet,
    UnitPlan,
    UnitReorganise,
    UnitReorganised,
    UnitUse,
)
from services.targets.units.schemas import UnitRead

router = routes.router("units")

Writer = Annotated[Context, Depends(Allow("units:write"))]


@router.post("/v1/units/{unit_id}/lead", response_model=UnitRead)
async def appoint_unit_lead(unit_id: UUID, body: UnitLeadSet, work: Writer) -> Response:
    """Say who leads a unit from a day on. A manager sees, approves and commits for the units that they lead or belong
    to, and all below."""
    return row_answer(UnitRead, await service.appoint_lead(work, unit_id, body))


@router.post("/v1/units/{unit_id}/end", response_model=UnitRead)
async def end_unit(unit_id: UUID, body: UnitEnd, work: Writer) -> Response:
    """Let a unit end with a day. What names it after that is told (409 `unit-in-use`, `used_by`)."""
    return row_answer(UnitRead, await service.end_unit(work, unit_id, body))


@router.post("/v1/units/{unit_id}/reorganise", response_model=UnitReorganised)
async def reorganise_unit(unit_id: UUID, body: UnitReorganise, work: Writer) -> Response:
    """Let a unit and all below it go on below another parent from a day on. Each ends on the eve and has a successor,
    to which everybody moves who belongs to it then, in one transaction; credited lines from the day on refuse it (409
    `affects-posted-lines`) or are corrected. What was credited, reported and planned before reads as it did."""
    done = await service.reorganise_unit(work, unit_id, body)
    answer = UnitReorganised(
        ended=[UnitRead.model_validate(one) for one in done.ended],
        successors=[UnitRead.model_validate(one) for one in done.successors],
        members=done.members,
        job_ids=list(done.jobs),
        plans=[
            UnitPlan(
                plan_id=one.plan.id,
                root_id=one.plan.root_id,
                transferred=one.transferred,
                kept=[TargetKept(**each._asdict()) for each in one.kept],
            )
            for one in done.plans
        ],
        used_by=[UnitUse(**one._asdict()) for one in done.uses[:MAX_NAMED]],
        used_by_total=len(done.uses),
    )
    return json_answer(answer)
