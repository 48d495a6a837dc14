"""HTTP door of the risk service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from services.risk.credit.router import router as credit
from services.risk.profiles.router import router as profiles

ROUTERS: tuple[APIRouter, ...] = (profiles, credit)
