"""States of standing approvals of prices."""

from __future__ import annotations

from enum import StrEnum


class PriceApprovalState(StrEnum):
    """Granted: it counts in its days. Withdrawn: it counts for no quote from then on."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
