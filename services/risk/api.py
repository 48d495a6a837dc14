"""HTTP door of the risk service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.risk.amendments.router import router as amendments
from services.risk.assessments.router import router as assessments
from services.risk.contracts.router import router as contracts
from services.risk.controls.router import router as controls
from services.risk.credit.router import router as credit
from services.risk.incidents.router import router as incidents
from services.risk.obligations.router import router as obligations
from services.risk.policies.router import router as policies
from services.risk.profiles.router import router as profiles
from services.risk.receivables.router import router as receivables
from services.risk.risks.router import router as risks
from services.risk.subscriptions import subscriptions

ROUTERS: tuple[APIRouter, ...] = (
    profiles,
    credit,
    receivables,
    policies,
    contracts,
    amendments,
    obligations,
    risks,
    assessments,
    controls,
    incidents,
    operations_router(subscriptions),
)
