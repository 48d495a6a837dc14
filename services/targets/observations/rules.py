"""Pure rules of observations: what a value may be, and of which days."""

from __future__ import annotations

from datetime import date

from kit.errors import Conflict, FieldError, Invalid
from kit.money import SHARE_WHOLE
from services.targets.observations.enums import AMOUNTS, NAMED, ObservationKind

MOST_DAYS = 3_660
"""Longest period of an observation."""


class ObservationPeriodInvalid(Invalid):
    code, title = "observation-period-invalid", "The days of the observation are not valid"


class ObservationValueInvalid(Invalid):
    code, title = "observation-value-invalid", "No such thing can have this value"


class RateOutside(Invalid):
    code, title = "rate-outside", "A rate lies between 0 and 1"


class ObservationFixed(Conflict):
    code, title = "observation-fixed", "An observation never changes; enter one that corrects it"


class ObservationCorrected(Conflict):
    code, title = "observation-corrected", "The observation was corrected already"


class CorrectionUnrelated(Conflict):
    code, title = "correction-unrelated", "A correction is of the same kind and the same scope"


def check_days(first: date, last: date, observed_on: date, today: date) -> None:
    """Days that are in order and not to come. Raises ObservationPeriodInvalid."""
    if last < first:
        raise ObservationPeriodInvalid(errors=[FieldError("/period_end", "before-start", "ends before it starts")])
    if (last - first).days >= MOST_DAYS:
        raise ObservationPeriodInvalid(errors=[FieldError("/period_end", "too-long", f"at most {MOST_DAYS} days")])
    if observed_on > today:
        raise ObservationPeriodInvalid(errors=[FieldError("/observed_on", "in-future", f"today is {today}")])


def check_value(kind: ObservationKind, value: int, subject: str | None) -> None:
    """A value that the kind can have, and a subject where it needs one. Raises RateOutside, ObservationValueInvalid."""
    if kind is ObservationKind.SHARE and not 0 <= value <= SHARE_WHOLE:
        raise RateOutside(errors=[FieldError("/value", "rate-outside", "0 to 1000000 millionths")])
    if kind in AMOUNTS and value < 0:
        raise ObservationValueInvalid(errors=[FieldError("/value", "negative", "an amount is not below 0")])
    if (kind in NAMED) != (subject is not None):
        code = "missing" if kind in NAMED else "excluded"
        raise ObservationValueInvalid(errors=[FieldError("/subject", code, "names a competitor or a force")])
