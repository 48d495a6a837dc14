"""Policies of channels: figures that its rules go by."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.channel_policies import service
from services.channels.channel_policies.lists import POLICIES
from services.channels.channel_policies.schemas import ChannelPolicyRead, ChannelPolicySet

router = routes.router("channel-policies")

Reader = Annotated[Context, Depends(Allow("channel-policies:read"))]
Writer = Annotated[Context, Depends(Allow("channel-policies:write"))]


@router.get("/v1/channel-policies", response_model=page_of(ChannelPolicyRead), openapi_extra=documented(POLICIES))
async def list_channel_policies(work: Reader) -> Response:
    """Versions of the policies, those of the latest day first; a version of a later day holds from then on."""
    return await list_answer(work, POLICIES)


@router.put("/v1/channel-policies", response_model=ChannelPolicyRead)
async def set_channel_policy(body: ChannelPolicySet, version: IfMatch, work: Writer) -> Response:
    """Add the next version of a kind of policy; `If-Match` names the newest one of the kind by its number.

    What was found before keeps what it was found by.
    """
    return row_answer(ChannelPolicyRead, await service.set_policy(work, version, body))
