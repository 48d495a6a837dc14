"""What risk says about credit. Key of every event: the order's stream key.

Amounts are minor units of the company's base currency. Every change of an exposure is one of these
facts, so the exposure ledger is a fold over them.
"""

from __future__ import annotations

from kit.events.contract import Published
from services.risk.events_out import credit
from services.risk.events_out.credit import CreditCharged, CreditFact, CreditRefused, CreditReleased, CreditReserved

__all__ = ["PUBLISHED", "CreditCharged", "CreditFact", "CreditRefused", "CreditReleased", "CreditReserved"]

PUBLISHED: tuple[type[Published], ...] = (*credit.PUBLISHED,)
