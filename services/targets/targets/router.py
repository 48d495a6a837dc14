"""Targets: what a unit or member is to reach in a period, from draft to closed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.metrics.service import shown_list
from services.targets.targets import batches, moves, service
from services.targets.targets.lists import COST, FIGURES, LIVE, OF_TARGET, TARGETS, VERSIONS, VISIBLE
from services.targets.targets.rules import MOVES, NOUN
from services.targets.targets.schemas import (
    TargetBatch,
    TargetCreate,
    TargetRead,
    TargetReject,
    TargetRow,
    TargetVersionRead,
)
from services.targets.units.service import visible_to

router = routes.router("targets")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]
Proposer = Annotated[Context, Depends(Allow("targets:propose"))]
Approver = Annotated[Context, Depends(Allow("targets:approve"))]
_REJECT, _WITHDRAW, _ACTIVATE, _CLOSE = (
    shown_move(NOUN, MOVES, action) for action in ("reject", "withdraw", "activate", "close")
)


@router.post("/v1/targets", response_model=TargetRead, status_code=201)
async def create_target(data: TargetCreate, work: Writer) -> Response:
    """Make a root target, a draft."""
    return row_answer(TargetRead, await service.shown(work, await service.add_target(work, data)), "/v1/targets")


@router.post("/v1/targets/batch", response_model=BatchAnswer)
async def upsert_targets(data: TargetBatch, work: Writer) -> Response:
    """Make or change root targets by `external_id`; a result per row."""
    rows, results = parse_rows(TargetRow, data)
    await batches.upsert_targets(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/targets", response_model=page_of(TargetRead), openapi_extra=documented(TARGETS))
async def list_targets(work: Reader) -> Response:
    """Targets of every level; `parent_id[null]=true` gives the roots. Those of a plan are listed by `plan_id` only."""
    where, args = (await visible_to(work)).rows(VISIBLE)
    of_plan = any(name.partition("[")[0] == "plan_id" for name in work.request.query_params)
    shown = shown_list(work, TARGETS, FIGURES, COST)
    return await list_answer(work, shown, where if of_plan else f"({where}) AND {LIVE}", args)


@router.get("/v1/targets/{target_id}", response_model=TargetRead)
async def get_target(target_id: UUID, work: Reader) -> Response:
    """One target."""
    return row_answer(TargetRead, await service.shown(work, await service.require_target(work, target_id)))


@router.post("/v1/targets/{target_id}/reject", response_model=TargetRead, openapi_extra=_REJECT)
async def reject_target(target_id: UUID, body: TargetReject, work: Approver) -> Response:
    """Send a proposal back, and what is proposed below it; what is above it is no longer proposed or approved."""
    return row_answer(
        TargetRead, await service.shown(work, await moves.take_back_target(work, target_id, "reject", body.reason))
    )


@router.post("/v1/targets/{target_id}/withdraw", response_model=TargetRead, openapi_extra=_WITHDRAW)
async def withdraw_target(target_id: UUID, work: Proposer) -> Response:
    """Take a proposal back, and what is proposed below it; what is above it is no longer proposed or approved."""
    return row_answer(TargetRead, await service.shown(work, await moves.take_back_target(work, target_id, "withdraw")))


@router.post("/v1/targets/{target_id}/activate", response_model=TargetRead, openapi_extra=_ACTIVATE)
async def activate_target(target_id: UUID, work: Writer) -> Response:
    """Let a target and everything below it count. Where the policy asks for approvals, all of it needs one (409
    `not-approved`)."""
    return row_answer(TargetRead, await service.shown(work, await moves.activate_target(work, target_id)))


@router.post("/v1/targets/{target_id}/close", response_model=TargetRead, openapi_extra=_CLOSE)
async def close_target(target_id: UUID, work: Writer) -> Response:
    """Close a target and everything below it; what was credited until now is kept as `closed_value`. Otherwise a target
    closes by itself on `closes_on`."""
    return row_answer(TargetRead, await service.shown(work, await moves.close_target(work, target_id)))


@router.get(
    "/v1/targets/{target_id}/versions", response_model=page_of(TargetVersionRead), openapi_extra=documented(VERSIONS)
)
async def list_target_versions(target_id: UUID, work: Reader) -> Response:
    """What a target amounted to, by the day from which on; what never counted has none."""
    await service.require_target(work, target_id)
    return await list_answer(work, VERSIONS, OF_TARGET, [target_id])
