"""Which consent stands: the latest, and at equal times the withdrawal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from services.customer.consents.rules import Said, latest, revives

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
SAID = st.builds(Said, st.integers(0, 4).map(lambda hours: NOON + timedelta(hours=hours)), st.booleans())


def test_at_equal_times_the_withdrawal_wins() -> None:
    for said in permutations([Said(NOON, True), Said(NOON, False)]):
        assert latest(said) == Said(NOON, False)
    assert latest([]) is None


@given(st.lists(SAID, max_size=8))
def test_the_order_in_which_it_was_recorded_does_not_matter(said: list[Said]) -> None:
    stands = latest(said)
    assert stands == latest(reversed(said))
    if stands is not None and stands.is_granted:
        assert all(one.at < stands.at for one in said if not one.is_granted)


@given(st.lists(SAID, max_size=8), SAID, st.sampled_from([None, "", "form 118"]))
def test_nothing_revives_but_a_later_consent_with_evidence(said: list[Said], given: Said, evidence: str | None) -> None:
    withdrawn = [one.at for one in said if not one.is_granted]
    if not withdrawn:
        assert revives(given.at, evidence, said)
    else:
        assert revives(given.at, evidence, said) == (given.at > max(withdrawn) and evidence == "form 118")
