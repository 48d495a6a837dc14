"""Bounds that an OpenAPI document gets where its types leave them open."""

from __future__ import annotations

from typing import Any

import pytest

from kit.web.bounds import complete

NO_NUL = r"^[^\x00]*$"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"maxLength": 100_000, "pattern": NO_NUL}),
        ({"type": "string", "format": "uuid"}, {"maxLength": 36}),
        ({"type": "string", "maxLength": 3, "pattern": "^[A-Z]{3}$"}, {}),
        ({"type": "string", "enum": ["a"]}, {}),
        ({"type": "integer"}, {"minimum": -(2**63), "maximum": 2**63 - 1, "format": "int64"}),
        ({"type": "integer", "minimum": 0, "maximum": 9}, {"format": "int32"}),
        ({"type": "array", "items": {"type": "boolean"}}, {"maxItems": 10_000}),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 2}, {}),
        ({"type": "number"}, {}),
    ],
)
def test_what_is_open_is_bounded_and_what_is_said_stays(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    document = {"anyOf": [dict(schema), {"type": "null"}], "example": {"type": "string"}}
    complete(document)
    assert document == {"anyOf": [schema | expected, {"type": "null"}], "example": {"type": "string"}}


def test_a_bound_that_excludes_its_end_stays_a_bound() -> None:
    schema = {"type": "integer", "exclusiveMinimum": 0, "maximum": 5}
    complete(schema)
    assert schema == {"type": "integer", "minimum": 1, "maximum": 5, "format": "int32"}


def test_properties_named_like_keywords_are_schemas() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"type": {"type": "string", "const": "x"}, "example": {}}}
    complete(schema)
    assert schema["properties"] == {"type": {"type": "string", "const": "x"}, "example": {}}


def test_a_property_named_like_a_keyword_is_bounded_too() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"default": {"type": "array", "items": {}}}}
    complete(schema)
    assert schema["properties"] == {"default": {"type": "array", "items": {}, "maxItems": 10_000}}
