"""What dates bring about: each live target is judged on each working day."""

from __future__ import annotations

from kit.due.due import Due
from services.targets.alerts.judging import judge
from services.targets.alerts.models import TargetJudging

JUDGINGS_DUE = Due("target-judging", TargetJudging, judge, "t.due_at IS NOT NULL", batch=25)
