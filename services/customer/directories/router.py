"""Sellers as this service knows them, for choosing owners and credits."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from services.customer.directories.lists import SELLERS
from services.customer.directories.schemas import SellerPage

router = routes.router("sellers")


@router.get("/v1/sellers", response_model=SellerPage, openapi_extra=documented(SELLERS))
async def list_sellers(work: Annotated[Context, Depends(Allow("sellers:read"))]) -> Response:
    """Members of the sales organisation with their latest unit."""
    return await list_answer(work, SELLERS)
