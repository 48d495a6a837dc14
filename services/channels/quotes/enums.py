"""States of quotes."""

from __future__ import annotations

from enum import StrEnum


class QuoteState(StrEnum):
    """A quote waits for a second person where it must, then an order may be made from it, once, until its last day."""

    PENDING_APPROVAL = "pending_approval"
    ISSUED = "issued"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
