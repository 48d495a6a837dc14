"""What dates bring about: a quote expires after its last day."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.quotes.models import Quote
from services.channels.quotes.service import expire_quotes

QUOTES_DUE = Due("quote", Quote, expire_quotes, "t.due_at IS NOT NULL AND t.order_id IS NULL")
