"""Exchange rates of before their event are said once, oldest first."""

from __future__ import annotations

from kit.due.due import Due
from services.customer.exchange_rates.models import DueRate
from services.customer.exchange_rates.service import tell_rates

RATES_DUE = Due("exchange_rate", DueRate, tell_rates, "t.due_at IS NOT NULL")
