"""Who decides about appeals; who reads, starts and publishes evaluations has the permissions of tier programmes."""

from __future__ import annotations

from kit.security.principals import Grants
from services.channels.roles import SALES_DIRECTOR

GRANTS: Grants = {"tiers:decide": frozenset({SALES_DIRECTOR})}
