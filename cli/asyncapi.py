"""The AsyncAPI 3 document: one channel per service, every message with its headers, payload, key and an example."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

import orjson

from kit.events.contract import Published
from kit.events.envelope import PARTITIONS, topic_of
from standalone.registry import SERVICES, room

JSON: Final = "application/json"
BINDING: Final = "0.5.0"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Document = dict[str, Any]

_UUID: Final = {"type": "string", "format": "uuid"}
_INFO: Final = """\
Every change of a customer, an order, a target, a credit or a rebate is one event on the topic of the service that
decided it, kept for ever. An event is a CloudEvent 1.0 in binary mode: the value of the record is the data (JSON), the
attributes are headers. Events of one key keep their order; an event may come twice with the same `ce_id`; fields may be
added, so ignore those that you do not know. `docs/subscribing.md` shows how to read them.
"""
_EXAMPLE: Final = {
    "ce_specversion": "1.0",
    "ce_id": "01989f2e-0000-7000-8000-0000000000e1",
    "ce_time": "2026-02-14T03:04:05.123456+00:00",
    "ce_correlationid": "01989f2e-0000-7000-8000-0000000000c0",
    "content-type": JSON,
}


def encode(document: object) -> bytes:
    """Indented JSON with sorted keys and a last newline: equal documents are equal bytes."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _header(description: str, **keywords: Any) -> Document:
    return {"type": "string", "minLength": 1, "description": description, **keywords}


HEADERS: Final[Mapping[str, Document]] = {
    "ce_specversion": _header("Version of CloudEvents.", const="1.0"),
    "ce_id": _header("The event. It may come twice: remember it, and skip what you know.", format="uuid"),
    "ce_type": _header("What happened, with the version of the payload's contract: `customer.order.placed.v1`."),
    "ce_source": _header("The service that says it.", pattern="^/crmesh/[a-z]+$"),
    "ce_subject": _header("Id of the aggregate that changed."),
    "ce_time": _header("When it was recorded, in UTC. Business dates are in the payload.", format="date-time"),
    "ce_partitionkey": _header("Key of the record; events of one key keep their order."),
    "ce_sequence": _header("Counts the changes of one subject of one source.", pattern="^[0-9]+$"),
    "ce_correlationid": _header("The request that began it; the same in all events that followed from it."),
    "ce_causationid": _header("`ce_id` of the event that it answers.", format="uuid"),
    "ce_traceparent": _header("W3C trace context."),
    "content-type": _header("How the value is written.", const=JSON),
}
OPTIONAL: Final = frozenset({"ce_correlationid", "ce_causationid", "ce_traceparent"})


def headers_schema() -> Document:
    """JSON Schema of the headers of every event, each read as UTF-8 text."""
    return {
        "$schema": DIALECT,
        "$id": "urn:crmesh:event:headers",
        "title": "Headers of an event",
        "description": "CloudEvents attributes on Kafka, binary mode. A header may be missing, never empty.",
        "type": "object",
        "properties": dict(HEADERS),
        "required": [name for name in HEADERS if name not in OPTIONAL],
    }


def published_by(service: str) -> tuple[type[Published], ...]:
    """The event types that a service says."""
    events: tuple[type[Published], ...] = room(service, "events_out").PUBLISHED
    return events


def agreed_by(service: str) -> tuple[type[Published], ...]:
    """The event types that are agreed and not said yet, so that consumers can be written before their producer."""
    events: tuple[type[Published], ...] = room(service, "events_out").AGREED
    return events


def event_schema(model: type[Published]) -> Document:
    """JSON Schema of an event's data, open to fields of later releases."""
    schema: Document = _opened(model.model_json_schema())
    return {**schema, "$schema": DIALECT, "$id": f"urn:crmesh:event:{model.TYPE}", "title": model.TYPE}


def _opened(node: Any) -> Any:
    """The producer refuses unknown fields; who validates with a published schema must let later ones pass."""
    if isinstance(node, dict):
        closed = node.get("additionalProperties") is False
        return {name: _opened(value) for name, value in node.items() if not (closed and name == "additionalProperties")}
    return [_opened(value) for value in node] if isinstance(node, list) else node


