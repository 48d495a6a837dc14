"""What breaks a released contract, what does not, and that every breaking change of any schema is named."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.compatibility import incompatibilities

Schema = dict[str, Any]

ORDER: Schema = {
    "type": "object",
    "title": "order",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": ["draft", "placed"]},
        "region": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
        "shares": {"type": "object", "additionalProperties": {"type": "integer"}},
        "note": {"type": "string"},
    },
    "required": ["id", "state", "region", "lines"],
    "$defs": {
        "Line": {
            "type": "object",
            "properties": {"net": {"type": "integer"}, "parent": {"$ref": "#/$defs/Line"}},
            "required": ["net"],
        }
    },
}


def snapshot(schema: Schema, **address: Any) -> Schema:
    event = {"topic": "t", "partitions": 12, "key": "id", "subject": "id", "schema": schema, **address}
    return {"headers": {"type": "object", "properties": {"ce_id": {"type": "string"}}}, "events": {"o.v1": event}}


def changed(change: Callable[[Schema], object]) -> list[str]:
    """What is said about a change of ORDER."""
    schema = copy.deepcopy(ORDER)
    change(schema)
    return incompatibilities(snapshot(ORDER), snapshot(schema))


ROW = {"$ref": "#/$defs/Row"}
BREAKING: list[tuple[Callable[[Schema], object], str]] = [
    (lambda s: s["properties"].pop("note"), "o.v1: note was removed"),
    (lambda s: s["properties"].update(remark=s["properties"].pop("note")), "o.v1: note was removed"),
    (lambda s: s["properties"]["id"].update(type="integer"), "o.v1: id became integer, it was string"),
    (lambda s: s["properties"]["id"].pop("format"), "o.v1: id `format` became None, it was uuid"),
    (lambda s: s["properties"]["id"].update(maxLength=9), "o.v1: id `maxLength` became 9"),
    (lambda s: s["required"].remove("state"), "o.v1: state may be missing now"),
    (lambda s: s["required"].append("note"), "o.v1: note is required, but events in the log are without it"),
    (lambda s: (s["properties"].update(x={"type": "integer"}), s["required"].append("x")), "o.v1: x is required"),
    (lambda s: s["properties"]["state"]["enum"].append("gone"), "o.v1: state takes the new gone"),
    (lambda s: s["properties"]["state"]["enum"].remove("draft"), "o.v1: state takes draft no more"),
    (lambda s: s["properties"]["state"].pop("enum"), "o.v1: state takes any value now"),
    (lambda s: s["properties"]["id"].update(const="a"), "o.v1: id takes a now, it took any value"),
    (lambda s: s["properties"].update(region={"type": "string"}), "o.v1: region may be null no more"),
    (lambda s: s["properties"].update(note={"anyOf": [{"type": "string"}, {"type": "null"}]}), "note may be null now"),
    (lambda s: s["properties"]["region"]["anyOf"].append({"type": "integer"}), "o.v1: region became integer or string"),
    (lambda s: s["properties"]["lines"].update(maxItems=3), "o.v1: lines `maxItems` became 3"),
    (lambda s: s["$defs"]["Line"]["properties"]["net"].update(type="number"), "o.v1: lines[].net became number"),
    (lambda s: s["properties"]["shares"].update(additionalProperties={"type": "string"}), "o.v1: shares{} became"),
    (lambda s: s["properties"]["shares"].pop("additionalProperties"), "o.v1: shares{} `additionalProperties` became"),
    (lambda s: s.update(additionalProperties=False), "`additionalProperties` became False"),
]
HARMLESS: list[Callable[[Schema], object]] = [
    lambda s: s.update(title="other", description="better", examples=[{}]),
    lambda s: s["properties"].update(x={"type": "integer"}),
    lambda s: s["$defs"]["Line"]["properties"].update(x={"type": "integer"}),
    lambda s: s["required"].reverse(),
    lambda s: s["properties"]["state"]["enum"].reverse(),
    lambda s: s["properties"]["region"]["anyOf"].reverse(),
    lambda s: (
        s["$defs"].update(Row=s["$defs"]["Line"]),
        s["properties"]["lines"].update(items={"$ref": "#/$defs/Row"}),
    ),
    lambda s: s["properties"]["lines"].update(items=copy.deepcopy(s["$defs"]["Line"])),
]


@pytest.mark.parametrize(("change", "reason"), BREAKING)
def test_a_breaking_change_is_named(change: Callable[[Schema], object], reason: str) -> None:
    (said,) = changed(change)
    assert reason in said


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_passes(change: Callable[[Schema], object]) -> None:
    assert changed(change) == []


@pytest.mark.parametrize(
    ("name", "value"), [("topic", "other"), ("partitions", 24), ("key", "region"), ("subject", "key")]
)
def test_where_a_record_goes_is_promised(name: str, value: Any) -> None:
    (said,) = incompatibilities(snapshot(ORDER), snapshot(ORDER, **{name: value}))
    assert said.startswith(f"o.v1: {name} became {value}, it was ")


def test_a_type_that_is_published_no_more_and_one_that_is_new() -> None:
    nothing = {**snapshot(ORDER), "events": {}}
    assert incompatibilities(snapshot(ORDER), nothing) == [
        "o.v1: is published no more; who waits for it is told nothing"
    ]
    assert incompatibilities(nothing, snapshot(ORDER)) == []


def test_headers_are_promised_as_well() -> None:
    without = {**snapshot(ORDER), "headers": {"type": "object"}}
    (said,) = incompatibilities(snapshot(ORDER), without)
    assert said.startswith("headers: ce_id was removed")
    assert incompatibilities(without, snapshot(ORDER)) == []


# laws over any schema of the kinds that payloads have

LEAF_SCHEMAS: list[Schema] = [
    {"type": "integer"},
    {"type": "boolean"},
    {"type": "string"},
    {"type": "string", "minLength": 2},
    {"type": "string", "enum": ["a", "b", "c"]},
    {"const": "only", "type": "string"},
]
LEAVES: st.SearchStrategy[Schema] = st.sampled_from(LEAF_SCHEMAS).map(copy.deepcopy)


def objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    def build(fields: dict[str, tuple[Schema, bool]]) -> Schema:
        required = [name for name, (_, needed) in fields.items() if needed]
        return {"type": "object", "properties": {name: one for name, (one, _) in fields.items()}, "required": required}

    return st.dictionaries(st.sampled_from("abcdef"), st.tuples(inner, st.booleans()), max_size=4).map(build)


SCHEMAS = objects(
    st.recursive(
        LEAVES,
        lambda inner: st.one_of(
            objects(inner),
            inner.map(lambda one: {"type": "array", "items": one}),
            inner.map(lambda one: {"type": "object", "additionalProperties": one}),
            inner.filter(lambda one: "anyOf" not in one).map(lambda one: {"anyOf": [one, {"type": "null"}]}),
        ),
        max_leaves=8,
    )
)


def places(schema: Schema) -> Iterator[Schema]:
    """The schema and all within it."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema[keyword] for keyword in ("items", "additionalProperties") if keyword in schema]
    for one in inner:
        yield from places(one)


