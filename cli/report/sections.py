"""What a report is made of: a picture, and the table that says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.load.client import Api, ApiError
from cli.report.numbers import Numbers

REFUSED = "Your role may not read this."
Spec = Mapping[str, Any]
"""A chart in Vega-Lite's grammar."""
Json = dict[str, Any]


class Nothing(Exception):
    """There is nothing to show; the text says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """Texts as the reader sees them; the first column names the row."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page. `absent` says why there is neither picture nor table."""

    key: str
    title: str
    summary: str = ""
    chart: Spec | None = None
    tables: tuple[Table, ...] = field(default=())
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the report is about: a unit and a period of business days, both included."""

    api: Api
    numbers: Numbers
    unit_id: str
    unit_name: str
    first: str
    last: str
    as_of: str
    """The business day up to which things are known: the last of the period, or today."""
    currency: str

    async def first_of(self, path: str, nothing: str, **params: object) -> Json:
        """The first row of a list. Raises Nothing with the text when there is none."""
        rows = await self.rows(path, limit=1, **params)
        if not rows:
            raise Nothing(nothing)
        return rows[0]

    async def rows(self, path: str, **params: object) -> list[Json]:
        """One page of a list."""
        found: list[Json] = (await self.api.get(path, **params))["items"]
        return found


def why(error: ApiError) -> str:
    """For the reader of the page: why a part is not there."""
    if error.status in (401, 403):
        return REFUSED
    if error.status >= 500:
        return "The service that owns this does not answer."
    said = [f"{one['pointer']}: {one['detail']}" for one in error.problem.get("errors", ())]
    return "; ".join([str(error.problem.get("detail") or f"It was answered with {error.status}."), *said])
