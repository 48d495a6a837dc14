"""Draws: what members may win for points, fair by a seed whose digest is published before."""

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
from kit.web.responses import row_answer
from services.channels.points_draws import service
from services.channels.points_draws.lists import DRAWS, TICKETS
from services.channels.points_draws.rules import MOVES
from services.channels.points_draws.schemas import (
    PointsDrawCreate,
    PointsDrawRead,
    PointsDrawReplace,
    PointsTicketRead,
    TicketDraw,
)

router = routes.router("points")
PATH = "/v1/points-draws"
ONE = PATH + "/{points_draw_id}"
TICKETS_PATH = "/v1/points-tickets"
PROJECTIONS = ("account_fact", "account_redirect", "terms")

Reader = Annotated[Context, Depends(Allow("points-draws:read"))]
Writer = Annotated[Context, Depends(Allow("points-draws:write"))]
Approver = Annotated[Context, Depends(Allow("points-draws:approve"))]
TicketReader = Annotated[Context, Depends(Allow("points:read", reads=PROJECTIONS))]
TicketWriter = Annotated[Context, Depends(Allow("points:write", reads=PROJECTIONS))]
_REPLACE, _OPEN, _CLOSE = (shown_move(service.NOUN, MOVES, action) for action in ("replace", "open", "close"))


@router.post(PATH, response_model=PointsDrawRead, status_code=201)
async def draft_points_draw(body: PointsDrawCreate, work: Writer) -> Response:
    """Draft a draw. Its seed is made here and told to nobody before it is closed; `seed_hash` is its SHA-256.

    No prize may be worth more than the policy `draw` allows: 50,000.00 CNY as installed (422 `prize-too-large`), at the
    rate of today (409 `exchange-rate-missing`).
    """
    return row_answer(PointsDrawRead, await service.draft_draw(work, body), PATH)


@router.get(PATH, response_model=page_of(PointsDrawRead), openapi_extra=documented(DRAWS))
async def list_points_draws(work: Reader) -> Response:
    """Draws, those that begin last first."""
    return await list_answer(work, DRAWS)


@router.get(ONE, response_model=PointsDrawRead)
async def get_points_draw(points_draw_id: UUID, work: Reader) -> Response:
    """One draw; its seed is told once it is closed."""
    return row_answer(PointsDrawRead, await service.require_draw(work, points_draw_id))


@router.put(ONE, response_model=PointsDrawRead, openapi_extra=_REPLACE)
async def replace_points_draw(
    points_draw_id: UUID, body: PointsDrawReplace, version: IfMatch, work: Writer
) -> Response:
    """Set all terms of a draft but its code and its programme; its seed stays."""
    return row_answer(PointsDrawRead, await service.replace_draw(work, points_draw_id, version, body))


@router.post(ONE + "/open", response_model=PointsDrawRead, openapi_extra=_OPEN)
async def open_points_draw(points_draw_id: UUID, work: Approver) -> Response:
    """Let tickets be drawn of what somebody else wrote (409 `same-person`), on its days; its terms never change again
    and the digest of its seed is published."""
    return row_answer(PointsDrawRead, await service.open_draw(work, points_draw_id))


@router.post(ONE + "/close", response_model=PointsDrawRead, openapi_extra=_CLOSE)
async def close_points_draw(points_draw_id: UUID, work: Writer) -> Response:
    """Draw no more, before the last day is over: the seed is told."""
    return row_answer(PointsDrawRead, await service.close_draw(work, points_draw_id))


@router.post(ONE + "/draw", response_model=PointsTicketRead, status_code=201)
async def draw_points_ticket(points_draw_id: UUID, body: TicketDraw, work: TicketWriter) -> Response:
    """Draw the next ticket for a member, who pays its price with the points that expire first (409 `points-short`; 422
    `unknown-reference` for a member of another programme; 409 `points-draw-not-open` outside its days).

    Ticket n wins by HMAC-SHA256(seed, n): of the values of `n`, `n:1`, `n:2` and so on, in decimal digits, the first
    under the last whole multiple of all weights counts, modulo these. Prizes have their weights in the order of their
    codes, then come the blanks. A prize that ran out is none.
    """
    ticket = await service.draw_ticket(work, points_draw_id, body.points_account_id)
    return row_answer(PointsTicketRead, ticket, TICKETS_PATH)


@router.get(TICKETS_PATH, response_model=page_of(PointsTicketRead), openapi_extra=documented(TICKETS))
async def list_points_tickets(work: TicketReader) -> Response:
    """Tickets of members whose accounts are the caller's to see, the latest first."""
    accounts, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(work, TICKETS, accounts, args)


@router.get(TICKETS_PATH + "/{points_ticket_id}", response_model=PointsTicketRead)
async def get_points_ticket(points_ticket_id: UUID, work: TicketReader) -> Response:
    """One ticket."""
    return row_answer(PointsTicketRead, await service.require_ticket(work, points_ticket_id))
