"""What the field types accept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from kit.money import MAX_AMOUNT, SHARE_WHOLE
from kit.web import schema


def accepts(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_json(value) if isinstance(value, bytes) else TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (schema.Amount, [0, -MAX_AMOUNT, MAX_AMOUNT], [MAX_AMOUNT + 1, -MAX_AMOUNT - 1, 1.0, "1", True, None]),
        (schema.PositiveAmount, [1], [0, -1]),
        (schema.NonNegativeAmount, [0], [-1]),
        (schema.Share, [0, SHARE_WHOLE], [-1, SHARE_WHOLE + 1, 0.5]),
        (schema.PositiveShare, [1, SHARE_WHOLE], [0]),
        (schema.Count, [1, 1_000_000], [0, 1_000_001, 1.0]),
        (schema.Text, ["", "a\nb", "雪" * 200], ["a\0", "x" * 201, 5]),
        (schema.Label, ["a", " a "], ["", "  ", "\n", "\u3000", "a\0", "x" * 201]),
        (schema.Code, ["a", "A-1.b:c/d_e"], ["", "-a", "a b", "é", "a\n", "x" * 65]),
        (schema.CurrencyCode, ["USD", "JPY"], ["usd", "US", "XAU", "ZZZ", "USD\n"]),
        (
            schema.DecimalText,
            ["0", "1.5", "0.000000000001", "999999999999"],
            ["", "01", ".5", "1.", "1e3", "-1", "1\n"],
        ),
        (
            schema.BusinessDate,
            ["1900-01-01", "2200-12-31"],
            ["1899-12-31", "2201-01-01", "2026-02-30", "today", 0, "0", "2026-01-01T00:00:00Z", None],
        ),
        (
            schema.Moment,
            ["2026-01-01T00:00:00Z"],
            ["2026-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "x", 0, "1767225600"],
        ),
    ],
)
def test_bounds(kind: Any, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not accepts(kind, value)] == []
    assert [value for value in bad if accepts(kind, value)] == []


def test_moments_become_utc() -> None:
    moment = TypeAdapter(schema.Moment).validate_python("2026-01-01T08:00:00+08:00")
    assert (moment, moment.tzinfo) == (datetime(2026, 1, 1, tzinfo=UTC), UTC)


def test_unknown_fields_are_refused() -> None:
    class Body(schema.Schema):
        name: schema.Label

    assert not accepts(Body, {"name": "a", "nmae": "b"})
    assert accepts(Body, b'{"name": "a"}')
