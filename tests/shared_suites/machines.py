"""Every action from every state: a suite over the moves that the OpenAPI document shows (`x-transition`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import httpx

from kit.testing.service import ServiceHarness
from kit.transitions import moves_of
from tests.shared_suites.resources import Body, Family, Traces, example_of, quiet

ADMIN = ("admin", "administrator")

Step = Callable[[ServiceHarness, str], Awaitable[object]]
"""Brings the row at a path into another state."""


@dataclass(frozen=True)
class Action:
    """A route that moves a row, and where it leads from which state."""

    noun: str
    targets: Mapping[str, str]
    method: str
    suffix: str
    body: Body | None
    by: tuple[str, str]

    async def __call__(self, service: ServiceHarness, path: str) -> httpx.Response:
        """Move the row; under the version that stands where one is asked for."""
        more = {}
        if self.method != "POST":
            more["If_Match"] = (await service.get(path)).headers["etag"]
        return await service.request(
            self.method, f"{path}{self.suffix}", self.body, headers=service.headers(*self.by, **more)
        )


def actions_of(
    document: Mapping[str, Any], path: str, bodies: Mapping[str, Body], others: Mapping[str, tuple[str, str]]
) -> list[Action]:
    """Actions of a family; their bodies are the examples of the document unless given by action."""
    found = []
    for template, operations in document["paths"].items():
        parent, brace, rest = template.partition("/{")
        if parent != path or not brace:
            continue
        for method, operation in operations.items():
            if shown := operation.get("x-transition"):
                moves = moves_of(shown)
                body = bodies.get(moves[0]["action"], example_of(document, operation))
                by = others.get(moves[0]["action"], ADMIN)
                targets = {source: move["to"] for move in moves for source in move["from"]}
                found.append(Action(moves[0]["noun"], targets, method.upper(), rest.partition("}")[2], body, by))
    return found


def ways_to(start: str, steps: list[tuple[str, str, Step]]) -> dict[str, list[Step]]:
    """The shortest way from a state to each that can be reached; a step is (from, to, how)."""
    ways: dict[str, list[Step]] = {start: []}
    queue = [start]
    for state in queue:
        for source, target, step in steps:
            if source == state and target not in ways:
                ways[target] = [*ways[state], step]
                queue.append(target)
    return ways


class Stateful:
    """Rows of the family have states.

    `by_others` are moves that no action makes alone, by (from, to): what the service hears, for example; they go before
    actions. `bodies` are those of actions whose example in the OpenAPI document refers to what is not there; `others`
    are the callers (subject and role) of actions that need somebody else than the administrator.
    """

    family: ClassVar[Family]
    by_others: ClassVar[Mapping[tuple[str, str], Step]] = {}
    bodies: ClassVar[Mapping[str, Body]] = {}
    others: ClassVar[Mapping[str, tuple[str, str]]] = {}

    async def test_every_action_from_every_state(self, service: ServiceHarness) -> None:
        actions = actions_of(service.app.openapi(), self.family.path, self.bodies, self.others)
        assert actions
        steps: list[tuple[str, str, Step]] = [
            (source, target, step) for (source, target), step in self.by_others.items()
        ]
        steps += [(source, target, action) for action in actions for source, target in action.targets.items()]
        mentioned = {state for source, target, _ in steps for state in (source, target)}
        rows = iter(await self.family.rows(service, len(mentioned) * len(actions) + 1))
        start = (await service.get(next(rows))).json()["state"]
        ways = ways_to(start, steps)
        assert ways.keys() == mentioned, "no way leads to some states"
        for (state, way), action in product(ways.items(), actions):
            path = next(rows)
            for step in way:
                await step(service, path)
            await check(service, path, state, action)


async def check(service: ServiceHarness, path: str, state: str, action: Action) -> None:
    """The action moves the row of this state as shown, or is refused and leaves no trace."""
    case = f"{action.method} {action.suffix} from {state}"
    row, before = (await service.get(path)).json(), await Traces.of(service)
    assert row["state"] == state, case
    answer = await action(service, path)
    after = (await service.get(path)).json()
    if target := action.targets.get(state):
        assert (answer.status_code, answer.json()["state"]) == (200, target), (case, answer.text)
        assert (after["state"], after["version"]) == (target, row["version"] + 1), case
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, f"{action.noun}-state"), (case, answer.text)
        assert answer.json()["state"] == state, case
        assert after == row, case
        assert await quiet(before, service), case
