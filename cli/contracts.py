"""`crmesh contracts`: the public contracts as files: JSON Schema and example per event, AsyncAPI, OpenAPI.

Beside them the page of all capabilities, which says the same to people.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from cli.asyncapi import agreed_by, asyncapi, encode, event_schema, headers_schema, published_by
from cli.capabilities import PAGE, Unnamed, page
from cli.event_list import event_list
from cli.releases import FOLDER as RELEASED
from cli.releases import AlreadyReleased, broken_promises, release
from gateway.app import create_app
from gateway.settings import GatewaySettings
from kit.events.bus import EventBus
from kit.events.embedded import EmbeddedBus
from kit.runtime import make_runtime
from kit.security.tokens import TokenVerifier, static_jwks
from standalone.registry import SERVICES, room

FOLDER: Final = Path(__file__).resolve().parents[1] / "contracts"

Document = dict[str, Any]


def _event_files() -> dict[str, bytes]:
    files = {}
    for service in SERVICES:
        for model in (*published_by(service), *agreed_by(service)):
            files[f"events/{model.TYPE}.schema.json"] = encode(event_schema(model))
            files[f"events/{model.TYPE}.example.json"] = encode(model.EXAMPLE)
    files["events/headers.schema.json"] = encode(headers_schema())
    files["events/README.md"] = event_list()
    return files


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


def generate(folder: Path = FOLDER) -> dict[Path, bytes]:
    """Every contract file and its content; reads only the code. With those of the repository goes the page of
    capabilities.
    """
    apps = make_apps()
    documents = {service: app.openapi() for service, app in apps.items()}
    merged = asyncio.run(merged_openapi(documents))
    files = {**_event_files(), "asyncapi/crmesh.json": encode(asyncapi()), "openapi/crmesh.json": encode(merged)}
    files.update({f"openapi/{service}.json": encode(document) for service, document in documents.items()})
    found = {folder / name: content for name, content in sorted(files.items())}
    return found | {PAGE: page(apps, merged).encode()} if folder == FOLDER else found


def differences(folder: Path = FOLDER, files: Mapping[Path, bytes] | None = None) -> dict[Path, str]:
    """File -> `missing`, `changed` or `stale` (nothing generates it any more) where the folder differs from `files`
    (None: those of the code)."""
    files = generate(folder) if files is None else files
    made = (path for path in folder.rglob("*.json") if path.parent.name != RELEASED)
    found = dict.fromkeys(sorted(set(made) - files.keys()), "stale")
    for path, content in files.items():
        if not path.exists():
            found[path] = "missing"
        elif path.read_bytes() != content:
            found[path] = "changed"
    return found


def write(folder: Path = FOLDER) -> dict[Path, str]:
    """Make the folder equal to the code; returns what differed."""
    files = generate(folder)
    found = differences(folder, files)
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
    with_release: Annotated[bool, typer.Option("--release", help="Promise this version's events for ever.")] = False,
) -> None:
    """Write the contracts of all services, or compare them with what is committed; released ones must still hold."""
    console = Console(soft_wrap=True, highlight=False)
    try:
        found = differences(folder) if check else write(folder)
    except Unnamed as error:
        console.print(f"[red]the page of capabilities cannot be written:[/red] {error}")
        raise typer.Exit(1) from None
    for path, state in sorted(found.items()):
        console.print(f"{state}: {os.path.relpath(path, folder)}")
    broken = broken_promises(folder)
    for reason in broken:
        console.print(f"breaks {reason}", markup=False)
    if broken:
        console.print("[red]a released event has changed:[/red] undo that, or publish a new version of its type (.v2)")
        raise typer.Exit(1)
    if check and found:
        console.print("[red]the contracts differ from the code:[/red] run `make contracts` and commit the result")
        raise typer.Exit(1)
    console.print("contracts agree with the code" if check else f"{len(found)} contract files written")
    if with_release:
        _release(console, folder)


def _release(console: Console, folder: Path) -> None:
    try:
        console.print(f"released: {release(folder).relative_to(folder)}")
    except AlreadyReleased as error:
        console.print(f"[red]{error} is released with other events:[/red] raise the version in pyproject.toml first")
        raise typer.Exit(1) from None


def main() -> None:
    """`python -m cli.contracts [--check]`."""
    typer.run(contracts)


if __name__ == "__main__":
    main()
