"""HTTP door of the risk service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.risk.alerts.router import router as alerts
from services.risk.amendments.router import router as amendments
from services.risk.assessments.router import router as assessments
from services.risk.calibrations.router import router as calibrations
from services.risk.contracts.router import router as contracts
from services.risk.controls.router import router as controls
from services.risk.credit.router import router as credit
from services.risk.disputes.router import router as disputes
from services.risk.holds.router import router as holds
from services.risk.incidents.router import router as incidents
from services.risk.indicators.router import router as indicators
from services.risk.obligations.router import router as obligations
from services.risk.overviews.router import router as overviews
from services.risk.pipeline.router import router as pipeline
from services.risk.policies.router import router as policies
from services.risk.profiles.router import router as profiles
from services.risk.receivables.router import router as receivables
from services.risk.reports.router import router as reports
from services.risk.risks.router import router as risks
from services.risk.scenarios.router import router as scenarios
from services.risk.scorecards.router import router as scorecards
from services.risk.simulations.router import router as simulations
from services.risk.statements.router import router as statements
from services.risk.studies.router import router as studies
from services.risk.subscriptions import subscriptions
from services.risk.treatments.router import router as treatments

ROUTERS: tuple[APIRouter, ...] = (
    profiles,
    credit,
    pipeline,
    holds,
    scorecards,
    statements,
    receivables,
    policies,
    simulations,
    contracts,
    amendments,
    obligations,
    disputes,
    risks,
    assessments,
    controls,
    incidents,
    scenarios,
    studies,
    treatments,
    calibrations,
    indicators,
    alerts,
    reports,
    overviews,
    operations_router(subscriptions),
)
