"""What dates bring about: a draw is closed after its last day."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.points_draws.models import PointsDraw
from services.channels.points_draws.service import close_draws

DRAWS_DUE = Due("points_draw", PointsDraw, close_draws, "t.due_at IS NOT NULL")
