"""What dates bring about: what remains of lots expires after their last day."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.points.models import PointsAccount
from services.channels.points.moves import expire

POINTS_DUE = Due("points_account", PointsAccount, expire, "t.due_at IS NOT NULL")
