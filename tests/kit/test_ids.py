"""New ids are unique and ordered by time; derived ids never change."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit.ids import derived_id, new_id


def test_new_ids_are_version_7_unique_and_ordered_within_the_process() -> None:
    made = [new_id() for _ in range(5000)]
    assert {each.version for each in made} == {7}
    assert all(type(each) is UUID for each in made)
    assert len(set(made)) == len(made)
    assert all(a.int >> 80 <= b.int >> 80 for a, b in pairwise(made))


def test_derived_id_is_the_same_for_ever() -> None:
    event = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert derived_id(event, 0) == derived_id(str(event), "0")
    assert str(derived_id(event, 0)) == "f024e330-d093-51a7-8522-c9c06091daea"
    assert derived_id("a").version == 5


PARTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=5), max_size=4)


@given(PARTS, st.data())
def test_other_parts_give_another_id(parts: list[str], data: st.DataObject) -> None:
    others = data.draw(PARTS)
    same = "\x1f".join(parts) == "\x1f".join(others)
    assert (derived_id(*parts) == derived_id(*others)) is same
