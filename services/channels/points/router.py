"""Points: programmes, members, and what they earned, redeemed and lost."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.principals import owned_rows
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.points import service
from services.channels.points.lists import ACCOUNTS, ADJUSTMENTS, ENTRIES, PROGRAMMES
from services.channels.points.rules import MOVES
from services.channels.points.schemas import (
    PointsAccountRead,
    PointsAdjust,
    PointsAdjustmentRead,
    PointsBalancesRead,
    PointsEntryRead,
    PointsJoin,
    PointsMemberRead,
    PointsProgrammeCreate,
    PointsProgrammeRead,
    PointsProgrammeUpdate,
)
from services.channels.points.service import Standing

router = routes.router("points")
PROGRAMME = "/v1/points-programmes"
ONE_PROGRAMME = PROGRAMME + "/{points_programme_id}"
ACCOUNT = "/v1/points-accounts"
ONE_ACCOUNT = ACCOUNT + "/{points_account_id}"
ADJUSTMENT = "/v1/points-adjustments"
ONE_ADJUSTMENT = ADJUSTMENT + "/{points_adjustment_id}"

ProgrammeReader = Annotated[Context, Depends(Allow("points-programmes:read"))]
ProgrammeWriter = Annotated[Context, Depends(Allow("points-programmes:write"))]
Reader = Annotated[Context, Depends(Allow("points:read", reads=("account_fact", "account_redirect", "terms")))]
Writer = Annotated[Context, Depends(Allow("points:write", reads=("account_fact", "account_redirect", "terms")))]
Approver = Annotated[Context, Depends(Allow("points:approve", reads=("account_fact", "account_redirect", "terms")))]
_APPROVE, _REJECT = (shown_move(service.ADJUSTMENT, MOVES, action) for action in ("approve", "reject"))


def _answer(found: Standing, made_under: str | None = None) -> Response:
    account = {"account_id": found.account_id, "filed_account_id": found.row.account_id}
    more = {**account, "available": found.available, "usable": found.usable}
    return row_answer(PointsAccountRead, found.row, made_under, more)


@router.post(PROGRAMME, response_model=PointsProgrammeRead, status_code=201)
async def create_points_programme(body: PointsProgrammeCreate, work: ProgrammeWriter) -> Response:
    """Enter a programme: what its members earn with orders that are delivered from its first day on."""
    return row_answer(PointsProgrammeRead, await service.create_programme(work, body), PROGRAMME)


@router.get(PROGRAMME, response_model=page_of(PointsProgrammeRead), openapi_extra=documented(PROGRAMMES))
async def list_points_programmes(work: ProgrammeReader) -> Response:
    """Programmes by code."""
    return await list_answer(work, PROGRAMMES)


@router.get(ONE_PROGRAMME, response_model=PointsProgrammeRead)
async def get_points_programme(points_programme_id: UUID, work: ProgrammeReader) -> Response:
    """One programme."""
    return row_answer(PointsProgrammeRead, await service.require_programme(work, points_programme_id))


@router.patch(ONE_PROGRAMME, response_model=PointsProgrammeRead)
async def update_points_programme(
    points_programme_id: UUID, body: PointsProgrammeUpdate, version: IfMatch, work: ProgrammeWriter
) -> Response:
    """Give a programme another name or another last day, today at the earliest; its rate stays (a new one is another
    programme). 409 `points-programme-ended` once it has ended."""
    return row_answer(PointsProgrammeRead, await service.update_programme(work, points_programme_id, version, body))


@router.post(ONE_PROGRAMME + "/join", response_model=PointsAccountRead, status_code=201)
async def join_points_programme(points_programme_id: UUID, body: PointsJoin, work: Writer) -> Response:
    """Make an account a member: orders that are delivered from now on earn. 409 `points-account-account-id-taken` when
    it, or one that is one with it by a merge, is one; `points-programme-ended`."""
    return _answer(await service.join(work, points_programme_id, body.account_id), ACCOUNT)


@router.get(ACCOUNT, response_model=page_of(PointsMemberRead), openapi_extra=documented(ACCOUNTS))
async def list_points_accounts(work: Reader) -> Response:
    """Members whose accounts are the caller's to see, the latest first; what they have is shown of each alone."""
    accounts, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(work, ACCOUNTS, accounts, args)


@router.get(ONE_ACCOUNT, response_model=PointsAccountRead)
async def get_points_account(points_account_id: UUID, work: Reader) -> Response:
    """One member, and what it has."""
    return _answer(await service.read_member(work, points_account_id))


@router.get("/v1/points-balances/{account_id}", response_model=PointsBalancesRead)
async def get_points_balances(account_id: UUID, work: Reader) -> Response:
    """What an account has in each programme."""
    items = [
        {
            "programme_id": one.row.programme_id,
            "points_account_id": one.row.id,
            "available": one.available,
            "usable": one.usable,
        }
        for one in await service.balances(work, account_id)
    ]
    return json_answer({"account_id": account_id, "items": items})


@router.get(ONE_ACCOUNT + "/entries", response_model=page_of(PointsEntryRead), openapi_extra=documented(ENTRIES))
async def list_points_entries(points_account_id: UUID, work: Reader) -> Response:
    """What moved points of a member, the latest first."""
    row = await service.require_member(work, points_account_id)
    return await list_answer(work, ENTRIES, "e.points_account_id = $1", [row.id])


@router.post(ONE_ACCOUNT + "/adjust", response_model=PointsAdjustmentRead, status_code=201)
async def adjust_points(points_account_id: UUID, body: PointsAdjust, work: Writer) -> Response:
    """Ask to give or to take points; nothing moves until somebody else agrees."""
    return row_answer(PointsAdjustmentRead, await service.ask_adjustment(work, points_account_id, body), ADJUSTMENT)


@router.get(ADJUSTMENT, response_model=page_of(PointsAdjustmentRead), openapi_extra=documented(ADJUSTMENTS))
async def list_points_adjustments(work: Reader) -> Response:
    """Adjustments of members whose accounts are the caller's to see, the latest first."""
    accounts, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(work, ADJUSTMENTS, accounts, args)


@router.get(ONE_ADJUSTMENT, response_model=PointsAdjustmentRead)
async def get_points_adjustment(points_adjustment_id: UUID, work: Reader) -> Response:
    """One adjustment."""
    return row_answer(PointsAdjustmentRead, await service.require_adjustment(work, points_adjustment_id))


@router.post(ONE_ADJUSTMENT + "/approve", response_model=PointsAdjustmentRead, openapi_extra=_APPROVE)
async def approve_points_adjustment(points_adjustment_id: UUID, work: Approver) -> Response:
    """Agree to an adjustment that somebody else asked for (409 `same-person`): points given expire as earned ones do,
    points taken are those that expire first (409 `points-short`: not more than there are)."""
    row = await service.decide_adjustment(work, points_adjustment_id, "approve")
    return row_answer(PointsAdjustmentRead, row)


@router.post(ONE_ADJUSTMENT + "/reject", response_model=PointsAdjustmentRead, openapi_extra=_REJECT)
async def reject_points_adjustment(points_adjustment_id: UUID, work: Approver) -> Response:
    """Do not agree to an adjustment that somebody else asked for (409 `same-person`)."""
    return row_answer(PointsAdjustmentRead, await service.decide_adjustment(work, points_adjustment_id, "reject"))
