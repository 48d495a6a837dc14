"""Fairness of draws: what a ticket wins follows from the seed and its number, as often as the weights say."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.points_draws.rules import SPACE, Prize, digest_of, drawn, picked, values_of, won

SEED = "00112233445566778899aabbccddeeff" * 2
PRIZES = [Prize("MUG", 9, 500), Prize("HEADSET", 1, 10)]


def test_anybody_can_check_a_ticket_by_the_published_rule() -> None:
    """HMAC-SHA256(seed, n) modulo all weights, prizes by code, then blanks; SHA-256 of the seed is the digest."""
    assert digest_of(SEED) == hashlib.sha256(bytes.fromhex(SEED)).hexdigest()
    for number in range(1, 300):
        value = int(hmac.new(bytes.fromhex(SEED), str(number).encode(), "sha256").hexdigest(), 16)
        place = value % 100
        expected = "HEADSET" if place < 1 else "MUG" if place < 10 else None
        assert drawn(SEED, number, PRIZES, 90) == drawn(SEED, number, PRIZES[::-1], 90) == expected


@given(total=st.integers(1, 300), extra=st.integers(0, 300))
def test_no_place_is_more_probable_than_another(total: int, extra: int) -> None:
    """Of all values of a small space each place is taken equally often before anything is rejected."""
    space = total + extra
    kept = [value for value in range(space) if value < space - space % total]
    taken = Counter(picked([value, 0], total, space) for value in kept)
    assert set(taken.values()) == {space // total}
    assert len(taken) == total
    for value in range(space - space % total, space):
        assert picked([value, total - 1], total, space) == total - 1, "rejected: the next value counts"


def test_values_of_a_ticket_go_on_where_one_is_rejected() -> None:
    values = values_of(SEED, 7)
    found = [next(values) for _ in range(3)]
    key = bytes.fromhex(SEED)
    expected = [hmac.digest(key, message, "sha256") for message in (b"7", b"7:1", b"7:2")]
    assert found == [int.from_bytes(value, "big") for value in expected]
    assert all(value < SPACE for value in found)


def test_many_tickets_win_as_often_as_the_weights_say() -> None:
    """Chi-square over 20,000 tickets: below the limit of p = 0.001 with two degrees of freedom (13.8)."""
    count = 20_000
    seen = Counter(drawn(SEED, number, PRIZES, 90) for number in range(1, count + 1))
    expected = {"HEADSET": count / 100, "MUG": count * 9 / 100, None: count * 90 / 100}
    assert sum((seen[code] - of) ** 2 / of for code, of in expected.items()) < 13.8


@pytest.mark.parametrize(
    ("code", "given_before", "prize"), [("HEADSET", 9, "HEADSET"), ("HEADSET", 10, None), (None, 0, None)]
)
def test_a_prize_that_ran_out_is_none(code: str | None, given_before: int, prize: str | None) -> None:
    assert won(code, PRIZES, given_before) == prize


@given(number=st.integers(1, 10**9))
def test_without_blanks_every_ticket_wins(number: int) -> None:
    assert drawn(SEED, number, PRIZES, 0) in ("MUG", "HEADSET")
