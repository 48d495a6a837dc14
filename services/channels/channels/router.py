"""Channels: the ways to the customer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.channels import service
from services.channels.channels.lists import CHANNELS
from services.channels.channels.rules import MOVES
from services.channels.channels.schemas import (
    ChannelBatch,
    ChannelCreate,
    ChannelItem,
    ChannelRead,
    ChannelRow,
    ChannelUpdate,
)

router = routes.router("channels")
Reader = Annotated[Context, Depends(Allow("channels:read"))]
Writer = Annotated[Context, Depends(Allow("channels:write"))]
_ARCHIVE, _RESTORE = (shown_move("channel", MOVES, action) for action in ("archive", "restore"))


@router.post("/v1/channels", response_model=ChannelRead, status_code=201)
async def create_channel(body: ChannelCreate, work: Writer) -> Response:
    """Make a channel."""
    return row_answer(ChannelRead, await service.create_channel(work, body), "/v1/channels")


@router.post("/v1/channels/batch", response_model=BatchAnswer)
async def upsert_channels(body: ChannelBatch, work: Writer) -> Response:
    """Create or change up to 5,000 channels by their code; parents and pilots are set one by one."""
    good, results = parse_rows(ChannelRow, body)
    await service.upsert_channels(work, good, results)
    return json_answer(results.answer())


@router.get("/v1/channels", response_model=page_of(ChannelItem), openapi_extra=documented(CHANNELS))
async def list_channels(work: Reader) -> Response:
    """Channels; `region` names one of their regions."""
    return await list_answer(work, CHANNELS)


@router.get("/v1/channels/{channel_id}", response_model=ChannelRead)
async def get_channel(channel_id: UUID, work: Reader) -> Response:
    """One channel."""
    return row_answer(ChannelRead, await service.require_channel(work, channel_id))


@router.patch("/v1/channels/{channel_id}", response_model=ChannelRead)
async def update_channel(channel_id: UUID, body: ChannelUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a channel; its code stays, and it never stands below itself (`channel-cycle`)."""
    return row_answer(ChannelRead, await service.update_channel(work, channel_id, version, body))


@router.post("/v1/channels/{channel_id}/archive", response_model=ChannelRead, openapi_extra=_ARCHIVE)
async def archive_channel(channel_id: UUID, work: Writer) -> Response:
    """Offer a channel no more; what was sold through it stays."""
    return row_answer(ChannelRead, await service.move_channel(work, channel_id, "archive"))


@router.post("/v1/channels/{channel_id}/restore", response_model=ChannelRead, openapi_extra=_RESTORE)
async def restore_channel(channel_id: UUID, work: Writer) -> Response:
    """Offer a channel again."""
    return row_answer(ChannelRead, await service.move_channel(work, channel_id, "restore"))
