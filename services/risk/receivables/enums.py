"""Kinds of moves of receivables, and what an ageing is split by."""

from __future__ import annotations

from enum import StrEnum


class MoveKind(StrEnum):
    """What moved what is owed; `on_account` is money that belongs to no order yet, or no longer does."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    PAID = "paid"
    REFUNDED = "refunded"
    VOIDED = "voided"
    ON_ACCOUNT = "on_account"


class AgeingBy(StrEnum):
    """What an ageing is split by."""

    TOTAL = "total"
    ACCOUNT = "account"
    OWNER = "owner"
    PARTNER = "partner"
    REGION = "region"
