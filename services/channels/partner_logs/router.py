"""Entries about partners: what was talked about, and what followed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.partner_logs import service
from services.channels.partner_logs.lists import PARTNER_LOGS
from services.channels.partner_logs.rules import MOVES
from services.channels.partner_logs.schemas import (
    PartnerLogClose,
    PartnerLogCreate,
    PartnerLogRead,
    PartnerLogUpdate,
)

router = routes.router("partner-logs")
PATH = "/v1/partner-logs"
ONE = PATH + "/{partner_log_id}"

Reader = Annotated[Context, Depends(Allow("partner-logs:read"))]
Writer = Annotated[Context, Depends(Allow("partner-logs:write"))]
_CLOSE = shown_move(service.NOUN, MOVES, "close")


@router.post(PATH, response_model=PartnerLogRead, status_code=201)
async def create_partner_log(body: PartnerLogCreate, work: Writer) -> Response:
    """Write down what was said, or what a partner needs; with a follow-up it stays open until it is closed."""
    return row_answer(PartnerLogRead, await service.create_log(work, body), PATH)


@router.get(PATH, response_model=page_of(PartnerLogRead), openapi_extra=documented(PARTNER_LOGS))
async def list_partner_logs(work: Reader) -> Response:
    """Entries about partners, the latest first."""
    return await list_answer(work, PARTNER_LOGS)


@router.get(ONE, response_model=PartnerLogRead)
async def get_partner_log(partner_log_id: UUID, work: Reader) -> Response:
    """One entry about a partner."""
    return row_answer(PartnerLogRead, await service.require_log(work, partner_log_id))


@router.patch(ONE, response_model=PartnerLogRead)
async def update_partner_log(partner_log_id: UUID, body: PartnerLogUpdate, version: IfMatch, work: Writer) -> Response:
    """Let something follow on another day; of a closed entry 409 `partner-log-state`."""
    return row_answer(PartnerLogRead, await service.update_log(work, partner_log_id, version, body))


@router.post(f"{ONE}/close", response_model=PartnerLogRead, openapi_extra=_CLOSE)
async def close_partner_log(partner_log_id: UUID, body: PartnerLogClose, work: Writer) -> Response:
    """Say what came of it."""
    return row_answer(PartnerLogRead, await service.close_log(work, partner_log_id, body))
