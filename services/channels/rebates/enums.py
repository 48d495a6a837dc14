"""Accounts of the rebate ledger."""

from __future__ import annotations

from enum import StrEnum


class LedgerAccount(StrEnum):
    """The two sides of an accrual: what it costs, and what is owed to the partner."""

    EXPENSE = "rebate_expense"
    PAYABLE = "partner_payable"
