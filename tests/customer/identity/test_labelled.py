"""Pairs of names that a person has judged: how often the score says the same."""

from __future__ import annotations

from collections import Counter

from services.customer.identity.enums import IdentityVerdict
from services.customer.identity.rules import compare_names, named, verdict
from tests.customer.identity.labelled import labelled
from tests.customer.identity.test_rules import SCORES


def test_there_are_enough_pairs_of_each_kind() -> None:
    pairs = labelled()
    count = Counter(pair.is_same for pair in pairs)
    assert len({frozenset(pair[1:]) for pair in pairs}) == len(pairs) >= 300
    assert count[False] * 3 >= len(pairs)
    scripts = Counter(pair.one.isascii() for pair in pairs)
    assert min(scripts.values()) * 3 >= len(pairs)
    assert not {frozenset(pair[1:]) for pair in pairs} & {frozenset(pair[:2]) for pair in SCORES}


def test_duplicates_are_told_from_others() -> None:
    found: Counter[tuple[bool, bool]] = Counter()
    for pair in labelled():
        score = compare_names(named(pair.one), named(pair.other)).name
        found[pair.is_same, verdict(score) is IdentityVerdict.DUPLICATE] += 1
    hits = found[True, True]
    assert hits / (hits + found[False, True]) >= 0.98
    assert hits / (hits + found[True, False]) >= 0.85
