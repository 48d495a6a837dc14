"""Kinds of credit facts, and what they measure."""

from __future__ import annotations

from enum import StrEnum


class CreditKind(StrEnum):
    """What a fact is about: an order counts, pieces came back, lines moved to another unit; or a result beside its
    net."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    CORRECTED = "corrected"
    PAID = "paid"
    REFUNDED = "refunded"
    VOIDED = "voided"
    VISITED = "visited"
    CLOSED = "closed"
    REOPENED = "reopened"
    ANSWERED = "answered"


OF_ORDERS = frozenset({CreditKind.CONFIRMED, CreditKind.RETURNED, CreditKind.CORRECTED})
"""Kinds of the facts about an order itself."""


class Measure(StrEnum):
    """What a credit line counts: money in minor units of the base currency, all else in thousandths. `answers` are
    those that a metric asks for, `nps_answers` the ones of them that recommend or not."""

    AMOUNT = "amount"
    MARGIN = "margin"
    COSTED_NET = "costed_net"
    GROSS = "gross"
    CASH = "cash"
    UNITS = "units"
    NEW_PRODUCT = "new_product"
    NEW_CUSTOMERS = "new_customers"
    VISITS = "visits"
    WON = "won"
    LOST = "lost"
    ANSWERS = "answers"
    CSAT_TOP = "csat_top"
    PROMOTERS = "promoters"
    DETRACTORS = "detractors"
    NPS_ANSWERS = "nps_answers"


MEASURES = tuple(Measure)
