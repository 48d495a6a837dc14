"""Bounds in an OpenAPI document: what the types of a schema leave open is said as the stored types bound it."""

from __future__ import annotations

from typing import Any

INT32, INT64 = 2**31, 2**63
LENGTHS = {"uuid": 36, "date": 10, "date-time": 40, "uri": 2000}
MOST_TEXT, MOST_ITEMS = 100_000, 10_000
_ANY_TEXT = r"^[^\x00]*$"  # PostgreSQL stores no NUL
_FREE = ("enum", "const", "format", "pattern")


def complete(node: Any) -> None:
    """Adds to every string, integer and array below `node` the bounds it lacks.

    Bodies of requests declare their own; this fills the lengths of formats there, and what answers show.
    """
    if isinstance(node, list):
        for value in node:
            complete(value)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "properties" and isinstance(value, dict):  # names of fields, whatever they are
                complete(list(value.values()))
            elif name not in ("example", "examples", "default", "enum"):
                complete(value)
        if (bound := _BOUNDS.get(node.get("type", "") if isinstance(node.get("type"), str) else "")) is not None:
            bound(node)


def _string(node: dict[str, Any]) -> None:
    if "enum" not in node and "const" not in node:
        node.setdefault("maxLength", LENGTHS.get(node.get("format", ""), MOST_TEXT))
    if not any(name in node for name in _FREE):
        node["pattern"] = _ANY_TEXT


def _integer(node: dict[str, Any]) -> None:
    least = node.pop("exclusiveMinimum", None)
    node.setdefault("minimum", -INT64 if least is None else least + 1)
    node.setdefault("maximum", INT64 - 1)
    is_small = node["minimum"] >= -INT32 and node["maximum"] < INT32
    node.setdefault("format", "int32" if is_small else "int64")


def _array(node: dict[str, Any]) -> None:
    node.setdefault("maxItems", MOST_ITEMS)


_BOUNDS = {"string": _string, "integer": _integer, "array": _array}
