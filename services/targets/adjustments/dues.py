"""What dates bring about: measures that were not done in time are overdue, effects are measured."""

from __future__ import annotations

from kit.due.due import Due
from services.targets.adjustments.measuring import work_due
from services.targets.adjustments.models import Adjustment

ADJUSTMENTS_DUE = Due("adjustment", Adjustment, work_due, "t.due_at IS NOT NULL", batch=25)
