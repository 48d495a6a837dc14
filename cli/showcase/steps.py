"""What the sides of the showcase have in common: things found before they are made, jobs waited for, typed rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from cli.load.client import Api, ApiError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

DEADLINE_SECONDS = 300.0
SAMPLE_START = date(1997, 1, 1)
SAMPLE_END = date(1998, 6, 30)
WEEKS_AFTER = 13
AS_OF = SAMPLE_END - timedelta(weeks=WEEKS_AFTER)

Answer = TypeVar("Answer")
Row = TypeVar("Row", bound="DataclassInstance")


class ShowcaseFailed(Exception):
    """Something that should have become true did not."""


@dataclass(frozen=True, slots=True)
class Law:
    """What must hold of the figures of a side, whatever they are."""

    name: str
    holds: bool


def row_of(kind: type[Row], item: Mapping[str, Any]) -> Row:
    """The fields of a row, out of an answer."""
    return kind(**{field.name: item[field.name] for field in fields(kind)})


def rows_of(kind: type[Row], items: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Rows out of the items of a list."""
    return tuple(row_of(kind, item) for item in items)


def never_rises(values: Sequence[int]) -> bool:
    """Whether each value is at most the one before."""
    return all(after <= before for before, after in pairwise(values))


async def until(
    what: str, look: Callable[[], Awaitable[Answer | None]], seconds: float = DEADLINE_SECONDS, pause: float = 0.1
) -> Answer:
    """Look until there is an answer. Raises ShowcaseFailed after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        seen = await look()
        if seen is not None:
            return seen
        if time.monotonic() > deadline:
            raise ShowcaseFailed(f"did not become true in {seconds:.0f} s: {what}")
        await asyncio.sleep(pause)


async def first(api: Api, path: str, **params: object) -> dict[str, Any] | None:
    """The first item of a list."""
    items: list[dict[str, Any]] = (await api.get(path, limit=1, **params))["items"]
    return items[0] if items else None


async def found(api: Api, path: str, **params: object) -> dict[str, Any]:
    """The first item of a list that must have one. Raises ShowcaseFailed."""
    item = await first(api, path, **params)
    if item is None:
        raise ShowcaseFailed(f"nothing of {path} has {params}: is the sample loaded?")
    return item


async def ensured(api: Api, path: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """What is there under the code or name that the body says; made when it is missing, once what it names has been
    heard of."""
    item = await first(api, path, **{key: body[key]})
    return item if item is not None else await retried(f"what {path} names", lambda: api.post(path, body))


async def retried(what: str, send: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer to a command; sent again while what it names has not been heard of."""

    async def attempt() -> Answer | None:
        try:
            return await send()
        except ApiError as error:
            if error.problem.get("retryable"):
                return None
            raise

    return await until(what, attempt)


async def in_state(api: Api, path: str, wanted: Collection[str], waiting: Collection[str]) -> dict[str, Any]:
    """What stands at the path, once it has reached a state. Raises ShowcaseFailed in a state that leads elsewhere."""

    async def look() -> dict[str, Any] | None:
        seen: dict[str, Any] = await api.get(path)
        if seen["state"] in wanted:
            return seen
        if seen["state"] not in waiting:
            raise ShowcaseFailed(f"{path} is {seen['state']}, not {' or '.join(wanted)}")
        return None

    return await until(f"{path} is {' or '.join(wanted)}", look)


async def run_as_of(api: Api, path: str, as_of: date, **body: object) -> dict[str, Any]:
    """A finished run (a job with the id of what it makes) of this day; started when there is none."""
    runs = [run async for run in api.pages(path, as_of=as_of) if run["state"] in ("queued", "running", "succeeded")]
    run = next((run for run in runs if run["state"] == "succeeded"), runs[0] if runs else None)
    if run is None:
        run = await api.post(path, {"as_of": as_of, **body})
    return await in_state(api, f"{path}/{run['id']}", ("succeeded",), ("queued", "running"))


async def count_of(api: Api, path: str, **params: object) -> int:
    """How many items a list has."""
    return int((await api.get(path, limit=1, count="exact", **params))["count"])
