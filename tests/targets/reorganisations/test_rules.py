"""What may end, go on elsewhere, and under which codes."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from services.targets.members.rules import Span, carried
from services.targets.reorganisations.rules import (
    UnitCodes,
    UnitEnded,
    UnitNotBegun,
    check_end,
    check_goes_on,
    codes_of,
)

A, B, C, D = (UUID(int=number) for number in (1, 2, 3, 4))
JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))


def test_a_unit_ends_and_goes_on_inside_its_days() -> None:
    check_end((JAN, None), None, FEB)
    check_end((JAN, FEB), None, JAN)
    check_end((None, FEB), B, FEB)
    for days, successor in (((None, JAN), None), ((None, MAR), B)):
        with pytest.raises(UnitEnded):
            check_end(days, successor, FEB)
    with pytest.raises(UnitNotBegun):
        check_end((FEB, None), None, JAN)
    check_goes_on((JAN, None), None, FEB)
    check_goes_on((None, FEB), None, FEB)
    for days, successor in (((None, JAN), None), ((None, MAR), B)):
        with pytest.raises(UnitEnded):
            check_goes_on(days, successor, FEB)
    with pytest.raises(UnitNotBegun):
        check_goes_on((FEB, None), None, FEB)


def test_each_unit_below_goes_on_under_a_code_of_its_own() -> None:
    units = {A: "a", B: "b", C: "c"}
    assert codes_of({A: "a"}, [], (A, "new")) == {A: "new"}
    assert codes_of(units, [(B, "b2"), (C, "c2")], (A, "a2")) == {A: "a2", B: "b2", C: "c2"}
    for named in ([(B, "b2")], [(B, "b2"), (C, "c2"), (D, "d2")], [(B, "b2"), (B, "b3")], [(A, "a3")]):
        with pytest.raises(UnitCodes):
            codes_of(units, named, (A, "a2"))


def test_memberships_go_on_from_the_day_and_all_else_stays() -> None:
    spans = [Span(A, JAN, FEB), Span(B, FEB, MAR), Span(A, MAR)]
    middle = date(2026, 2, 15)
    assert carried(spans, {A: C, B: D}, middle) == [
        Span(A, JAN, FEB),
        Span(B, FEB, middle),
        Span(D, middle, MAR),
        Span(C, MAR),
    ]
    assert carried(spans, {C: D}, middle) == spans
    assert carried(spans, {A: C}, JAN) == [Span(C, JAN, FEB), Span(B, FEB, MAR), Span(C, MAR)]
    assert carried([Span(A, JAN, FEB)], {A: C}, FEB) == [Span(A, JAN, FEB)], "who had left does not come back"
