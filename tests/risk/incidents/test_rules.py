"""Rules of incidents."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.incidents.rules import RecoveriesExceedLoss, check_days, check_recoveries
from services.risk.policies.rules import DateOrder, FutureDate

TODAY = date(2026, 2, 14)
DAY = timedelta(1)


def test_what_occurs_is_discovered_the_same_day_or_later() -> None:
    check_days(TODAY, TODAY, TODAY)
    check_days(TODAY - DAY, TODAY, TODAY)
    with pytest.raises(DateOrder) as found:
        check_days(TODAY, TODAY - DAY, TODAY)
    assert [error.pointer for error in found.value.errors] == ["/discovered_on"]


def test_no_day_lies_ahead() -> None:
    with pytest.raises(FutureDate) as found:
        check_days(TODAY, TODAY + DAY, TODAY)
    assert [error.pointer for error in found.value.errors] == ["/discovered_on"]
    with pytest.raises(FutureDate) as found:
        check_days(TODAY + DAY, TODAY, TODAY)
    assert [error.pointer for error in found.value.errors] == ["/occurred_on"]


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_no_loss_is_negative_on_balance(gross_loss: int, recoveries: int) -> None:
    if gross_loss - recoveries >= 0:
        check_recoveries(gross_loss, recoveries)
    else:
        with pytest.raises(RecoveriesExceedLoss):
            check_recoveries(gross_loss, recoveries)
