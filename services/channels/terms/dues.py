"""What dates bring about: a placement has been on hold for too long."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.terms.models import TermsHold
from services.channels.terms.releases import release_overdue

TERMS_DUE = Due("terms_hold", TermsHold, release_overdue, "t.due_at IS NOT NULL")
