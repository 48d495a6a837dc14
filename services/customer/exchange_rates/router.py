"""Exchange rates: currencies in that of the company, by day."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.exchange_rates import service
from services.customer.exchange_rates.lists import RATES
from services.customer.exchange_rates.schemas import ExchangeRateCreate, ExchangeRatePage, ExchangeRateRead

router = routes.router("exchange-rates")


@router.post("/v1/exchange-rates", response_model=ExchangeRateRead, status_code=201)
async def create_exchange_rate(
    body: ExchangeRateCreate, work: Annotated[Context, Depends(Allow("exchange-rates:write"))]
) -> Response:
    """Add the rate of a currency from a day on."""
    return json_answer(await service.create_rate(work, body), 201)


@router.get("/v1/exchange-rates", response_model=ExchangeRatePage, openapi_extra=documented(RATES))
async def list_exchange_rates(work: Annotated[Context, Depends(Allow("exchange-rates:read"))]) -> Response:
    """Rates, latest first."""
    return await list_answer(work, RATES)
