"""If-Match as a list of ETags."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kit.errors import VersionMismatch, VersionRequired
from kit.versions import Versions, read_if_match

NUMBERS = st.integers(0, 999_999_999)
TAG = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f', exclude_categories=["Cc"])
)
FOREIGN = TAG.filter(lambda tag: not tag.isdecimal()).map(lambda tag: f'"{tag}"')
ELEMENTS = st.lists(
    st.one_of(
        NUMBERS.map(lambda number: (f'"{number}"', {number})),
        NUMBERS.map(lambda number: (f'W/"{number}"', set[int]())),
        FOREIGN.map(lambda tag: (tag, set[int]())),
        st.just(("", set[int]())),
    ),
    min_size=1,
)
GAPS = st.sampled_from(["", " ", "\t "])


@given(ELEMENTS, st.data())
def test_every_strong_tag_of_a_version_counts_in_any_number_of_lines(
    elements: list[tuple[str, set[int]]], data: st.DataObject
) -> None:
    texts = [data.draw(GAPS) + text + data.draw(GAPS) for text, _ in elements]
    cut = data.draw(st.integers(0, len(texts)))
    lines = [",".join(part) for part in (texts[:cut], texts[cut:]) if part]
    assert read_if_match(lines).named == frozenset().union(*(named for _, named in elements))


@given(st.text())
@example("\n")
@example('"7"\n')
def test_any_text_is_a_list_or_refused(text: str) -> None:
    try:
        found = read_if_match([text])
    except VersionMismatch:
        return
    assert found.named is not None or text.strip(" \t") == "*"


def test_star_is_whichever_version_and_stands_alone() -> None:
    read_if_match([" * "]).check(7)
    for lines in (["*", '"7"'], ["*", "*"]):
        with pytest.raises(VersionMismatch):
            read_if_match(lines)


def test_without_a_header_a_version_is_asked_for() -> None:
    with pytest.raises(VersionRequired):
        read_if_match([])


def test_one_match_suffices() -> None:
    versions = Versions(frozenset({1, 3}))
    versions.check(3)
    with pytest.raises(VersionMismatch):
        versions.check(2)
