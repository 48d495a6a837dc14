"""The page of all capabilities with their operations, events and tests, a part of `crmesh contracts`.

A capability is a slice of a service that has operations or says events. Operations are those of its router, events
those that its code names, tests those of its folder under `tests/`, without one those that name it or its paths.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cli.asyncapi import published_by
from standalone.registry import SERVICES, room

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "capabilities.md"
GATEWAY_TESTS: Final = ("tests/gateway", "tests/e2e/test_composed.py")
_HEAD: Final = """\
# Capabilities

Written by `make contracts` from the code; `make check` fails when it differs. Each capability is a slice of its
service: what can be asked of it over HTTP, which events it says, and where its tests are. Beside those, every operation
is called on a running system with generated data by `tests/e2e/test_openapi_<service>.py`, and every access right by
`tests/shared_suites`. Fields are in the [OpenAPI document](../contracts/openapi/crmesh.json) (`/docs` of a running
system), of events in [the list](../contracts/events/README.md); tasks from end to end are in the
[guide](guide/README.md).
"""


class Unnamed(LookupError):
    """A slice that no test names, or an event that no slice does."""


@dataclass
class Capability:
    """A slice: what it is, (operation, what it does), types of events, paths of tests."""

    name: str
    says: str
    operations: list[tuple[str, str]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


def first_sentence(text: str | None) -> str:
    """Of a docstring, on one line, fit for a cell of a table."""
    line = " ".join(inspect.cleandoc(text or "").partition("\n\n")[0].split())
    return re.split(r"(?<=[.!?]) (?=[A-Z`])", line)[0].replace("|", "\\|")


def slices(service: str) -> list[str]:
    """Folders of a service that have a router or a service room."""
    rooms = (ROOT / "services" / service).glob("*/__init__.py")
    return sorted(one.parent.name for one in rooms if {path.stem for path in one.parent.glob("*.py")} > {"__init__"})


def capabilities(service: str, app: Any, tests: dict[str, str]) -> Iterator[Capability]:
    """Of a service, by name. Raises LookupError when an event or a test of one is not found."""
    unsaid = {model.__name__: model.TYPE for model in published_by(service)}
    silent = dict(unsaid)
    for name in slices(service):
        if name in {"events_in", "events_out", "migrations"}:
            continue
        module = f"services.{service}.{name}"
        code = "\n".join(path.read_text() for path in (ROOT / "services" / service / name).glob("*.py"))
        found = Capability(name, first_sentence(_doc_of(service, name)))
        found.operations = [each for path in app.routes for each in _operations(path, f"{module}.router")]
        found.events = [kind for model, kind in unsaid.items() if re.search(rf"\b{model}\b", code)]
        silent = {model: kind for model, kind in silent.items() if kind not in found.events}
        if found.operations or found.events:
            found.tests = _tests_of(service, found, tests)
            if not found.tests:
                raise Unnamed(f"no test names {module} or its paths")
            yield found
    if silent:
        raise Unnamed(f"no slice of {service} names {sorted(silent)}")


def _doc_of(service: str, name: str) -> str | None:
    is_routed = (ROOT / "services" / service / name / "router.py").exists()
    return room(service, f"{name}.router" if is_routed else name).__doc__


def _operations(route: Any, module: str) -> Iterator[tuple[str, str]]:
    endpoint = getattr(route, "endpoint", None)
    if getattr(endpoint, "__module__", None) == module and getattr(route, "include_in_schema", False):
        for method in sorted(route.methods):
            yield f"{method} {route.path}", first_sentence(route.description) or route.name.replace("_", " ")


def _tests_of(service: str, found: Capability, tests: dict[str, str]) -> list[str]:
    folder = f"tests/{service}/{found.name}"
    if any(path.startswith(f"{folder}/test_") for path in tests):
        return [folder]
    collections = {operation.split(" ")[1].partition("/{")[0] for operation, _ in found.operations}
    marks = (f"services.{service}.{found.name}.", f"services.{service}.{found.name} ", *collections)
    near = [path for path, text in tests.items() if any(mark in text for mark in marks)]
    own = [path for path in near if path.startswith(f"tests/{service}/")]
    return own or near


def _of_gateway(document: dict[str, Any]) -> Iterator[Capability]:
    """What the gateway itself answers, by tag of the merged document."""
    (group,) = [one["tags"] for one in document["x-tagGroups"] if one["name"] == "gateway"]
    described = {one["name"]: one["description"] for one in document["tags"]}
    for tag in sorted(group):
        operations = [
            (f"{method.upper()} {path}", first_sentence(operation.get("description") or operation.get("summary")))
            for path, item in sorted(document["paths"].items())
            for method, operation in item.items()
            if isinstance(operation, dict) and tag in operation.get("tags", ())
        ]
        yield Capability(tag, first_sentence(described[tag]), operations, tests=list(GATEWAY_TESTS))


def _section(capability: Capability) -> Iterator[str]:
    yield f"### {capability.name}\n"
    yield f"{capability.says}\n"
    if capability.operations:
        yield "| Operation | |"
        yield "|---|---|"
        yield from (f"| `{operation}` | {does} |" for operation, does in capability.operations)
        yield ""
    if capability.events:
        links = (f"[`{kind}`](../contracts/events/{kind}.schema.json)" for kind in capability.events)
        yield f"Events: {', '.join(links)}.\n"
    yield f"Tests: {', '.join(f'[{path}](../{path})' for path in capability.tests)}.\n"


def page(apps: Mapping[str, Any], merged: dict[str, Any]) -> str:
    """The page as Markdown, of the services' applications, the gateway's document and the tree of tests."""
    tests = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    lines = [_HEAD]
    for service in SERVICES:
        lines.append(f"## {service}\n")
        for capability in capabilities(service, apps[service], tests):
            lines.extend(_section(capability))
    lines.append("## gateway\n")
    for capability in _of_gateway(merged):
        lines.extend(_section(capability))
    return "\n".join(lines).rstrip() + "\n"
