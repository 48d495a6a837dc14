"""The catalogue of metrics that targets are set in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.targets.metrics.rules import CATALOGUE
from services.targets.metrics.schemas import MetricRead, MetricsRead

router = routes.router("metrics")

Reader = Annotated[Context, Depends(Allow("targets:read"))]


@router.get("/v1/metrics", response_model=MetricsRead)
async def read_metrics(_work: Reader) -> Response:
    """What targets can be about: what each metric counts, and how its values combine over time and dimensions."""
    return json_answer(MetricsRead(items=[MetricRead.model_validate(entry) for entry in CATALOGUE]))
