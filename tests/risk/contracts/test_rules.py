"""Dates of contracts and the clause gate, with the figures of the requirement."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.contracts.enums import ClauseResult, ContractState, Renewal, StepKind
from services.risk.contracts.models import Clause
from services.risk.contracts.rules import (
    MOVES,
    ClauseGate,
    Step,
    Timing,
    check_gate,
    next_step,
    notice_by,
    renewed_until,
    warning_days,
    warnings_before,
)
from services.risk.obligations.rules import add_months

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
IN_FORCE = Timing(
    ContractState.IN_FORCE,
    date(2026, 1, 1),
    date(2025, 12, 20),
    date(2026, 12, 31),
    60,
    Renewal.AUTOMATIC,
    None,
    0,
)


def test_the_last_day_of_notice_and_its_warnings() -> None:
    assert notice_by(date(2026, 12, 31), 60) == date(2026, 11, 1)
    assert warning_days(date(2026, 12, 31), 60) == [date(2026, 8, 3), date(2026, 9, 2), date(2026, 10, 2)]


def test_months_count_from_the_anchor() -> None:
    anchor = date(2026, 1, 31)
    assert [add_months(anchor, n) for n in (1, 2, 3)] == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert renewed_until(date(2024, 2, 29), 4, 12) == date(2028, 2, 29)


@given(DAYS, st.integers(0, 600))
def test_a_month_later_is_the_same_day_or_the_last_of_its_month(anchor: date, months: int) -> None:
    later = add_months(anchor, months)
    assert (later.year * 12 + later.month) - (anchor.year * 12 + anchor.month) == months
    assert later.day == min(anchor.day, monthrange(later.year, later.month)[1])


@given(DAYS, st.lists(st.integers(0, 300), min_size=2))
def test_later_months_are_later_days(anchor: date, months: list[int]) -> None:
    days = [add_months(anchor, each) for each in sorted(set(months))]
    assert days == sorted(set(days))


def walk(timing: Timing, months: int = 12, steps: int = 12) -> list[Step]:
    """The steps of a contract, taken one after the other."""
    found: list[Step] = []
    anchor, renewals = timing.ends_on, 0
    while (step := next_step(timing)) is not None and len(found) < steps:
        found.append(step)
        match step.kind:
            case StepKind.BEGIN:
                warned = warnings_before(timing.ends_on, timing.notice_days, step.day)
                timing = timing._replace(state=ContractState.IN_FORCE, warned=warned)
            case StepKind.WARN:
                timing = timing._replace(warned=timing.warned + 1)
            case StepKind.RENEW:
                assert anchor is not None
                renewals += 1
                until = renewed_until(anchor, renewals, months)
                warned = warnings_before(until, timing.notice_days, step.day)
                timing = timing._replace(ends_on=until, warned=warned)
            case StepKind.END:
                timing = timing._replace(state=ContractState.EXPIRED)
    return found


def test_a_year_of_a_contract_that_renews_itself() -> None:
    steps = walk(IN_FORCE._replace(state=ContractState.SIGNED), steps=9)
    assert steps == [
        Step(StepKind.BEGIN, date(2026, 1, 1)),
        Step(StepKind.WARN, date(2026, 8, 3)),
        Step(StepKind.WARN, date(2026, 9, 2)),
        Step(StepKind.WARN, date(2026, 10, 2)),
        Step(StepKind.RENEW, date(2026, 11, 2)),
        Step(StepKind.WARN, date(2027, 8, 3)),
        Step(StepKind.WARN, date(2027, 9, 2)),
        Step(StepKind.WARN, date(2027, 10, 2)),
        Step(StepKind.RENEW, date(2027, 11, 2)),
    ]


def test_who_gave_notice_is_not_warned_and_leaves_with_the_term() -> None:
    noticed = IN_FORCE._replace(notice_given_on=date(2026, 5, 1))
    assert walk(noticed) == [Step(StepKind.END, date(2027, 1, 1))]
    agreed = IN_FORCE._replace(renewal=Renewal.BY_AGREEMENT, warned=3)
    assert walk(agreed) == [Step(StepKind.END, date(2027, 1, 1))]


def test_a_contract_signed_late_begins_when_it_is_signed_and_one_without_end_goes_on() -> None:
    late = IN_FORCE._replace(state=ContractState.SIGNED, signed_on=date(2026, 9, 10))
    assert walk(late, steps=2) == [Step(StepKind.BEGIN, date(2026, 9, 10)), Step(StepKind.WARN, date(2026, 10, 2))]
    assert next_step(IN_FORCE._replace(ends_on=None, renewal=Renewal.NONE)) is None


@given(
    starts_on=DAYS,
    length=st.integers(0, 4000),
    notice_days=st.integers(0, 400),
    renewal=st.sampled_from(Renewal),
    months=st.integers(1, 36),
    signed=st.integers(-400, 400),
)
def test_steps_come_in_the_order_of_their_days_and_an_end_is_the_last(
    starts_on: date, length: int, notice_days: int, renewal: Renewal, months: int, signed: int
) -> None:
    timing = IN_FORCE._replace(
        state=ContractState.SIGNED,
        starts_on=starts_on,
        signed_on=starts_on + timedelta(signed),
        ends_on=starts_on + timedelta(length),
        notice_days=notice_days,
        renewal=renewal,
    )
    steps = walk(timing, months)
    kinds = [step.kind for step in steps]
    later = [step.day for step in steps[1:] if step.kind is StepKind.WARN]
    assert kinds[0] is StepKind.BEGIN
    assert later == sorted(set(later)), "each warning once"
    assert kinds.count(StepKind.END) == (renewal is not Renewal.AUTOMATIC)
    renewed = [step.day for step in steps if step.kind is StepKind.RENEW]
    assert renewed == sorted(set(renewed))


def clause(code: str, result: ClauseResult | None, *, is_mandatory: bool = True) -> Clause:
    return Clause(code=code, title=code, is_mandatory=is_mandatory, result=result)


def test_the_gate_names_what_is_open_or_failed_and_mandatory() -> None:
    passing = [clause("a", ClauseResult.PASS), clause("b", ClauseResult.NOT_APPLICABLE)]
    optional = [clause("c", None, is_mandatory=False), clause("d", ClauseResult.FAIL, is_mandatory=False)]
    check_gate([*passing, *optional])
    with pytest.raises(ClauseGate) as refused:
        check_gate([*passing, *optional, clause("e", None), clause("f", ClauseResult.FAIL)])
    assert [(each.pointer, each.code) for each in refused.value.errors] == [
        ("/clauses/e", "open"),
        ("/clauses/f", "fail"),
    ]


def test_no_action_leads_out_of_an_end() -> None:
    ends = {ContractState.FULFILLED, ContractState.EXPIRED, ContractState.TERMINATED}
    assert not [action for action, move in MOVES.items() if ends & set(move.sources)]
