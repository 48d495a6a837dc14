"""Whether events that are written now, those in the log and their readers still fit a released contract.

The log is kept for ever and read from its beginning, so a contract must hold in both directions: who was written for
the release reads what is written now, and who is written now reads what the release wrote. Allowed are new types, new
optional fields, and other words in descriptions. Anything else needs a new version of the type (`.v2`) beside the old.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

ANNOTATIONS: Final = frozenset(
    {"$comment", "$defs", "$id", "$schema", "default", "deprecated", "description", "example", "examples", "title"}
)
STRUCTURE: Final = frozenset(
    {"additionalProperties", "anyOf", "const", "enum", "items", "properties", "required", "type"}
)
ADDRESS: Final = ("topic", "partitions", "key", "subject")


def incompatibilities(released: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """One sentence per change that breaks the released contract; empty when it holds.

    Both are snapshots: `headers` (a JSON Schema) and `events`, by type with `topic`, `partitions`, `key`, `subject`
    and `schema` (a JSON Schema whose references stay inside it).
    """
    found = [f"headers: {reason}" for reason in _changes(released["headers"], current["headers"])]
    for event_type, before in sorted(released["events"].items()):
        after = current["events"].get(event_type)
        if after is None:
            found.append(f"{event_type}: is published no more; who waits for it is told nothing")
            continue
        for name in ADDRESS:
            if before[name] != after[name]:
                found.append(f"{event_type}: {name} became {after[name]}, it was {before[name]}")
        found += [f"{event_type}: {reason}" for reason in _changes(before["schema"], after["schema"])]
    return found


def _changes(released: Schema, current: Schema) -> list[str]:
    return list(_Comparison(released, current).of(released, current, ""))


class _Comparison:
    """Two documents; a pair of referred schemas is compared once, so that recursive ones end."""

    def __init__(self, released: Schema, current: Schema) -> None:
        self._roots = (released, current)
        self._seen: set[tuple[str, str]] = set()

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Changes below a place; `path` reads like `lines[].net`."""
        references = (old.get("$ref", ""), new.get("$ref", ""))
        if any(references):
            if references in self._seen:
                return
            self._seen.add(references)
        old, new = (_resolved(root, schema) for root, schema in zip(self._roots, (old, new), strict=True))
        if "anyOf" in old or "anyOf" in new:
            yield from self._alternatives(old, new, path)
            return
        if old.get("type") != new.get("type"):
            yield _at(path, f"became {_kind(new)}, it was {_kind(old)}")
            return
        yield from _values(old, new, path)
        yield from _keywords(old, new, path)
        yield from self._fields(old, new, path)
        yield from self._inner("items", old, new, f"{path}[]")
        yield from self._inner("additionalProperties", old, new, f"{path}{{}}")

    def _alternatives(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = (_options(root, schema) for root, schema in zip(self._roots, (old, new), strict=True))
        if _nullable(before) != _nullable(after):
            yield _at(path, "may be null now" if _nullable(after) else "may be null no more, and in the log it is")
        if "anyOf" in old and "anyOf" in new:
            yield from _keywords(old, new, path)
        before, after = ([option for option in options if not _is_null(option)] for options in (before, after))
        if len(before) != len(after):
            yield _at(path, f"became {_kinds(after)}, it was {_kinds(before)}")
            return
        for one, other in zip(before, after, strict=True):
            yield from self.of(one, other, path)

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(before.keys() | after.keys()):
            place = f"{path}.{name}".removeprefix(".")
            if name not in after:
                yield _at(place, "was removed (a renamed field is a removed one and a new one)")
            elif name in needed_before - needed_after:
                yield _at(place, "may be missing now; its readers rely on it")
            elif name in needed_after - needed_before:
                yield _at(place, "is required, but events in the log are without it; give it a default")
            if name in before and name in after:
                yield from self.of(before[name], after[name], place)

    def _inner(self, keyword: str, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get(keyword), new.get(keyword)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.of(before, after, path)
        elif before != after:
            yield _at(path, f"`{keyword}` became {after}, it was {before}")


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _listed(old), _listed(new)
    if before is None or after is None:
        if before != after:
            yield _at(path, f"takes {_words(after)} now, it took {_words(before)}")
        return
    if added := [value for value in after if value not in before]:
        yield _at(path, f"takes the new {_words(added)}, which readers of the release do not know")
    if gone := [value for value in before if value not in after]:
        yield _at(path, f"takes {_words(gone)} no more, which events in the log hold")


def _keywords(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for keyword in sorted((old.keys() | new.keys()) - ANNOTATIONS - STRUCTURE - {"$ref"}):
        if old.get(keyword) != new.get(keyword):
            yield _at(path, f"`{keyword}` became {new.get(keyword)}, it was {old.get(keyword)}")


def _resolved(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        node: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = {**node, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema


def _options(root: Schema, schema: Schema) -> list[Schema]:
    """Alternatives, unresolved so that a recursive one is known by its reference; a plain schema is its only one."""
    options: list[Schema] = list(schema["anyOf"]) if "anyOf" in schema else [schema]
    return sorted(options, key=lambda option: _kind(_resolved(root, option)))


def _is_null(schema: Schema) -> bool:
    return bool(schema.get("type") == "null")


def _nullable(options: list[Schema]) -> bool:
    return any(_is_null(option) for option in options)


def _listed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _kind(schema: Schema) -> str:
    return str(schema.get("type") or schema.get("$ref", "anything").rpartition("/")[2])


def _kinds(options: list[Schema]) -> str:
    return " or ".join(map(_kind, options)) or "null"


def _words(values: list[Any] | None) -> str:
    return "any value" if values is None else ", ".join(map(str, values))


def _at(path: str, reason: str) -> str:
    return f"{path} {reason}" if path else reason
