"""HTTP door of the targets service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.targets.attainment.router import router as attainment
from services.targets.calendars.router import router as calendar_days
from services.targets.commits.router import router as commits
from services.targets.credits.router import router as credit_lines
from services.targets.decompositions.router import router as decompositions
from services.targets.members.router import router as members
from services.targets.metrics.router import router as metrics
from services.targets.policies.router import router as target_policies
from services.targets.subscriptions import subscriptions
from services.targets.targets.router import router as targets
from services.targets.units.router import router as units

ROUTERS: tuple[APIRouter, ...] = (
    calendar_days,
    units,
    members,
    metrics,
    target_policies,
    targets,
    decompositions,
    commits,
    credit_lines,
    attainment,
    operations_router(subscriptions),
)
