"""What dates bring about: steps that were not done in time are overdue."""

from __future__ import annotations

from kit.due.due import Due
from services.targets.action_plans.models import ActionPlan
from services.targets.action_plans.service import note_overdue

ACTION_PLANS_DUE = Due("action-plan", ActionPlan, note_overdue, "t.due_at IS NOT NULL")
