"""What dates bring about: agreements warn before they end, and expire."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.agreements.models import Agreement
from services.channels.agreements.moves import follow_dates

AGREEMENTS_DUE = Due("agreement", Agreement, follow_dates, "t.due_at IS NOT NULL")
