"""Words of surveys."""

from __future__ import annotations

from enum import StrEnum


class SurveyKind(StrEnum):
    """What is measured: recommendation, satisfaction, effort; or what the company asks itself."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    CUSTOM = "custom"


class SurveyQuestionKind(StrEnum):
    """How a question is answered: a number of a range, one of some options, a text."""

    SCALE = "scale"
    CHOICE = "choice"
    TEXT = "text"


class SurveyRefusal(StrEnum):
    """Why a contact is not invited."""

    UNKNOWN_CONTACT = "unknown-contact"
    UNKNOWN_ORDER = "unknown-order"
    UNKNOWN_PROMOTION = "unknown-promotion"
    NO_CHANNEL = "no-channel"
    NO_CONSENT = "no-consent"
    FATIGUE_CAP = "fatigue-cap"


class SurveyFormState(StrEnum):
    """What an invitation waits for."""

    OPEN = "open"
    ANSWERED = "answered"
