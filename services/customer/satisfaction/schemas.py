"""Answers of satisfaction."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.web.schema import Schema
from services.customer.accounts.enums import SatisfactionLevel


class AccountSatisfactionRead(Schema):
    """The mean of the answers of 365 days, 0 to 100, and its class: high from 80, mid from 60; null without answers."""

    account_id: UUID
    as_of: date
    formula_version: int
    sample_size: int
    score: int | None
    level: SatisfactionLevel | None
