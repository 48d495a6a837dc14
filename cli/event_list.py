"""The list of all events for people: what each says, its key, who in crmesh reads it, whether it is said yet."""

from __future__ import annotations

from collections.abc import Iterator

from cli.asyncapi import agreed_by, published_by
from kit.events.contract import Published
from standalone.registry import SERVICES, room

_HEAD = """\
# Events

Written by `make contracts`. Each has its schema and an example beside this page; the order of the list is that of the
code. *Agreed* events have their payload fixed so that readers can be written, and nobody publishes them yet: until then
their fields may change, and no release has promised them. A service reads an event once something in it handles it;
before that it has a reduced copy ready.
"""


def event_list() -> bytes:
    """The page as Markdown."""
    return "\n".join([_HEAD, *(line for service in SERVICES for line in _lines(service))]).encode()


def _lines(service: str) -> Iterator[str]:
    yield f"## {service}\n"
    yield "| Event | Says | Key | Read by |"
    yield "|---|---|---|---|"
    for model in published_by(service):
        yield _line(model)
    for model in agreed_by(service):
        yield _line(model, "*agreed* ")
    yield ""


def _line(model: type[Published], state: str = "") -> str:
    said = " ".join((model.__doc__ or "").split()).replace("|", "\\|")
    key = f"always `{model.KEY[1:]}`" if model.KEY.startswith("=") else f"`{model.KEY}`"
    readers = [service for service in SERVICES if model.TYPE in room(service, "events_in").HEARD]
    return f"| {state}`{model.TYPE}` | {said} | {key} | {', '.join(readers)} |"
