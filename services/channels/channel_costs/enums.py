"""Kinds of costs of channels."""

from __future__ import annotations

from enum import StrEnum


class ChannelCostKind(StrEnum):
    """What a channel costs money for."""

    STAFF = "staff"
    RENT = "rent"
    MARKETING = "marketing"
    LOGISTICS = "logistics"
    COMMISSION = "commission"
    PLATFORM_FEE = "platform_fee"
    OTHER = "other"