def example_headers(service: str, model: type[Published]) -> Document:
    """Headers of a record that carries the example."""
    subject, key = model.address_of(model.EXAMPLE)
    own = {"ce_type": model.TYPE, "ce_source": f"/crmesh/{service}", "ce_subject": subject, "ce_partitionkey": key}
    return {**_EXAMPLE, **own, "ce_sequence": str(model.EXAMPLE.get("version", 1))}


def asyncapi() -> Document:
    """Who says what on which topic, and who in crmesh hears it. Payloads and headers by reference."""
    channels = {service: _channel(service) for service in SERVICES}
    operations: Document = {}
    for service in SERVICES:
        said = (model.TYPE for model in published_by(service))
        operations[f"{service}.send"] = _operation("send", service, said, f"What {service} says")
        subscriptions = room(service, "subscriptions").subscriptions
        for lane in subscriptions.lanes:
            for producer in sorted({event_type.partition(".")[0] for event_type in lane.handlers}):
                types = sorted(name for name in lane.handlers if name.startswith(f"{producer}."))
                operation = _operation("receive", producer, types, f"What {service} ({lane.name}) hears of {producer}")
                group = {"groupId": {"type": "string", "const": lane.group}, "bindingVersion": BINDING}
                operations[f"{service}.{lane.name}.receive.{producer}"] = {**operation, "bindings": {"kafka": group}}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:crmesh:events",
        "info": {
            "title": "crmesh events",
            "version": version("crmesh"),
            "description": _INFO,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {"kafka": _server()},
        "channels": channels,
        "operations": operations,
    }


def _server() -> Document:
    described = "Bootstrap servers of the cluster that crmesh was told by CRMESH_KAFKA."
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "title": "Apache Kafka",
        "description": f"{described} Who may read is decided there.",
        "variables": {"bootstrap": {"description": described, "default": "localhost:9092"}},
    }


def _channel(service: str) -> Document:
    topic = topic_of(service)
    return {
        "address": topic,
        "title": f"What {service} says",
        "description": inspect.getdoc(room(service, "events_out")),
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {
            **{model.TYPE: _message(service, model) for model in published_by(service)},
            **{model.TYPE: _agreed(_message(service, model)) for model in agreed_by(service)},
        },
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": PARTITIONS,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1},
                "bindingVersion": BINDING,
            }
        },
    }


def _message(service: str, model: type[Published]) -> Document:
    summary = " ".join((model.__doc__ or "").split())
    return {
        "name": model.TYPE,
        "title": model.__name__,
        "summary": summary,
        "description": f"{summary}\n\n{_ordering(model)}",
        "contentType": JSON,
        "headers": {
            "type": "object",
            "allOf": [{"$ref": "../events/headers.schema.json"}, {"properties": {"ce_type": {"const": model.TYPE}}}],
        },
        "payload": {"$ref": f"../events/{model.TYPE}.schema.json"},
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {"kafka": {"key": key_schema(model), "bindingVersion": BINDING}},
        "examples": [{"name": "example", "headers": example_headers(service, model), "payload": model.EXAMPLE}],
    }


def _agreed(message: Document) -> Document:
    description = f"Not published yet; its fields may still change.\n\n{message['description']}"
    return {**message, "description": description, "tags": [{"name": "agreed", "description": "Not published yet."}]}


def _ordering(model: type[Published]) -> str:
    key = f"always `{model.KEY[1:]}`" if model.KEY.startswith("=") else f"the payload's `{model.KEY}`"
    return f"Subject: the payload's `{model.SUBJECT}`. Key of the record: {key}; events of one key keep their order."


def key_schema(model: type[Published]) -> Document:
    """JSON Schema of the key of a record."""
    if model.KEY.startswith("="):
        return {"type": "string", "const": model.KEY[1:]}
    kind = _UUID if model.model_fields[model.KEY].annotation is UUID else {"type": "string"}
    return {**kind, "description": f"the payload's `{model.KEY}`"}


def _operation(action: str, channel: str, types: Iterable[str], title: str) -> Document:
    references = [{"$ref": f"#/channels/{channel}/messages/{event_type}"} for event_type in types]
    return {"action": action, "title": title, "channel": {"$ref": f"#/channels/{channel}"}, "messages": references}
