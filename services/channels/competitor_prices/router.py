"""Prices of competitors: what they ask for what the company sells."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.channels.competitor_prices import service
from services.channels.competitor_prices.lists import COMPETITOR_PRICES
from services.channels.competitor_prices.schemas import (
    CompetitorPriceBatch,
    CompetitorPriceCreate,
    CompetitorPriceRead,
)

router = routes.router("competitor-prices")
Reader = Annotated[Context, Depends(Allow("competitor-prices:read"))]
Writer = Annotated[Context, Depends(Allow("competitor-prices:write"))]


@router.post("/v1/competitor-prices", response_model=CompetitorPriceRead, status_code=201)
async def create_competitor_price(body: CompetitorPriceCreate, work: Writer) -> Response:
    """Enter what a competitor asked on a day; one price a day (409 `competitor-price-observed-on-taken`)."""
    return json_answer(await service.create_price(work, body), 201)


@router.post("/v1/competitor-prices/batch", response_model=BatchAnswer)
async def create_competitor_prices(body: CompetitorPriceBatch, work: Writer) -> Response:
    """Enter up to 5,000 prices; rows have the fields of a new price, the same price again is unchanged."""
    good, results = parse_rows(CompetitorPriceCreate, body)
    await service.add_prices(work, good, results)
    return json_answer(results.answer())


_DOCUMENTED = documented(COMPETITOR_PRICES)


@router.get("/v1/competitor-prices", response_model=page_of(CompetitorPriceRead), openapi_extra=_DOCUMENTED)
async def list_competitor_prices(work: Reader) -> Response:
    """What competitors asked, latest day first; prices of method `market` take the last 90 days of each."""
    return await list_answer(work, COMPETITOR_PRICES)
