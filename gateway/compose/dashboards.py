"""GET /v1/dashboards/sales: a target and what speaks for and against it, in one answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import Response

from gateway.compose import calls
from gateway.compose.calls import Reply, Services
from gateway.compose.parts import (
    BAD_ID,
    UNCHANGED,
    IfNoneMatch,
    Source,
    admission,
    ask,
    composed,
    fields_of,
    part_of,
    passed_on,
)
from gateway.headers import RequestContext
from gateway.limits import RateLimits
from kit.money import ratio
from kit.security.tokens import TokenVerifier

DAYS_OF_A_YEAR = 365
SHORTEST = 0.001
"""Seconds: the least that a service can be told."""
_OF = {"target_id": "{target_id}"}
TARGET = {"target": Source("targets", "/v1/targets/{target_id}", "TargetRead")}
PARTS = TARGET | {
    "attainment": Source("targets", "/v1/attainment", "AttainmentRead", _OF),
    "forecast": Source("targets", "/v1/forecasts", "ForecastRead", _OF),
    "adjustment": Source("risk", "/v1/target-adjustments", "TargetAdjustmentRead", _OF),
    "alerts": Source("risk", "/v1/risk-alerts", "RiskAlertPage", {"state[ne]": "resolved", "limit": "20"}),
    "ageing": Source("risk", "/v1/receivable-ageings", "AgeingPage", {"by": "total"}),
}
FUNNEL = {"funnel": Source("customer", "/v1/funnel", "FunnelRead", {"from": "{from}", "to": "{to}"})}
"""Of the opportunities opened in the target's period: known once the target is."""


class RiskAdjusted(BaseModel):
    """P50 of the forecast less what risk takes off it in the days that are left: `expected_loss` of the reference study
    x `days_left` / `horizon_days` of that study, rounded half-even. Null where one of them is unknown."""

    model_config = ConfigDict(extra="forbid")

    p50: int | None
    expected_loss: int | None
    days_left: Annotated[int, Field(ge=0, le=36_600)] | None
    horizon_days: Annotated[int, Field(ge=1, le=36_600)] | None


class _Dashboard(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target_id: UUID
    risk_adjusted: RiskAdjusted


DashboardRead = create_model(
    "SalesDashboardRead",
    __base__=_Dashboard,
    __doc__="""A target with its pace and probability, what risk takes off it, the funnel of its period, standing alerts
    and the ageing of receivables. Each part has the permissions and the record scope of its own operation.""",
    **fields_of(PARTS | FUNNEL),
)
_ANSWERS: dict[int | str, dict[str, Any]] = {304: UNCHANGED, 422: BAD_ID}


def dashboards_router(services: Services, verifier: TokenVerifier, limits: RateLimits) -> APIRouter:
    """The endpoint, over operations of the services."""
    router = APIRouter(tags=["dashboards"])

    @router.get(
        "/v1/dashboards/sales",
        name="get_sales_dashboard",
        response_model=DashboardRead,
        responses=_ANSWERS,
        dependencies=[admission(verifier, limits)],
        openapi_extra={"security": [{"bearer": []}]},
    )
    async def get_sales_dashboard(
        target_id: Annotated[UUID, Query()], request: Request, known: IfNoneMatch = None
    ) -> Response:
        """A target: attainment with pace, forecast with the probability of reaching it, what risk takes off it, the
        funnel of its period, alerts and ageing.

        A part that does not answer in time is `unavailable`, one that the caller may not read is `refused`; the rest
        is answered all the same. Without the target itself there is no answer: its problem is this one's.
        """
        context: RequestContext = request.state.context
        replies = await _replies(services, target_id, context)
        target = replies["target"]
        if target is not None and 400 <= target.status < 500:
            return passed_on(target)
        parts = {name: part_of(replies.get(name)) for name in PARTS | FUNNEL}
        return composed({"target_id": str(target_id), "risk_adjusted": risk_adjusted(replies), **parts}, known)

    return router


async def _replies(services: Services, target_id: UUID, context: RequestContext) -> dict[str, Reply | None]:
    """All parts within one deadline: the funnel has what the target leaves of it."""
    began, values = time.monotonic(), {"target_id": str(target_id)}
    async with asyncio.TaskGroup() as group:
        beside = {name: source for name, source in PARTS.items() if name not in TARGET}
        asked = group.create_task(ask(services, beside, values, context))
        replies = await ask(services, TARGET, values, context)
        target = replies["target"]
        if target is not None and target.status == 200:
            period = {"from": target.data["period_start"], "to": target.data["period_end"]}
            left = max(calls.SECONDS - (time.monotonic() - began), SHORTEST)
            replies |= await ask(services, FUNNEL, period, context, left)
    return replies | asked.result()


def risk_adjusted(replies: Mapping[str, Reply | None]) -> dict[str, int | None]:
    """See RiskAdjusted."""
    forecast, adjustment = (_data(replies[name]) for name in ("forecast", "adjustment"))
    left = None
    if forecast:
        left = max(0, (date.fromisoformat(forecast["period_end"]) - date.fromisoformat(forecast["as_of"])).days)
    is_known = adjustment and not adjustment["insufficient_data"] and adjustment["horizon_months"]
    loss = adjustment["expected_loss"] if is_known else None
    horizon = ratio(DAYS_OF_A_YEAR, adjustment["horizon_months"], 12) if is_known else None
    p50 = None
    if (
        left is not None
        and loss is not None
        and horizon
        and forecast["p50"] is not None
        and forecast["currency"] == adjustment["currency"]
    ):
        p50 = forecast["p50"] - ratio(loss, left, horizon)
    return {"p50": p50, "expected_loss": loss, "days_left": left, "horizon_days": horizon}


def _data(reply: Reply | None) -> Any:
    return reply.data if reply and reply.status == 200 else None
