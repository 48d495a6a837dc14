"""Pure rules of surveys: which answers fit, by which channel somebody is reached, figures out of scores.

A score counts for satisfaction in twelfths of a percent: so each scale's steps are whole numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from math import sqrt
from typing import Final, NamedTuple

from kit.errors import AppError, Conflict, FieldError, Invalid
from services.customer.accounts.enums import SatisfactionLevel
from services.customer.funnel.rules import Rate, Z, rate, wilson
from services.customer.surveys.enums import SurveyKind, SurveyQuestionKind

FORMULA_VERSION: Final = 1
LEAST_ANSWERS: Final = 5
FATIGUE: Final = timedelta(hours=30 * 24)
"""So long after an invitation a contact gets no other one; exactly then it may."""
DAYS_VALID: Final = 14
MOST_INVITED: Final = 5_000
SCALES: Final[Mapping[SurveyKind, tuple[int, int]]] = {
    SurveyKind.NPS: (0, 10),
    SurveyKind.CSAT: (1, 5),
    SurveyKind.CES: (1, 7),
}
LEAST_PROMOTER: Final = 9
MOST_DETRACTOR: Final = 6
LEAST_SATISFIED: Final = 4
TWELFTHS: Final[Mapping[SurveyKind, int]] = {SurveyKind.NPS: 120, SurveyKind.CSAT: 300, SurveyKind.CES: 200}
"""What a step above the lowest score counts: 10 %, a quarter, a sixth of the whole."""
HIGH_FROM, MID_FROM = 80, 60
ADDRESSES: Final = {"email": "email", "phone": "phone", "sms": "phone"}
"""Channels that need an address of a contact, and which; where other ones lead is the company's affair."""


class ScoreOutOfRange(Invalid):
    code, title = "score-out-of-range", "The score is none of this question"


class AlreadyAnswered(Conflict):
    code, title = "already-answered", "This form was answered"


class InvitationExpired(AppError):
    code, status, title = "invitation-expired", 410, "The invitation has expired"


class SurveyClosed(Conflict):
    code, title = "survey-closed", "The survey is closed"


class SurveyInUse(Conflict):
    code, title = "survey-in-use", "Somebody was invited: the questions stay as they were asked"


class Asked(NamedTuple):
    """A question as answers are checked against it: its range, the values of its options."""

    key: str
    kind: SurveyQuestionKind
    is_required: bool
    least: int | None
    most: int | None
    values: Collection[int]


def check_asks(kind: SurveyKind, questions: int) -> None:
    """A survey asks for something; raises Invalid."""
    if kind is SurveyKind.CUSTOM and not questions:
        detail = "a custom survey has questions"
        raise Invalid(detail, errors=[FieldError("/questions", "missing", detail)])


def check_score(kind: SurveyKind, score: int | None) -> None:
    """The score lies on the scale of the kind; a custom survey has none. Raises ScoreOutOfRange."""
    scale = SCALES.get(kind)
    if scale is None:
        if score is not None:
            raise _out_of_range("/score", "this survey has no score of its own")
    elif score is None or not scale[0] <= score <= scale[1]:
        raise _out_of_range("/score", f"a whole number from {scale[0]} to {scale[1]}")


def check_values(questions: Sequence[Asked], values: Mapping[str, int], texts: Mapping[str, str]) -> None:
    """Each answer belongs to a question and is one that it allows, and none that is needed is missing.

    Raises ScoreOutOfRange, Invalid.
    """
    known = {one.key: one for one in questions}
    for key in (*values, *texts):
        if key not in known or (key in texts) != (known[key].kind is SurveyQuestionKind.TEXT):
            detail = f"no question {key} is answered so"
            raise Invalid(detail, errors=[FieldError(f"/answers/{key}", "unknown-question", detail)])
    for key, value in values.items():
        one = known[key]
        if one.kind is SurveyQuestionKind.CHOICE and value not in one.values:
            raise _out_of_range(f"/answers/{key}", "none of the options")
        if one.kind is SurveyQuestionKind.SCALE and not (one.least or 0) <= value <= (one.most or 0):
            raise _out_of_range(f"/answers/{key}", f"a whole number from {one.least} to {one.most}")
    missing = [one.key for one in questions if one.is_required and one.key not in values and not texts.get(one.key)]
    if missing:
        found = [FieldError(f"/answers/{key}", "missing", "this question needs an answer") for key in missing]
        raise Invalid("a question is not answered", errors=found)


