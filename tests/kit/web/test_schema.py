"""What the field types accept."""

from __future__ import annotations

import re
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
        (schema.Text, ["", "雪" * 200], ["a\0", "a\nb", " ", "\u200b", "x" * 201, 5]),
        (schema.LongText, ["", "a\r\n\tb", "雪" * 4000], ["a\0", "\n", "x" * 4001, 5]),
        (schema.Label, ["a", " a "], ["", "  ", "\n", "\u3000", "a\0", "\u202ea", "x" * 201]),
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


def test_text_is_composed_before_it_is_measured() -> None:
    assert TypeAdapter(schema.Label).validate_python("e\u0301" * 200) == "é" * 200
    assert not accepts(schema.Label, "e\u0301" * 201)
    assert not accepts(schema.Label, "x" * 10_000_000)


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("ab\u202ec", "text-direction", "U+202E at character 2 changes the direction of the text around it"),
        ("Acme\nLtd", "text-control", "U+000A at character 4 is a control character"),
        ("\u200b\u200b", "text-invisible", "nothing of it can be seen: it begins with U+200B at character 0"),
    ],
)
@pytest.mark.parametrize("kind", [schema.Label, schema.Text, schema.Code])
def test_refused_text_names_the_place(kind: Any, value: str, code: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    (error,) = refused.value.errors()
    assert (error["type"], error["msg"]) == (code, message)


@pytest.mark.parametrize("kind", [schema.Label, schema.Text, schema.LongText])
@pytest.mark.parametrize("value", ["\u0301", "\u200d\u0300", "\u20e3", " \u0e31 "])
def test_a_name_of_marks_alone_is_refused(kind: Any, value: str) -> None:
    with pytest.raises(ValidationError, match="nothing of it can be seen"):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("kind", [schema.Label, schema.Text, schema.LongText, schema.Code])
@pytest.mark.parametrize("value", ["Blue Harbour", "雪\u200d", "a\0", "a\u202e", "\x9f", "A-1", "a\nb"])
def test_the_published_pattern_refuses_no_more_than_the_field(kind: Any, value: str) -> None:
    published = TypeAdapter(kind).json_schema()
    if accepts(kind, value):
        assert re.search(published["pattern"], value)
    else:
        assert kind is schema.Code or not re.search(published["pattern"], value)


def test_moments_become_utc() -> None:
    moment = TypeAdapter(schema.Moment).validate_python("2026-01-01T08:00:00+08:00")
    assert (moment, moment.tzinfo) == (datetime(2026, 1, 1, tzinfo=UTC), UTC)


def test_unknown_fields_are_refused() -> None:
    class Body(schema.Schema):
        name: schema.Label

    assert not accepts(Body, {"name": "a", "nmae": "b"})
    assert accepts(Body, b'{"name": "a"}')
