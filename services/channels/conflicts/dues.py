"""What dates bring about: a conflict is late in its state, and stays there."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.conflicts.models import Conflict
from services.channels.conflicts.moves import become_late

CONFLICTS_DUE = Due("conflict", Conflict, become_late, "t.due_at IS NOT NULL")
