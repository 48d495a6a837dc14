"""HTTP door of the targets service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.targets.action_plans.router import router as action_plans
from services.targets.adjustments.router import router as adjustments
from services.targets.alerts.router import router as alerts
from services.targets.attainment.router import router as attainment
from services.targets.calendars.router import router as calendar_days
from services.targets.checks.router import router as checks
from services.targets.commits.router import router as commits
from services.targets.credits.router import router as credit_lines
from services.targets.decompositions.router import router as decompositions
from services.targets.duties.router import router as roles
from services.targets.forecasts.router import router as forecasts
from services.targets.kpis.router import router as kpis
from services.targets.members.router import router as members
from services.targets.metrics.router import router as metrics
from services.targets.observations.router import router as observations
from services.targets.overviews.router import router as overviews
from services.targets.plans.router import changes as target_changes
from services.targets.plans.router import router as plans
from services.targets.policies.router import router as target_policies
from services.targets.reorganisations.router import router as unit_changes
from services.targets.report_schedules.router import router as report_schedules
from services.targets.reports.router import router as reports
from services.targets.strategies.router import router as strategies
from services.targets.subscriptions import subscriptions
from services.targets.targets.router import router as targets
from services.targets.territories.router import router as territories
from services.targets.two_way.router import router as tables
from services.targets.units.router import router as units

ROUTERS: tuple[APIRouter, ...] = (
    calendar_days,
    units,
    unit_changes,
    members,
    roles,
    territories,
    metrics,
    target_policies,
    targets,
    strategies,
    checks,
    target_changes,
    decompositions,
    tables,
    commits,
    plans,
    credit_lines,
    attainment,
    forecasts,
    alerts,
    report_schedules,
    reports,
    action_plans,
    adjustments,
    kpis,
    observations,
    overviews,
    operations_router(subscriptions),
)
