"""GET /v1/dashboards/sales: a target and what speaks for and against it, in one answer."""

from __future__ import annotations

import asyncio
import time
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
    parts_of,
    passed_on,
)
from gateway.headers import RequestContext
from gateway.limits import RateLimits
from kit.money import ratio
from kit.security.tokens import TokenVerifier

DAYS_OF_A_YEAR = 365
SHORTEST = 0.001
"""Seconds: the least that a service can be told."""
TARGET = Source(
    "targets",
    "/v1/targets/{target_id}/overview",
    {"target": "TargetRead", "attainment": "AttainmentRead", "forecast": "ForecastRead"},
)
ADJUSTMENT = Source(
    "risk",
    "/v1/target-adjustments",
    {"adjustment": "TargetAdjustmentRead"},
    {"target_id": "{target_id}"},
    whole=True,
)
COMPANY = Source("risk", "/v1/risk-overviews/company", {"alerts": "RiskAlertPage", "ageing": "AgeingPage"})
FUNNEL = Source("customer", "/v1/funnel", {"funnel": "FunnelRead"}, {"from": "{from}", "to": "{to}"}, whole=True)
"""Of the opportunities opened in the target's period: known once the target is."""
SOURCES = (TARGET, ADJUSTMENT, COMPANY, FUNNEL)


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
    **fields_of(SOURCES),
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
        target = replies[0]
        if target is not None and 400 <= target.status < 500:
            return passed_on(target)
        parts: dict[str, Any] = {}
        for source, reply in zip(SOURCES, replies, strict=True):
            parts |= parts_of(source, reply)
        adjusted = risk_adjusted(parts["forecast"]["data"], parts["adjustment"]["data"])
        return composed({"target_id": str(target_id), "risk_adjusted": adjusted, **parts}, known)

    return router


async def _replies(services: Services, target_id: UUID, context: RequestContext) -> list[Reply | None]:
    """Of all sources within one deadline: the funnel has what the target leaves of it."""
    began, values, funnel = time.monotonic(), {"target_id": str(target_id)}, None
    async with asyncio.TaskGroup() as group:
        beside = group.create_task(ask(services, (ADJUSTMENT, COMPANY), values, context))
        (target,) = await ask(services, (TARGET,), values, context)
        if target is not None and target.status == 200 and (found := target.data["target"]["data"]):
            period = {"from": found["period_start"], "to": found["period_end"]}
            left = max(calls.SECONDS - (time.monotonic() - began), SHORTEST)
            (funnel,) = await ask(services, (FUNNEL,), period, context, left)
    return [target, *beside.result(), funnel]


def risk_adjusted(forecast: Any, adjustment: Any) -> dict[str, int | None]:
    """See RiskAdjusted; `forecast` and `adjustment` are the data of these parts, None without them."""
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
