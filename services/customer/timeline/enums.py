"""What a timeline is made of."""

from __future__ import annotations

from enum import StrEnum


class TimelineKind(StrEnum):
    """A step of an order, goods that came back, money that came or went, a person who was added, a write, a stage,
    an answer to a survey, something done or to be done, a case, a grade, what channels or risk say of the account."""

    ORDER = "order"
    RETURN = "return"
    PAYMENT = "payment"
    REFUND = "refund"
    CONTACT = "contact"
    FACT = "fact"
    STAGE = "stage"
    ANSWER = "answer"
    ACTIVITY = "activity"
    CASE = "case"
    GRADE = "grade"
    HEARD = "heard"
