"""What dates bring about: somebody else leads a unit."""

from __future__ import annotations

from kit.due.due import Due
from services.targets.units.models import Unit
from services.targets.units.service import tell_leads

LEADS_DUE = Due("unit-lead", Unit, tell_leads, "t.due_at IS NOT NULL")
