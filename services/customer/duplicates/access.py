"""Who decides whether accounts are one customer; who sees both accounts of a pair sees the pair."""

from __future__ import annotations

from kit.security.principals import Grants
from services.customer.roles import LEADERS

GRANTS: Grants = {"accounts:merge": LEADERS}
