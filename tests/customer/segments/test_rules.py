"""How what changed is told, and which segments ask for themselves."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.customer.segments.rules import chunks_of, way_back

IDS = st.lists(st.integers(1, 60).map(lambda number: UUID(int=number)), unique=True, max_size=40)


@given(IDS, IDS, st.integers(1, 7))
def test_every_id_is_told_once_and_no_part_is_too_large(joined: list[UUID], left: list[UUID], most: int) -> None:
    chunks = chunks_of(joined, left, most)
    assert [one for chunk in chunks for one in chunk.joined] == joined
    assert [one for chunk in chunks for one in chunk.left] == left
    assert all(0 < len(chunk.joined) + len(chunk.left) <= most for chunk in chunks)
    assert len(chunks) == -(-(len(joined) + len(left)) // most)


@given(st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6))), st.integers(0, 6))
def test_a_way_back_is_found_where_there_is_one(edges: dict[int, set[int]], start: int) -> None:
    asks = {UUID(int=one): {UUID(int=other) for other in others} for one, others in edges.items()}
    reached, front = set[int](), [start]
    while front:
        for other in edges.get(front.pop(), ()):
            if other not in reached:
                reached.add(other)
                front.append(other)
    way = way_back(UUID(int=start), asks)
    assert bool(way) == (start in reached)
    for step, after in zip(way, [*way[1:], UUID(int=start)] if way else (), strict=True):
        assert after in asks[step]
