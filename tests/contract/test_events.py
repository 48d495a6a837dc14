"""What a service says and what the others hear: schemas, examples and consumers fit together."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import orjson
import pytest
from pydantic import ValidationError

from cli.asyncapi import agreed_by, example_headers, published_by
from cli.contracts import FOLDER
from kit.events.contract import Heard, Published
from kit.events.envelope import MAX_EVENT_BYTES, Event, from_headers, to_headers
from kit.events.handlers import Subscriptions
from kit.ids import new_id
from standalone.registry import SERVICES
from tests.architecture.source import python_files, tree_of

AGREED: dict[str, type[Published]] = {model.TYPE: model for service in SERVICES for model in agreed_by(service)}
MODELS: dict[str, type[Published]] = AGREED | {
    model.TYPE: model for service in SERVICES for model in published_by(service)
}
TYPE = re.compile(r"^(customer|targets|channels|risk)\.[a-z_]+\.[a-z_]+\.v[1-9][0-9]*$")
PERSONAL = re.compile(
    r"e_?mail|phone|mobile|fax|tax_?id|vat|passport|birth|address|street|postal|zip|iban|contact|first_name|last_name"
    r"|full_name|person_name|surname|note|comment|remark|description|message|free_text|password|token",
    re.IGNORECASE,
)
KEYED = {"contact_id", "tax_id_hash"}
"""Fields that a personal word names, and which hold an id or a keyed hash."""
CLOSED = ("enum", "const", "pattern", "format")


def committed(event_type: str, kind: str) -> Any:
    return json.loads((FOLDER / "events" / f"{event_type}.{kind}.json").read_text())


def subscriptions_of(service: str) -> Subscriptions:
    found: Subscriptions = importlib.import_module(f"services.{service}.subscriptions").subscriptions
    return found


def heard_by(service: str) -> Mapping[str, type[Heard]]:
    found: Mapping[str, type[Heard]] = importlib.import_module(f"services.{service}.events_in").HEARD
    return found


def names_said(service: str) -> set[str]:
    """Names that the modules of a service take from its `events_out`."""
    room = f"services.{service}.events_out"
    return {
        alias.name
        for path in python_files(f"services/{service}")
        if "events_out" not in path.parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(room)
        for alias in node.names
    }


def fields_of(schema: Any) -> Iterator[tuple[str, Any]]:
    """(name, schema) of every field, those of parts too."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties.items()
        for value in schema.values():
            yield from fields_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from fields_of(value)


