"""Pure rules of contracts: moves, the clause gate, dates of notice, warning, renewal and end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from kit.errors import Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.risk.contracts.enums import ClauseResult, ContractState, Renewal, StepKind
from services.risk.obligations.rules import add_months

_DRAFT, _REVIEW, _APPROVED, _SIGNED, _IN_FORCE, _FULFILLED, _EXPIRED, _TERMINATED = ContractState

MOVES: Moves[ContractState] = {
    "change": Move((_DRAFT,), _DRAFT),
    "submit": Move((_DRAFT,), _REVIEW),
    "review": Move((_REVIEW,), _REVIEW),
    "reject": Move((_REVIEW,), _DRAFT),
    "approve": Move((_REVIEW,), _APPROVED),
    "sign": Move((_APPROVED,), _SIGNED),
    "terminate": Move((_SIGNED, _IN_FORCE), _TERMINATED),
}
"""What commands do; dates lead from signed to in force, and from there to fulfilled or expired."""

STANDING = (_SIGNED, _IN_FORCE)
DAY = timedelta(days=1)
WARNING_DAYS = (90, 60, 30)
"""Days before the last day of notice on which a warning is due."""


class ClauseGate(Conflict):
    code, title = "clause-gate", "Mandatory clauses have not passed"


class RenewalIncomplete(Invalid):
    code, title = "renewal-incomplete", "An automatic renewal needs an end and a number of months"


class Judged(Protocol):
    """A clause of the checklist and its result, None while it is open."""

    @property
    def code(self) -> str: ...
    @property
    def is_mandatory(self) -> bool: ...
    @property
    def result(self) -> ClauseResult | None: ...


class Timing(NamedTuple):
    """What the dates of a contract rest on; `warned` warnings of the current term are behind it."""

    state: ContractState
    starts_on: date
    signed_on: date | None
    ends_on: date | None
    notice_days: int
    renewal: Renewal
    notice_given_on: date | None
    warned: int


class Step(NamedTuple):
    """What comes next, and on which day."""

    kind: StepKind
    day: date


def notice_by(ends_on: date, notice_days: int) -> date:
    """The last day on which notice can be given: 2026-12-31, 60 -> 2026-11-01."""
    return ends_on - timedelta(notice_days)


def warning_days(ends_on: date, notice_days: int) -> list[date]:
    """When the end of a term is warned of, earliest first."""
    last = notice_by(ends_on, notice_days)
    return [last - timedelta(days) for days in WARNING_DAYS]


def warnings_before(ends_on: date | None, notice_days: int, day: date) -> int:
    """How many warnings would have been due before a day: nobody could heed them any more."""
    return 0 if ends_on is None else sum(each < day for each in warning_days(ends_on, notice_days))


def next_step(timing: Timing) -> Step | None:
    """What a date brings about next; None when nothing will."""
    if timing.state is _SIGNED:
        return Step(StepKind.BEGIN, max(timing.starts_on, timing.signed_on or timing.starts_on))
    if timing.state is not _IN_FORCE or timing.ends_on is None:
        return None
    is_noticed = timing.notice_given_on is not None
    if timing.warned < len(WARNING_DAYS) and not is_noticed:
        return Step(StepKind.WARN, warning_days(timing.ends_on, timing.notice_days)[timing.warned])
    if timing.renewal is Renewal.AUTOMATIC and not is_noticed:
        return Step(StepKind.RENEW, notice_by(timing.ends_on, timing.notice_days) + DAY)
    return Step(StepKind.END, timing.ends_on + DAY)


def renewed_until(anchor: date, renewals: int, months: int) -> date:
    """Last day after that many renewals, counted from the end that was agreed."""
    return add_months(anchor, renewals * months)


def check_gate(clauses: Sequence[Judged]) -> None:
    """Raises ClauseGate, naming the mandatory clauses that are open or failed."""
    wanting = [
        clause for clause in clauses if clause.is_mandatory and clause.result in (None, ClauseResult.FAIL)
    ]
    if wanting:
        names = [FieldError(f"/clauses/{one.code}", one.result or "open", "must pass, or not apply") for one in wanting]
        raise ClauseGate(", ".join(one.code for one in wanting), errors=names)
