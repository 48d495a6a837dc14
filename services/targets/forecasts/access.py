"""Who reads forecasts, and who has their record measured again."""

from __future__ import annotations

from kit.security.principals import Grants
from services.targets.roles import AUDITOR, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "forecasts:read": SELLERS | {AUDITOR},
    "forecasts:backtest": frozenset({SALES_DIRECTOR}),
}
