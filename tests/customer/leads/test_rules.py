"""Rules of leads, from the page."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.clock import now
from kit.errors import StateConflict
from kit.transitions import next_state
from services.customer.consents.rules import Said, Spoken, goes_along, latest
from services.customer.leads.enums import LeadState
from services.customer.leads.rules import MOVES, LeadNameless, days_between, name_of

ALLOWED = {
    ("new", "start"): "working",
    ("working", "qualify"): "qualified",
    ("qualified", "convert"): "converted",
    ("new", "disqualify"): "disqualified",
    ("working", "disqualify"): "disqualified",
    ("qualified", "disqualify"): "disqualified",
    ("disqualified", "reopen"): "working",
}


def test_the_way_of_a_lead() -> None:
    for state in LeadState:
        for action in MOVES:
            if target := ALLOWED.get((state, action)):
                assert next_state("lead", MOVES, action, state) == target
            else:
                with pytest.raises(StateConflict):
                    next_state("lead", MOVES, action, state)


def test_a_lead_is_called_by_its_company_else_by_the_person() -> None:
    assert name_of("Quay", "Zhang Wei") == name_of("Quay", None) == "Quay"
    assert name_of(None, "Zhang Wei") == "Zhang Wei"
    with pytest.raises(LeadNameless):
        name_of(None, None)


def test_days_are_dates_apart() -> None:
    assert days_between(date(2026, 2, 14), date(2026, 2, 26)) == 12
    assert days_between(date(2026, 2, 28), date(2026, 3, 1)) == 1
    assert days_between(date(2026, 2, 14), date(2026, 2, 14)) == 0


NOW = now()
MOMENTS = st.integers(0, 20).map(lambda day: NOW - timedelta(days=day))
SAID = st.lists(st.builds(Said, MOMENTS, st.booleans()), max_size=6)


@given(SAID, MOMENTS, st.sampled_from([None, "", "Form 1"]))
def test_what_goes_along_revives_nothing(said: list[Said], at: datetime, evidence: str | None) -> None:
    """Whoever withdrew last is written to only after a later consent with evidence."""
    entry = Spoken(Said(at, True), evidence, False)
    stands = latest(said)
    if goes_along(entry, said) and stands is not None and not stands.is_granted:
        assert entry.said.at > stands.at
        assert evidence


@given(SAID, MOMENTS, MOMENTS)
def test_a_withdrawal_goes_along_and_counts(said: list[Said], first: datetime, second: datetime) -> None:
    given_at, ended_at = sorted([first, second])
    granted, ended = Said(given_at, True), Said(ended_at, False)
    assert goes_along(Spoken(granted, None, True), said)
    assert goes_along(Spoken(ended, None, False), [*said, granted])
    after = latest([*said, granted, ended])
    assert after is not None
    assert not after.is_granted or after.at > ended.at
