"""Pure rules of cases: the way that each kind goes, who must approve an answer, what voids an approval."""

from __future__ import annotations

import hashlib
from typing import Final

from kit.errors import Conflict, FieldError, Invalid, StateConflict
from kit.transitions import Move, Moves, next_state
from services.customer.cases.enums import CaseKind, CaseState
from services.customer.slas.enums import Severity

NOUN: Final = "case"
UNANSWERED: Final = (CaseState.RECEIVED, CaseState.ACKNOWLEDGED, CaseState.ASSESSED, CaseState.INVESTIGATING)
OPEN: Final = (*UNANSWERED, CaseState.RESPONDED)
MOVES: Moves[CaseState] = {
    "acknowledge": Move((CaseState.RECEIVED,), CaseState.ACKNOWLEDGED),
    "assess": Move((CaseState.ACKNOWLEDGED,), CaseState.ASSESSED),
    "investigate": Move((CaseState.ASSESSED,), CaseState.INVESTIGATING),
    "respond": Move(UNANSWERED, CaseState.RESPONDED),
    "close": Move((CaseState.RESPONDED,), CaseState.CLOSED),
    "reopen": Move((CaseState.RESPONDED, CaseState.CLOSED), CaseState.INVESTIGATING),
}
COMPLAINT_MOVES: Moves[CaseState] = {
    **MOVES,
    "respond": Move((CaseState.INVESTIGATING,), CaseState.RESPONDED),
}
"""A complaint passes every state; what else comes may be answered at once."""
GRAVE: Final = (Severity.CRITICAL, Severity.HIGH)
HIGHEST_LEVEL: Final = 2


class SecondOwnerRequired(Conflict):
    code, title = "second-owner-required", "The second owner must approve this answer"


class SecondOwnerNotImpartial(Conflict):
    code, title = "second-owner-not-impartial", "The second owner has a part in the case"


class ResponseChanged(Conflict):
    code, title = "response-changed", "The answer is another one than was read"


class ResponseMissing(Invalid):
    code, title = "response-missing", "There is no answer yet"


class RootCauseRequired(Invalid):
    code, title = "root-cause-required", "A complaint is closed with its root cause"


class CasePaused(Conflict):
    code, title = "case-paused", "The case is paused"


class CaseNotPaused(Conflict):
    code, title = "case-not-paused", "The case is not paused"


class HighestLevel(Conflict):
    code, title = "highest-level", "The case is escalated to the highest level"


def next_case_state(kind: CaseKind, action: str, state: CaseState) -> CaseState:
    """The state that an action leads a case of a kind to; raises StateConflict."""
    return next_state(NOUN, COMPLAINT_MOVES if kind is CaseKind.COMPLAINT else MOVES, action, state)


def check_state(action: str, state: CaseState, allowed: tuple[CaseState, ...]) -> None:
    """Raises StateConflict for an action that moves no state."""
    if state not in allowed:
        raise StateConflict(NOUN, action, state, allowed)


def digest(response: str) -> str:
    """SHA-256 of an answer, in hexadecimal: what an approval is of."""
    return hashlib.sha256(response.encode()).hexdigest()


def needs_second(kind: CaseKind, severity: Severity) -> bool:
    """Whether a second owner must approve the answer."""
    return kind is CaseKind.COMPLAINT and severity in GRAVE


def is_worse(severity: Severity, before: Severity) -> bool:
    """Whether a severity is worse than another."""
    order = list(Severity)
    return order.index(severity) < order.index(before)


def raised_level(level: int) -> int:
    """The next level of escalation; raises HighestLevel."""
    if level >= HIGHEST_LEVEL:
        raise HighestLevel()
    return level + 1


def check_root_cause(kind: CaseKind, root_cause: str | None) -> None:
    """Raises RootCauseRequired."""
    if kind is CaseKind.COMPLAINT and root_cause is None:
        raise RootCauseRequired(errors=[FieldError("/root_cause", RootCauseRequired.code, RootCauseRequired.title)])
