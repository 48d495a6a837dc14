"""Pure rules of credit profiles: what a raise of a limit is."""

from __future__ import annotations

from datetime import date

from kit.errors import FieldError, Invalid
from services.risk.policies.rules import DateOrder


class NotARaise(Invalid):
    code, title = "not-a-raise", "A raise leads above the limit that it goes back to"


def check_raise(limit: int, before: int | None, until: date, today: date) -> None:
    """A raise is for a day that has not passed, and above the limit before it. Raises DateOrder, NotARaise."""
    if until < today:
        raise DateOrder(errors=[FieldError("/until", DateOrder.code, f"lies before {today}")])
    if before is None or limit <= before:
        said = "no limit binds" if before is None else f"the limit before it is {before}"
        raise NotARaise(errors=[FieldError("/credit_limit", NotARaise.code, said)])


def has_ended(raised_until: date | None, today: date) -> bool:
    """Whether a raise has passed its last day."""
    return raised_until is not None and raised_until < today
