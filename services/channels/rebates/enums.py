"""Accounts of the rebate ledger."""

from __future__ import annotations

from enum import StrEnum


class LedgerAccount(StrEnum):
    """The two sides of an accrual: what it costs, and what is owed to the partner."""

    EXPENSE = "rebate_expense"
    PAYABLE = "partner_payable"


class PostingAccount(StrEnum):
    """What adjustments and payments move: what rebates cost, what is owed to the partner, what was paid."""

    EXPENSE = "rebate_expense"
    PAYABLE = "partner_payable"
    PAYMENT = "partner_payment"


class PostingKind(StrEnum):
    """Why something is posted beside accruals."""

    ADJUSTED = "adjusted"
    PAID = "paid"
