"""The file as orders: its traps, and that what it lacks is the same for ever."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.load import cdnow
from cli.load.table import file_total

SAMPLE = cdnow.sample_path()
PURCHASES = list(cdnow.read(SAMPLE))

purchases = st.builds(
    cdnow.Purchase,
    line=st.integers(1, 70_000),
    customer=st.from_regex(r"\d{5}", fullmatch=True),
    day=st.dates(date(1997, 1, 1), date(1998, 6, 30)),
    quantity=st.integers(1, 99),
    cents=st.integers(0, 200_000),
)


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_the_sample_is_what_its_description_says() -> None:
    assert len(PURCHASES) == 6919
    assert len({purchase.customer for purchase in PURCHASES}) == 2357
    assert (min(p.day for p in PURCHASES), max(p.day for p in PURCHASES)) == (date(1997, 1, 1), date(1998, 6, 30))
    assert any(purchase.cents == 0 for purchase in PURCHASES), "orders of nothing count"
    same_day = Counter((purchase.customer, purchase.day) for purchase in PURCHASES)
    assert max(same_day.values()) > 1, "customer and date are no key"
    assert len({purchase.line for purchase in PURCHASES}) == len(PURCHASES)


def test_both_readers_agree_on_the_sample() -> None:
    assert file_total(SAMPLE) == (len(PURCHASES), sum(purchase.cents for purchase in PURCHASES))


def test_both_forms_of_the_file_are_read(tmp_path: Path) -> None:
    sample = write(tmp_path / "sample.txt", " 00004 0001 19970101  2   29.33\r\n")
    master = write(tmp_path / "master.txt", "id date n dollars\n00004 19970101 2 29.33\n\n00005 19970102 1 7.5\n")
    assert list(cdnow.read(sample)) == [cdnow.Purchase(1, "00004", date(1997, 1, 1), 2, 2933)]
    assert list(cdnow.read(master)) == [
        cdnow.Purchase(2, "00004", date(1997, 1, 1), 2, 2933),
        cdnow.Purchase(4, "00005", date(1997, 1, 2), 1, 750),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "00004 19970101 2",
        "00004 19971301 2 29.33",
        "00004 19970101 0 29.33",
        "00004 19970101 -1 29.33",
        "00004 19970101 2 -29.33",
        "00004 19970101 2 29.333",
        "00004 19970101 2 1e3",
        "00004 19970101 2 x",
    ],
)
def test_what_is_no_purchase_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "file.txt", f"00003 19970101 1 10.00\n{line}\n")
    with pytest.raises(cdnow.DataFileError, match="line 2"):
        list(cdnow.read(path))


@given(purchases)
def test_unit_price_and_discount_make_what_was_paid(purchase: cdnow.Purchase) -> None:
    assert purchase.unit_price * purchase.quantity - purchase.discount == purchase.cents
    assert 0 <= purchase.discount < purchase.quantity


@given(purchases)
def test_what_the_file_lacks_is_whole(purchase: cdnow.Purchase) -> None:
    shares = cdnow.sellers_of(purchase.customer)
    assert sum(share for _number, share in shares) == 1_000_000
    assert len({number for number, _share in shares}) == len(shares)
    assert all(0 <= number < cdnow.SELLERS for number, _share in shares)
    payments = cdnow.payments_of(purchase)
    assert sum(cents for _day, cents in payments) in (0, purchase.cents)
    assert all(cents > 0 and day > purchase.day for day, cents in payments)
    returned = cdnow.return_of(purchase)
    assert returned is None or (1 <= returned[1] <= purchase.quantity and returned[0] > purchase.day)
    assert cdnow.partner_of(purchase.customer) in (None, *range(cdnow.PARTNERS))
    assert cdnow.region_of(purchase.customer) in cdnow.REGIONS


def test_the_derivation_never_changes() -> None:
    assert cdnow.digest("seller", "00004") == 3708859850044375714
    assert cdnow.sellers_of("00004") == [(14, 600_000), (12, 400_000)]


def test_the_shares_of_what_happens_are_as_documented() -> None:
    paid = sum(bool(cdnow.payments_of(purchase)) for purchase in PURCHASES) / len(PURCHASES)
    returned = sum(cdnow.return_of(purchase) is not None for purchase in PURCHASES) / len(PURCHASES)
    assert paid == pytest.approx(0.9, abs=0.02)
    assert returned == pytest.approx(0.03, abs=0.01)


def test_quarters_follow_one_another() -> None:
    bounds = [cdnow.quarter_bounds(quarter) for quarter in cdnow.QUARTERS]
    assert bounds[0][0] == date(1997, 1, 1)
    assert bounds[-1][1] == date(1998, 6, 30)
    for (_first, last), (following, _) in itertools.pairwise(bounds):
        assert following == last + timedelta(days=1)
