"""What is answered of an id that nobody has, by all services and by what the gateway composes.

One rule: a filter of a list finds nothing, everything else refuses. `GET /v1/<things>?x_id=` asks for rows, of which an
unknown id has none: 200 and an empty page. An id in a path is 404. An id that figures are asked of is 404 or 422 and
named: 0 is said of what something could have counted for, of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from tests.e2e.world import World

TEXTS = ("product_line", "pipeline")
"""What figures are asked of by a text."""
ASKED = {"from": "2026-01-01", "to": "2026-01-31", "purpose": "service", "channel": "email"}
"""What else has to be said."""
ALONE = {"target_id", "root_id"}
"""Say by themselves what other parameters say."""


class Parameter(NamedTuple):
    name: str
    place: str
    is_id: bool
    is_required: bool


class Reading(NamedTuple):
    """A GET: its path, its parameters, whether it answers pages of rows."""

    path: str
    parameters: list[Parameter]
    is_list: bool

    def ids(self, place: str) -> list[str]:
        """Names of ids; `[ne]` and its like ask for others."""
        return [each.name for each in self.parameters if each.place == place and each.is_id and "[" not in each.name]

    def texts(self) -> list[str]:
        return [each.name for each in self.parameters if each.place == "query" and each.name in TEXTS]

    def asked(self, name: str) -> dict[str, str]:
        """What has to be said beside a parameter."""
        known = {each.name for each in self.parameters} & ASKED.keys()
        return {each: ASKED[each] for each in known if name not in ALONE and each != name}


def readings(world: World) -> Iterator[Reading]:
    for path, item in world.document["paths"].items():
        if "get" in item:
            answer = item["get"]["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
            fields = resolved(world, answer).get("properties", {})
            yield Reading(
                path,
                [parameter(world, resolved(world, each)) for each in item["get"].get("parameters", ())],
                {"items", "next_cursor"} <= fields.keys(),
            )


def resolved(world: World, schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = world.document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def parameter(world: World, said: dict[str, Any]) -> Parameter:
    schema = resolved(world, said["schema"])
    is_id = any(resolved(world, each).get("format") == "uuid" for each in schema.get("anyOf", [schema]))
    return Parameter(said["name"], said["in"], is_id, said.get("required", False))


def url(world: World, reading: Reading, unknown: str = "") -> str:
    """The path with ids of things that are there, but for the one that is to be unknown."""
    found, service = reading.path, reading.path.split("/")[2]
    for each in reading.parameters:
        if each.place == "path":
            known = world.ids.get(f"{service}.{each.name}") or world.ids.get(each.name) or [uuid4()]
            found = found.replace(f"{{{each.name}}}", str(uuid4() if each.name == unknown else known[-1]))
    return found


def wrong_of(world: World, reading: Reading) -> Iterator[str]:
    """What a reading answers of unknown ids that breaks the rule."""
    for name in reading.ids("path"):
        answer = world.send("GET", url(world, reading, name), params=reading.asked(name) if not reading.is_list else {})
        if answer.status_code != 404:
            yield told(name, answer)
    for name in reading.ids("query") if reading.is_list else []:
        answer = world.send("GET", url(world, reading), params={name: str(uuid4())})
        if answer.status_code != 404 and (answer.status_code != 200 or answer.json()["items"]):
            yield told(name, answer)
    if not reading.is_list:
        for name in [*reading.ids("query"), *reading.texts()]:
            asked = {**reading.asked(name), name: str(uuid4())}
            answer = world.send("GET", url(world, reading), params=asked)
            named = [each["pointer"] for each in answer.json().get("errors", ())]
            if answer.status_code != 404 and (answer.status_code, named) != (422, [name]):
                yield told(name, answer)


def told(name: str, answer: httpx.Response) -> str:
    return f"{answer.request.url} of an unknown {name}: {answer.status_code} {answer.text[:200]}"


def test_nothing_is_said_of_ids_that_nobody_has(world: World) -> None:
    every = list(readings(world))
    assert len([each for each in every if each.is_list and each.ids("query")]) > 100
    assert len([each for each in every if not each.is_list and each.ids("query")]) > 8
    assert [each for reading in every for each in wrong_of(world, reading)] == []
