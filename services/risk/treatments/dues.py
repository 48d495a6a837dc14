"""Acceptances that have passed, and simulations whose job has ended without them."""

from __future__ import annotations

from kit.due.due import Due
from services.risk.treatments.models import Treatment, TreatmentSimulation
from services.risk.treatments.service import expire_acceptances
from services.risk.treatments.simulations import look_after

ACCEPTANCES_DUE = Due("treatment", Treatment, expire_acceptances, "t.due_at IS NOT NULL")
SIMULATIONS_DUE = Due("treatment_simulation", TreatmentSimulation, look_after, "t.due_at IS NOT NULL", batch=20)
