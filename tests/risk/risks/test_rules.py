"""Pure rules of risks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import StateConflict
from services.risk.risks.enums import RiskClass, RiskSource, RiskState
from services.risk.risks.rules import (
    ANY_CLASS,
    SOURCES,
    DistributionInvalid,
    SourceNotOfClass,
    check_shares,
    check_source,
    state_by_treatments,
    state_once_assessed,
)


@pytest.mark.parametrize("risk_class", RiskClass)
def test_every_class_has_sources_of_its_own_and_those_of_all(risk_class: RiskClass) -> None:
    assert SOURCES[risk_class] > ANY_CLASS


def test_every_source_finds_something() -> None:
    assert frozenset().union(*SOURCES.values()) == frozenset(RiskSource)


@given(st.sampled_from(RiskClass), st.sampled_from(RiskSource))
def test_a_source_belongs_to_the_class_or_is_refused(risk_class: RiskClass, source: RiskSource) -> None:
    if source in SOURCES[risk_class]:
        check_source(risk_class, source)
    else:
        with pytest.raises(SourceNotOfClass, match="not found by this source"):
            check_source(risk_class, source)


def test_shares_are_the_whole() -> None:
    check_shares([], "/causes")
    check_shares([("a", 700_000), ("b", 300_000)], "/causes")
    for wrong in ([("a", 999_999)], [("a", 1_000_001)], [("a", 500_000), ("a", 500_000)]):
        with pytest.raises(DistributionInvalid) as refused:
            check_shares(wrong, "/causes")
        assert refused.value.errors[0].pointer == "/causes"


def test_an_assessment_keeps_what_is_under_way_and_refuses_what_is_closed() -> None:
    assert [state_once_assessed(state, is_treated=False) for state in list(RiskState)[:-1]] == [
        RiskState.ASSESSED,
        RiskState.ASSESSED,
        RiskState.TREATED,
        RiskState.MONITORED,
    ]
    with pytest.raises(StateConflict):
        state_once_assessed(RiskState.CLOSED, is_treated=True)
    assert state_once_assessed(RiskState.IDENTIFIED, is_treated=True) is RiskState.TREATED
    followed = [
        state_by_treatments(state, is_treated=is_treated) for state in RiskState for is_treated in (False, True)
    ]
    assert followed[2:6] == [RiskState.ASSESSED, RiskState.TREATED] * 2
    assert followed[:2] + followed[6:] == [state for state in RiskState if state not in followed[2:6] for _ in "12"]
