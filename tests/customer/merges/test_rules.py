"""What a survivor takes, and what a journal gives back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.merges.enums import MergeSide
from services.customer.merges.models import FieldMove
from services.customer.merges.rules import (
    CHOSEN,
    JOURNALED,
    CountriesDiffer,
    MergeConflict,
    check_tax_ids,
    is_empty,
    restored,
    taken,
    united,
)

EMPTY: dict[str, Any] = {**dict.fromkeys(JOURNALED), "tags": []}
MERGED = MergeSide.MERGED


def journal(survivor: dict[str, Any], takes: dict[str, Any], merged: dict[str, Any]) -> list[FieldMove]:
    """What a merge that moves tax ids keeps."""
    gone = {"tax_id"} if takes.get("tax_id") is not None else set()
    takes = {**({"country": survivor["country"]} if gone else {}), **takes}
    return [
        FieldMove(
            field=name,
            survivor_before=survivor[name],
            survivor_after=takes[name],
            merged_before=merged[name],
            merged_after=None if name in gone else merged[name],
        )
        for name in takes
    ]


def test_what_is_empty_is_filled_and_what_is_chosen_is_taken() -> None:
    survivor = {**EMPTY, "name": "A", "employees": 5, "tags": ["x", "y"]}
    merged = {**EMPTY, "name": "B", "local_name": "b", "phone": "1", "phone_on": "2026-01-01", "tags": ["y", "z"]}
    takes = taken(survivor, merged, {}, is_same_tax_id=False)
    assert takes == {"local_name": "b", "phone": "1", "phone_on": "2026-01-01", "tags": ["x", "y", "z"]}
    takes = taken(survivor, merged, {"name": MERGED, "employees": MERGED}, is_same_tax_id=False)
    assert (takes["name"], "employees" in takes) == ("B", False)
    assert united(["a"], ["b", "a"]) == ["a", "b"]


def test_what_a_country_reads_does_not_move_between_two() -> None:
    here = {**EMPTY, "country": "CN", "region": "CN-SH"}
    there = {**EMPTY, "country": "DE", "region": "DE-BE", "tax_id": "DE1"}
    assert taken(here, there, {}, is_same_tax_id=False) == {}
    with pytest.raises(CountriesDiffer):
        taken(here, there, {"tax_id": MERGED}, is_same_tax_id=False)
    no_country = {**EMPTY, "region": "DE-BY"}
    assert taken(no_country, there, {}, is_same_tax_id=False) == {"country": "DE", "tax_id": "DE1"}


def test_two_tax_ids() -> None:
    check_tax_ids("CN 1", "CN 1", is_accepted=False, reason=None)
    check_tax_ids("CN 1", None, is_accepted=False, reason=None)
    check_tax_ids("CN 1", "CN 2", is_accepted=True, reason="renamed")
    for is_accepted, reason in ((False, "renamed"), (True, None), (True, "")):
        with pytest.raises(MergeConflict):
            check_tax_ids("CN 1", "CN 2", is_accepted=is_accepted, reason=reason)


def test_what_has_changed_since_is_kept() -> None:
    survivor = {**EMPTY, "name": "A", "tags": ["x"]}
    merged = {**EMPTY, "name": "B", "country": "CN", "tax_id": "1", "tags": ["y"]}
    takes = taken(survivor, merged, {"name": MERGED}, is_same_tax_id=False)
    kept = journal(survivor, takes, merged)
    now, left = {**survivor, **takes}, {**merged, "tax_id": None}
    assert restored(kept, now, left, ()) == (
        {"name": "A", "country": None, "tax_id": None, "tags": ["x"]},
        {"tax_id": "1"},
        (),
    )
    changed = restored(kept, {**now, "name": "C", "tax_id": "2"}, left, ())
    assert (changed.merged, changed.kept) == ({"tax_id": "1"}, ("name", "tax_id", "country"))
    assert "country" not in changed.survivor
    moved = restored(kept, now, {**left, "country": "DE"}, ())
    assert (moved.merged, moved.kept, "tax_id" in moved.survivor) == ({}, ("tax_id", "country"), False)
    bare = restored(kept, now, {**left, "country": None}, ())
    assert (bare.merged, bare.kept) == ({"tax_id": "1", "country": "CN"}, ())
    withheld = restored(kept, now, left, ("tax_id",))
    assert ("tax_id" in withheld.survivor, withheld.merged, withheld.kept) == (False, {}, ("tax_id", "country"))


_values = st.fixed_dictionaries(
    {name: st.sampled_from([None, "a", "b"]) for name in CHOSEN if name not in ("country", "region", "tax_id")}
    | {"tags": st.lists(st.sampled_from("abc"), unique=True), "tax_id": st.sampled_from([None, "1"])}
)


@given(_values, _values, st.dictionaries(st.sampled_from(CHOSEN), st.sampled_from(MergeSide)))
def test_a_merge_taken_back_at_once_leaves_both_as_they_were(
    one: dict[str, Any], other: dict[str, Any], chosen: dict[str, MergeSide]
) -> None:
    survivor, merged = {**EMPTY, **one}, {**EMPTY, **other}
    is_same = survivor["tax_id"] == merged["tax_id"]
    takes = taken(survivor, merged, chosen, is_same_tax_id=is_same)
    after = {**survivor, **takes}
    assert all(not is_empty(after[name]) for name in survivor if not is_empty(survivor[name]))
    left = {**merged, **({"tax_id": None} if takes.get("tax_id") else {})}
    back = restored(journal(survivor, takes, merged), after, left, ())
    assert ({**after, **back.survivor}, {**left, **back.merged}, back.kept) == (survivor, merged, ())
