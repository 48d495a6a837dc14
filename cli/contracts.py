"""`crmesh contracts`: the public contracts as files: JSON Schema and example per event, AsyncAPI, OpenAPI."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from pydantic import BaseModel, ConfigDict
from rich.console import Console

from gateway.app import create_app
from gateway.settings import GatewaySettings
from kit.events.bus import EventBus
from kit.events.contract import Published
from kit.events.embedded import EmbeddedBus
from kit.events.envelope import topic_of
from kit.process import make_runtime
from kit.security.tokens import TokenVerifier, static_jwks
from standalone.registry import SERVICES, room

FOLDER: Final = Path(__file__).resolve().parents[1] / "contracts"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
JSON: Final = "application/json"

Document = dict[str, Any]


class Envelope(BaseModel):
    """CloudEvents attributes of every event. On Kafka they are headers named `ce_<attribute>` (binary mode),
    the record's key is `partitionkey` and its value the data alone."""

    model_config = ConfigDict(extra="forbid")

    specversion: str
    id: str
    type: str
    source: str
    subject: str
    time: str
    partitionkey: str
    sequence: int
    correlationid: str = ""
    causationid: str = ""
    traceparent: str = ""


def encode(document: object) -> bytes:
    """Indented JSON with sorted keys and a last newline: equal documents are equal bytes."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def published_by(service: str) -> tuple[type[Published], ...]:
    """The event types that a service says."""
    events: tuple[type[Published], ...] = room(service, "events_out").EVENTS
    return events


def event_schema(model: type[Published]) -> Document:
    """JSON Schema of an event's data."""
    schema = model.model_json_schema()
    return {**schema, "$schema": DIALECT, "$id": f"urn:crmesh:event:{model.TYPE}", "title": model.TYPE}


def _event_files() -> dict[str, bytes]:
    files = {}
    for service in SERVICES:
        for model in published_by(service):
            files[f"events/{model.TYPE}.schema.json"] = encode(event_schema(model))
            files[f"events/{model.TYPE}.example.json"] = encode(model.EXAMPLE)
    envelope = Envelope.model_json_schema()
    files["events/envelope.schema.json"] = encode({**envelope, "$schema": DIALECT, "$id": "urn:crmesh:event:envelope"})
    return files


def asyncapi() -> Document:
    """AsyncAPI 3 document: one channel per service, who sends it and who receives what of it."""
    channels: Document = {}
    operations: Document = {}
    for service in SERVICES:
        messages = {
            model.TYPE: {
                "name": model.TYPE,
                "contentType": JSON,
                "summary": " ".join((model.__doc__ or "").split()),
                "payload": {"$ref": f"../events/{model.TYPE}.schema.json"},
            }
            for model in published_by(service)
        }
        channels[service] = {"address": topic_of(service), "messages": messages}
        operations[f"{service}.send"] = _operation("send", service, messages)
        heard = sorted(room(service, "subscriptions").subscriptions.handlers)
        for producer in sorted({event_type.partition(".")[0] for event_type in heard}):
            types = [event_type for event_type in heard if event_type.startswith(f"{producer}.")]
            operations[f"{service}.receive.{producer}"] = _operation("receive", producer, types)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "crmesh", "version": "0.1.0", "description": Envelope.__doc__},
        "defaultContentType": JSON,
        "channels": channels,
        "operations": operations,
    }


def _operation(action: str, channel: str, types: Iterable[str]) -> Document:
    references = [{"$ref": f"#/channels/{channel}/messages/{event_type}"} for event_type in types]
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": references}


def make_apps() -> dict[str, Any]:
    """The HTTP application of every service on a runtime that is never connected."""
    bus: EventBus = EmbeddedBus({})
    verifier = TokenVerifier("http://issuer.invalid", "crmesh", static_jwks({"keys": []}))
    apps = {}
    for service in SERVICES:
        settings = room(service, "settings").Settings(bus="embedded")
        apps[service] = room(service, "app").create_app(make_runtime(settings, bus=bus, verifier=verifier))
    return apps


async def merged_openapi(documents: Mapping[str, Document]) -> Document:
    """The gateway's document over those of the services, without the development issuer."""
    gateway = create_app(GatewaySettings(jwks_url="http://issuer.invalid/jwks"), {}, documents=documents)
    return await gateway.document.get()


def _openapi_files() -> dict[str, bytes]:
    documents = {service: app.openapi() for service, app in make_apps().items()}
    files = {f"openapi/{service}.json": encode(document) for service, document in documents.items()}
    files["openapi/crmesh.json"] = encode(asyncio.run(merged_openapi(documents)))
    return files


def generate(folder: Path = FOLDER) -> dict[Path, bytes]:
    """Every contract file and its content; reads only the code."""
    files = {**_event_files(), "asyncapi/crmesh.json": encode(asyncapi()), **_openapi_files()}
    return {folder / name: content for name, content in sorted(files.items())}


def differences(folder: Path = FOLDER) -> dict[Path, str]:
    """File -> `missing`, `changed` or `stale` (nothing generates it any more) where the folder differs."""
    files = generate(folder)
    found = dict.fromkeys(sorted(set(folder.rglob("*.json")) - files.keys()), "stale")
    for path, content in files.items():
        if not path.exists():
            found[path] = "missing"
        elif path.read_bytes() != content:
            found[path] = "changed"
    return found


def write(folder: Path = FOLDER) -> dict[Path, str]:
    """Make the folder equal to the code; returns what differed."""
    files, found = generate(folder), differences(folder)
    for path, state in found.items():
        if state == "stale":
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[path])
    return found


def contracts(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 when files differ.")] = False,
    folder: Annotated[Path, typer.Option("--folder", help="Where the files are.", show_default="contracts")] = FOLDER,
) -> None:
    """Write the contracts of all services, or compare them with what is committed."""
    console = Console(soft_wrap=True)
    found = differences(folder) if check else write(folder)
    for path, state in sorted(found.items()):
        console.print(f"{state}: {path.relative_to(folder)}", highlight=False)
    if check and found:
        console.print("[red]the contracts differ from the code:[/red] run `make contracts` and commit the result")
        raise typer.Exit(1)
    console.print("contracts agree with the code" if check else f"{len(found)} contract files written")


def main() -> None:
    """`python -m cli.contracts [--check]`."""
    typer.run(contracts)


if __name__ == "__main__":
    main()