def plain(root: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references and null; of alternatives the first."""
    while "$ref" in schema or "anyOf" in schema:
        options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
        schema = options[0] if options else root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def unsaid(root: dict[str, Any], read: dict[str, Any], other: dict[str, Any], said: dict[str, Any]) -> Iterator[str]:
    """Fields that `read` (within `root`) has and `said` (within `other`) has not, at any depth."""
    read, said = plain(root, read), plain(other, said)
    fields = said.get("properties", {})
    for name, field in read.get("properties", {}).items():
        if name in fields:
            yield from unsaid(root, field, other, fields[name])
        else:
            yield name
    if "items" in read:
        yield from unsaid(root, read["items"], other, said["items"])


def is_closed(schema: dict[str, Any]) -> bool:
    """Whether a text field takes only words that the schema lists or shapes."""
    if "anyOf" in schema:
        return all(is_closed(option) for option in schema["anyOf"])
    return schema.get("type") != "string" or any(key in schema for key in CLOSED)


@pytest.mark.parametrize("service", SERVICES)
def test_types_are_unique_and_named_after_their_service(service: str) -> None:
    types = [model.TYPE for model in (*published_by(service), *agreed_by(service))]
    assert len(types) == len(set(types))
    assert all(TYPE.match(name) and name.startswith(f"{service}.") for name in types)
    assert all((MODELS[name].__doc__ or "").strip() for name in types)


@pytest.mark.parametrize("event_type", MODELS)
def test_examples_satisfy_their_schema(event_type: str) -> None:
    schema, example = committed(event_type, "schema"), committed(event_type, "example")
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(example)
    assert schema["title"] == event_type
    assert schema["description"]


@pytest.mark.parametrize("event_type", MODELS)
def test_examples_pass_through_the_model_unchanged(event_type: str) -> None:
    example = committed(event_type, "example")
    model = MODELS[event_type].model_validate(example)
    assert json.loads(model.model_dump_json()) == example
    assert len(model.model_dump_json()) < MAX_EVENT_BYTES


@pytest.mark.parametrize("event_type", MODELS)
def test_producers_refuse_unknown_fields_and_readers_of_the_schema_let_later_ones_pass(event_type: str) -> None:
    grown = {**committed(event_type, "example"), "a_later_field": 1}
    with pytest.raises(ValidationError, match="a_later_field"):
        MODELS[event_type].model_validate(grown)
    jsonschema_rs.Draft202012Validator(committed(event_type, "schema")).validate(grown)
    assert '"additionalProperties":false' not in json.dumps(committed(event_type, "schema"), separators=(",", ":"))


@pytest.mark.parametrize("event_type", MODELS)
def test_no_personal_data_in_clear(event_type: str) -> None:
    schema = committed(event_type, "schema")
    assert not {name for name, _ in fields_of(schema) if PERSONAL.search(name) and name not in KEYED}
    assert all(is_closed(field) for name, field in fields_of(schema) if name in KEYED)
    reasons = {name for name, field in fields_of(schema) if "reason" in name and not is_closed(field)}
    assert not reasons, "a reason in an event is one of a list of codes, never free text"


def test_the_name_check_sees_what_it_must() -> None:
    assert all(PERSONAL.search(name) for name in ("email", "contact_name", "billing_address", "tax_id", "note"))
    assert not any(PERSONAL.search(name) for name in ("name", "tax", "tax_rate", "account_id", "shortfall"))


@pytest.mark.parametrize("service", SERVICES)
def test_subscribed_types_have_a_producer(service: str) -> None:
    subscriptions = subscriptions_of(service)
    folded = {event_type for projection in subscriptions.projections.values() for event_type in projection.folds}
    assert (subscriptions.handlers.keys() | folded) <= MODELS.keys()
    assert subscriptions.service == service


@pytest.mark.parametrize("service", SERVICES)
def test_every_subscribed_type_has_a_model(service: str) -> None:
    heard, own = heard_by(service), {name for name in MODELS if name.startswith(f"{service}.")}
    assert subscriptions_of(service).handlers.keys() - own <= heard.keys()
    assert heard.keys() <= MODELS.keys()
    assert all(issubclass(model, Heard) for model in heard.values())


@pytest.mark.parametrize("service", SERVICES)
def test_consumers_parse_every_committed_example(service: str) -> None:
    for event_type, model in heard_by(service).items():
        example = committed(event_type, "example")
        model.model_validate(example)
        model.model_validate({**example, "a_later_field": {"of": ["any", "shape"]}})


@pytest.mark.parametrize("service", SERVICES)
def test_consumers_read_only_what_the_producer_names(service: str) -> None:
    """A field with a default that no producer has would stay at its default for ever, unseen."""
    for event_type, model in heard_by(service).items():
        read, said = model.model_json_schema(), MODELS[event_type].model_json_schema()
        assert not set(unsaid(read, read, said, said)), f"{event_type}: {model.__name__}"


def test_every_agreed_event_is_heard() -> None:
    heard = {event_type for service in SERVICES for event_type in heard_by(service)}
    assert AGREED.keys() - heard == set()


@pytest.mark.parametrize("event_type", AGREED)
def test_new_events_say_their_business_day(event_type: str) -> None:
    assert AGREED[event_type].model_fields["business_date"].is_required()


@pytest.mark.parametrize("event_type", MODELS)
def test_the_subject_and_the_key_are_in_the_payload(event_type: str) -> None:
    model = MODELS[event_type]
    named = {model.SUBJECT} | ({model.KEY} if not model.KEY.startswith("=") else set())
    assert all(model.model_fields[name].is_required() and model.EXAMPLE[name] is not None for name in named)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_agreed_is_said_by_nobody_and_what_is_published_by_somebody(service: str) -> None:
    said = names_said(service)
    assert {model.__name__ for model in published_by(service)} <= said
    assert not {model.__name__ for model in agreed_by(service)} & said, "move to PUBLISHED what is said"


@pytest.mark.parametrize("event_type", MODELS)
def test_the_envelope_carries_the_example_there_and_back(event_type: str) -> None:
    data = orjson.dumps(committed(event_type, "example"))
    moment = datetime(2026, 2, 14, 3, 4, 5, 123456, tzinfo=UTC)
    event = Event(new_id(), event_type, "/crmesh/test", "s", moment, "k", 2, data, "c", "a", "t")
    headers = to_headers(event)
    assert from_headers(headers, data) == event
    texts = {name: value.decode() for name, value in headers}
    jsonschema_rs.Draft202012Validator(committed("headers", "schema"), validate_formats=True).validate(
        {**texts, "ce_source": "/crmesh/test", "ce_causationid": str(new_id())}
    )
    assert texts.keys() == committed("headers", "schema")["properties"].keys()


@pytest.mark.parametrize("event_type", MODELS)
def test_the_example_headers_are_those_of_a_record(event_type: str) -> None:
    model, service = MODELS[event_type], event_type.partition(".")[0]
    headers = example_headers(service, model)
    jsonschema_rs.Draft202012Validator(committed("headers", "schema"), validate_formats=True).validate(headers)
    event = from_headers([(name, text.encode()) for name, text in headers.items()], orjson.dumps(model.EXAMPLE))
    assert (event.subject, event.key) == model.address_of(event.payload)
    assert {name: value.decode() for name, value in to_headers(event)} == headers
