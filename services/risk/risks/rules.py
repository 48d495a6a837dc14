"""Pure rules of risks: moves, sources by class, shares of causes and consequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from kit.errors import Conflict, FieldError, Invalid, StateConflict
from kit.money import SHARE_WHOLE
from kit.transitions import Move, Moves
from services.risk.risks.enums import LinkKind, RiskClass, RiskSource, RiskState

_IDENTIFIED, _ASSESSED, _TREATED, _MONITORED, _CLOSED = RiskState

MOVES: Moves[RiskState] = {
    "monitor": Move((_ASSESSED, _TREATED), _MONITORED),
    "close": Move((_MONITORED,), _CLOSED),
    "reopen": Move((_CLOSED,), _IDENTIFIED),
}
"""What commands do; an assessment leads from identified to assessed, a day of review back to identified."""
DAY = timedelta(days=1)
ANY_CLASS = frozenset({RiskSource.INDICATOR, RiskSource.INCIDENT})
SOURCES: Mapping[RiskClass, frozenset[RiskSource]] = {
    RiskClass.MARKET: ANY_CLASS
    | {RiskSource.MARKET_SURVEY, RiskSource.COMPETITOR_ANALYSIS, RiskSource.INDUSTRY_TRACKING},
    RiskClass.CUSTOMER: ANY_CLASS | {RiskSource.CREDIT_REVIEW, RiskSource.SATISFACTION, RiskSource.RELATIONSHIP},
    RiskClass.COMPETITION: ANY_CLASS | {RiskSource.RIVAL_WATCH},
    RiskClass.POLICY: ANY_CLASS | {RiskSource.LAW_WATCH},
    RiskClass.OPERATION: ANY_CLASS | {RiskSource.PROCESS, RiskSource.STRATEGY, RiskSource.TEAM_REVIEW},
    RiskClass.CREDIT: ANY_CLASS | {RiskSource.CREDIT_REVIEW},
    RiskClass.SUPPLY: ANY_CLASS | {RiskSource.PROCESS},
    RiskClass.COMPLIANCE: ANY_CLASS | {RiskSource.LAW_WATCH},
}
"""Where risks of a class are found; an indicator or an incident may show any."""
OF_OURS = frozenset({LinkKind.ACCOUNT, LinkKind.PARTNER, LinkKind.CONTRACT})
"""Links whose ids this service knows."""
BY_ID = OF_OURS | {LinkKind.TARGET, LinkKind.INDICATOR, LinkKind.UNIT}
"""Links whose ids are UUIDs; the others are codes."""


class RedAlertOpen(Conflict):
    code, title = "red-alert-open", "A red alert about the risk stands"


class TreatmentOpen(Conflict):
    code, title = "treatment-open", "A treatment of the risk waits or is under way"


class SourceNotOfClass(Invalid):
    code, title = "source-not-of-class", "Risks of this class are not found by this source"


class DistributionInvalid(Invalid):
    code, title = "distribution-invalid", "The shares or parameters make no distribution"


def check_source(risk_class: RiskClass, source: RiskSource) -> None:
    """Raises SourceNotOfClass."""
    if source not in SOURCES[risk_class]:
        detail = f"sources of {risk_class}: {', '.join(sorted(SOURCES[risk_class]))}"
        raise SourceNotOfClass(errors=[FieldError("/source", SourceNotOfClass.code, detail)])


def check_shares(branches: Sequence[tuple[str, int]], pointer: str) -> None:
    """Codes occur once, and shares (millionths) are 1,000,000 together; none at all is fine.

    Raises DistributionInvalid.
    """
    if len({code for code, _ in branches}) != len(branches):
        raise DistributionInvalid(errors=[FieldError(pointer, DistributionInvalid.code, "each code once")])
    total = sum(share for _, share in branches)
    if branches and total != SHARE_WHOLE:
        detail = f"the shares are {total} together, not {SHARE_WHOLE}"
        raise DistributionInvalid(errors=[FieldError(pointer, DistributionInvalid.code, detail)])


def state_once_assessed(state: RiskState, *, is_treated: bool) -> RiskState:
    """What is closed must be opened again first (StateConflict); what is treated or monitored stays so."""
    if state is _CLOSED:
        raise StateConflict("risk", "assess", state, [each for each in RiskState if each is not _CLOSED])
    return state_by_treatments(_ASSESSED, is_treated=is_treated) if state is _IDENTIFIED else state


def state_by_treatments(state: RiskState, *, is_treated: bool) -> RiskState:
    """What is assessed is treated while a treatment is under way or done, or the risk accepted."""
    return (_TREATED if is_treated else _ASSESSED) if state in (_ASSESSED, _TREATED) else state


def review_falls(review_on: date) -> date:
    """The day on which a review that was not made has passed."""
    return review_on + DAY
