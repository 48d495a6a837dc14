"""Where things lead along redirects, whatever the order in which they were heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit.redirects import Groups, Redirect, roots_of

NOON = datetime(2026, 2, 14, 12, tzinfo=UTC)
A, B, C, D = (UUID(int=number) for number in range(1, 5))


def edge(target: UUID, source: UUID, at: int, number: int = 0) -> Redirect:
    """A redirect some minutes after noon."""
    return Redirect(UUID(int=number or 100 + at), target, source, NOON + timedelta(minutes=at))


def test_a_chain_leads_to_its_end() -> None:
    assert roots_of([edge(B, C, 1), edge(A, B, 2)]) == {B: A, C: A}


def test_of_two_redirects_of_one_the_later_holds() -> None:
    assert roots_of([edge(A, C, 2), edge(B, C, 1)]) == {C: A}
    assert roots_of([edge(A, C, 1, 7), edge(B, C, 1, 8)]) == {C: B}


def test_a_loop_is_cut_at_its_latest_redirect() -> None:
    assert roots_of([edge(A, B, 1), edge(B, C, 2), edge(C, A, 3)]) == {B: A, C: A}
    assert roots_of([edge(A, B, 1), edge(B, A, 2), edge(B, D, 3)]) == {B: A, D: A}
    assert roots_of([edge(A, A, 1)]) == {}


_edges = st.lists(
    st.builds(
        lambda target, source, at, number: edge(UUID(int=target), UUID(int=source), at, number),
        *(st.integers(1, 6),) * 2,
        st.integers(0, 3),
        st.integers(1, 10**6),
    ),
    unique_by=lambda one: one.id,
    max_size=8,
)


@given(_edges, st.randoms())
def test_the_order_does_not_matter_and_every_walk_ends(edges: list[Redirect], dice: st.DataObject) -> None:
    found = roots_of(edges)
    shuffled = list(edges)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert roots_of(shuffled) == found
    assert not set(found.values()) & found.keys(), "a root leads nowhere"
    assert found.keys() <= {one.source for one in edges}


def test_what_leads_to_one_root_is_one() -> None:
    groups = Groups.of([(C, A), (B, A)])
    assert [groups.root(each) for each in (A, B, D)] == [A, A, D]
    assert (groups.members(C), groups.members(D)) == ((A, B, C), (D,))
    assert groups.everyone([B, D]) == [A, B, C, D]
