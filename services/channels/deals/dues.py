"""What dates bring about: a review is late, a protection ends soon, and ends."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.deals.models import Deal
from services.channels.deals.moves import follow_dates

DEALS_DUE = Due("deal", Deal, follow_dates, "t.due_at IS NOT NULL")
