"""Words of segments."""

from __future__ import annotations

from enum import StrEnum


class SegmentResource(StrEnum):
    """What a segment consists of."""

    ACCOUNT = "account"
    CONTACT = "contact"
