"""What risk says. Key: the order's stream key, else that of the account, the partner's id, or the thing's own id.

Amounts are minor units of the company's base currency. Every change of an exposure is a fact of credit, so the exposure
ledger is a fold over those.
"""

from __future__ import annotations

from kit.events.contract import Published
from services.risk.events_out import (
    alerts,
    contracts,
    credit,
    disputes,
    holds,
    incidents,
    obligations,
    profiles,
    risks,
    studies,
    treatments,
)
from services.risk.events_out.credit import (
    CreditCharged,
    CreditDeposited,
    CreditDepositUsed,
    CreditFact,
    CreditRefused,
    CreditReleased,
    CreditReserved,
)

__all__ = [
    "AGREED",
    "PUBLISHED",
    "CreditCharged",
    "CreditDepositUsed",
    "CreditDeposited",
    "CreditFact",
    "CreditRefused",
    "CreditReleased",
    "CreditReserved",
]

MODULES = (
    credit,
    profiles,
    holds,
    alerts,
    contracts,
    obligations,
    disputes,
    risks,
    incidents,
    studies,
    treatments,
)
PUBLISHED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.PUBLISHED)
AGREED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.AGREED)
"""What is agreed and not said yet: it moves to `PUBLISHED` with the change that says it first."""