def values(schema: Schema) -> st.SearchStrategy[Any]:
    """What a producer of the schema may write: fields of the schema and no others."""
    if "anyOf" in schema:
        return st.one_of(*map(values, schema["anyOf"]))
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    match schema["type"]:
        case "object" if "additionalProperties" in schema:
            return st.dictionaries(st.text(max_size=2), values(schema["additionalProperties"]), max_size=2)
        case "object":
            fields = {name: values(one) for name, one in schema["properties"].items()}
            needed = {name: one for name, one in fields.items() if name in schema["required"]}
            return st.fixed_dictionaries(needed, optional={name: fields[name] for name in fields.keys() - needed})
        case "array":
            return st.lists(values(schema["items"]), max_size=2)
        case "string":
            return st.text(min_size=schema.get("minLength", 0), max_size=4)
        case kind:
            return {"integer": st.integers(), "boolean": st.booleans(), "null": st.none()}[kind]


def mutate(data: st.DataObject, schema: Schema) -> Schema:
    """The schema with one change somewhere, breaking or not."""
    other = copy.deepcopy(schema)
    place = data.draw(st.sampled_from([one for one in places(other) if "properties" in one]))
    name = data.draw(st.sampled_from("abcdef"))
    match data.draw(st.sampled_from(["add", "drop", "need", "free", "replace"])):
        case "add":
            place["properties"].setdefault(name, data.draw(LEAVES))
        case "drop":
            place["properties"].pop(name, None)
            place["required"] = [one for one in place["required"] if one != name]
        case "need" if name in place["properties"] and name not in place["required"]:
            place["required"].append(name)
        case "free":
            place["required"] = [one for one in place["required"] if one != name]
        case "replace" if name in place["properties"]:
            place["properties"][name] = data.draw(LEAVES)
    return other


@given(SCHEMAS)
def test_a_contract_keeps_itself(schema: Schema) -> None:
    assert incompatibilities(snapshot(schema), snapshot(copy.deepcopy(schema))) == []


@given(SCHEMAS, st.data())
def test_optional_fields_and_words_may_be_added_anywhere(schema: Schema, data: st.DataObject) -> None:
    grown = copy.deepcopy(schema)
    for place in places(grown):
        place["description"] = "in other words"
        if "properties" in place:
            place["properties"]["later"] = data.draw(LEAVES)
    assert incompatibilities(snapshot(schema), snapshot(grown)) == []


@given(SCHEMAS, st.data())
def test_what_passes_is_read_both_ways(schema: Schema, data: st.DataObject) -> None:
    """Soundness: with no complaint, either side's data is valid for the other."""
    other = mutate(data, mutate(data, schema))
    if incompatibilities(snapshot(schema), snapshot(other)) == []:
        jsonschema_rs.Draft202012Validator(schema).validate(data.draw(values(other)))
        jsonschema_rs.Draft202012Validator(other).validate(data.draw(values(schema)))


@given(SCHEMAS, st.data())
def test_a_removed_or_retyped_field_is_named_wherever_it_is(schema: Schema, data: st.DataObject) -> None:
    other = copy.deepcopy(schema)
    holders = [one for one in places(other) if one.get("properties")]
    if not holders:
        return
    place = data.draw(st.sampled_from(holders))
    name = data.draw(st.sampled_from(sorted(place["properties"])))
    if data.draw(st.booleans()):
        del place["properties"][name]
        place["required"] = [one for one in place["required"] if one != name]
    else:
        place["properties"][name] = {"type": "number"}
    said = " ".join(incompatibilities(snapshot(schema), snapshot(other)))
    assert f"{name} was removed" in said or f"{name} became number" in said