def _out_of_range(pointer: str, detail: str) -> ScoreOutOfRange:
    return ScoreOutOfRange(errors=[FieldError(pointer, ScoreOutOfRange.code, detail)])


def channels_to(wanted: Sequence[str], preferred: str | None, *, has_email: bool, has_phone: bool) -> Sequence[str]:
    """The channels of a survey by which a contact can be reached, the one it prefers first."""
    has = {"email": has_email, "phone": has_phone}
    found = [one for one in wanted if one not in ADDRESSES or has[ADDRESSES[one]]]
    return sorted(found, key=lambda one: one != preferred)


def is_detractor(kind: SurveyKind, score: int | None) -> bool:
    """Whether somebody would not recommend the company."""
    return kind is SurveyKind.NPS and score is not None and score <= MOST_DETRACTOR


def twelfths_of(kind: SurveyKind, score: int | None) -> int | None:
    """What a score is of the whole (1200); None of a custom survey.

    >>> twelfths_of(SurveyKind.CES, 4)
    600
    """
    if score is None or kind not in SCALES:
        return None
    return TWELFTHS[kind] * (score - SCALES[kind][0])


def level_of(twelfths: int, answers: int) -> SatisfactionLevel | None:
    """The class of a mean; None of no answers. The mean itself decides, not what it is rounded to."""
    if not answers:
        return None
    if twelfths >= HIGH_FROM * 12 * answers:
        return SatisfactionLevel.HIGH
    return SatisfactionLevel.MID if twelfths >= MID_FROM * 12 * answers else SatisfactionLevel.LOW


class Nps(NamedTuple):
    """A net promoter score with its margin of error and its interval of 95 %, one decimal each."""

    score: float
    margin_of_error: float
    low: float
    high: float


def _tenth(value: Fraction | float) -> float:
    return float(round(value * 10)) / 10


def _net(promoters: float, detractors: float, size: float) -> tuple[float, float]:
    p, d = promoters / size, detractors / size
    return 100 * (p - d), 100 * Z * sqrt((p + d - (p - d) ** 2) / size)


def nps(promoters: int, passives: int, detractors: int) -> Nps | None:
    """Promoters less detractors, in percent; None of too few answers. The interval is of three answers more (adjusted
    Wald: Rocks, 2016), so that of equal answers is not a point.

    >>> nps(50, 30, 20)
    Nps(score=30.0, margin_of_error=15.3, low=14.1, high=44.2)
    """
    size = promoters + passives + detractors
    if size < LEAST_ANSWERS:
        return None
    _, margin = _net(promoters, detractors, size)
    middle, half = _net(promoters + 0.75, detractors + 0.75, size + 3)
    low, high = max(-100.0, middle - half), min(100.0, middle + half)
    return Nps(_tenth(Fraction(100 * (promoters - detractors), size)), _tenth(margin), _tenth(low), _tenth(high))


def csat(satisfied: int, size: int) -> Rate:
    """The share of scores of 4 and 5 in millionths, with its Wilson interval of 95 %."""
    return rate(satisfied, size, LEAST_ANSWERS)


class Ces(NamedTuple):
    """A mean of efforts with its interval of 95 %, two decimals each."""

    mean: float
    low: float
    high: float


def ces(total: int, size: int) -> Ces | None:
    """The mean of scores from 1 to 7; None of too few. The interval is Wilson's, of the mean as a share of the scale:
    scores within bounds vary at most as much as hits of that share, so it holds at least 95 %.

    >>> ces(50, 10)
    Ces(mean=5.0, low=3.21, high=6.24)
    """
    if size < LEAST_ANSWERS:
        return None
    least, most = SCALES[SurveyKind.CES]
    low, high = wilson((total - least * size) / (most - least), size)
    mean = float(round(Fraction(100 * total, size))) / 100
    return Ces(mean, round(least + (most - least) * low, 2), round(least + (most - least) * high, 2))
