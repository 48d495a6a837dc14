"""Overviews: what channels knows of an account, in one answer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.overviews import Operation, overview_answer, overview_of
from services.channels.points.router import router as points
from services.channels.quotes.router import router as quotes

router = routes.router("channel-overviews")
Reader = Annotated[Context, Depends(Allow(None))]
_OF, _FEW = {"account_id": "{account_id}"}, {"limit": "20"}
PARTS = {
    "points": Operation(points, "/v1/points-balances/{account_id}"),
    "quotes": Operation(quotes, "/v1/quotes", _OF | {"state[in]": "pending_approval,issued"} | _FEW),
}
AccountOffersRead = overview_of(
    "AccountOffersRead",
    """What channels knows of an account. Each part has the permission and the record scope of its own operation; a
    list has its first 20.""",
    PARTS,
    account_id=UUID,
)


@router.get("/v1/channel-overviews/accounts/{account_id}", response_model=AccountOffersRead)
async def get_account_offers(account_id: UUID, work: Reader) -> Response:
    """An account's points and the quotes that stand; a part that the caller may not read is `refused`, one that
    fails `unavailable`."""
    return await overview_answer(work, PARTS, {"account_id": str(account_id)}, needs="points")
