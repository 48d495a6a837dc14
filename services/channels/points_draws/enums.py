"""States of draws."""

from __future__ import annotations

from enum import StrEnum


class DrawState(StrEnum):
    """Terms may change; tickets are drawn and nobody knows the seed; it is told and nothing is drawn any more."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
