"""What the acts of a year share: the API, the calendar, ids by name, what was told, and how long effects took."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, TypeVar
from uuid import uuid4

from cli.load.client import Api, ApiError
from cli.load.loader import settled
from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.sales import Calendar, Sale, Scale, sales_of

CURRENCY = "USD"
CHUNK = 500
EFFECT_SECONDS = 300.0
PARTNERS = 3
SELLERS = 6

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Act:
    """What happened, in sentences, and what must hold of it."""

    name: str
    told: tuple[str, ...]
    laws: tuple[Law, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether all its laws hold."""
        return all(law.holds for law in self.laws)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one service did became true in another so long after the answer to the command."""

    name: str
    milliseconds: float


@dataclass
class Book:
    """One year that is played; ids are by code, accounts by the number of the buyer, orders by that of the sale.

    `today` is the business day, which the calendar was made on or a day before; `shared`: orders that a split shares
    between partners, with the share of each.
    """

    api: Api
    scale: Scale
    calendar: Calendar
    sales: tuple[Sale, ...]
    run: str
    today: date
    units: dict[str, str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    partners: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    orders: dict[int, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    programme: str = ""
    root: str = ""
    indicator: str = ""
    alert: str = ""
    club: str = ""
    graded: int = 0
    stated: dict[str, int] = field(default_factory=dict)
    points: int = 0
    split: dict[str, int] = field(default_factory=dict)
    shared: dict[str, dict[str, int]] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)

    @property
    def source(self) -> str:
        """Source of the external ids of what is traded in this year."""
        return f"year-{self.run}"

    def code(self, name: str) -> str:
        """A code of this year."""
        return f"{name}-{self.run}"

    def ref(self, number: object) -> dict[str, str]:
        """An external id of this year."""
        return {"source": self.source, "id": str(number)}

    def seller(self, number: int) -> str:
        """Id of a seller."""
        return self.members[f"seller-{number + 1}"]

    async def settled(self) -> None:
        """Wait until every service has sent and applied everything."""
        await settled(self.api)

    async def rows(self, path: str, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send rows to a batch endpoint, again those whose references are still on their way; results in order."""
        wanted, results = list(rows), []
        for start in range(0, len(wanted), CHUNK):
            results += await self._part(path, wanted[start : start + CHUNK])
        return results

    async def _part(self, path: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        async def attempt() -> list[dict[str, Any]] | None:
            results: list[dict[str, Any]] = (await self.api.post(path, {"rows": rows}))["results"]
            problems = [result["problem"] for result in results if result["status"] == "problem"]
            lasting = [problem for problem in problems if not problem.get("retryable")]
            if lasting:
                raise steps.ShowcaseFailed(f"{path}: {lasting[0]}")
            return None if problems else results

        return await steps.until(f"{path} takes the rows", attempt)

    async def made(self, path: str, body: dict[str, Any], by: str | None = None) -> dict[str, Any]:
        """What a POST makes; sent again while what it names has not been heard of."""
        api = self.api if by is None else self.api.acting_as(by)

        async def send() -> dict[str, Any]:
            answer: dict[str, Any] = await api.post(path, body)
            return answer

        return await steps.retried(f"{path} takes what it names", send)

    async def effect(self, name: str, look: Callable[[], Awaitable[Answer | None]]) -> Answer:
        """Wait for what another service makes of what was just done, and note how long that took."""
        began = time.monotonic()

        async def seen() -> Answer | None:
            try:
                return await look()
            except ApiError as error:
                if error.status == 404:
                    return None
                raise

        answer = await steps.until(name, seen, EFFECT_SECONDS, pause=0.01)
        self.effects.append(Effect(name, round((time.monotonic() - began) * 1000, 1)))
        return answer

    def worst(self) -> dict[str, float]:
        """The longest time of each effect, in milliseconds."""
        found: dict[str, float] = {}
        for effect in self.effects:
            found[effect.name] = max(effect.milliseconds, found.get(effect.name, 0.0))
        return found

    async def all_of(self, path: str, **params: object) -> list[dict[str, Any]]:
        """All items of a list."""
        return [item async for item in self.api.pages(path, **params)]


async def opened(api: Api, scale: Scale) -> Book:
    """A book of the company's year around the business day of the system."""
    today = await _business_day(api)
    calendar = Calendar(today)
    return Book(api, scale, calendar, sales_of(calendar, scale), uuid4().hex[:6], today)


async def reopened(book: Book, api: Api) -> None:
    """Go on with a book on a later business day. Raises ShowcaseFailed on the same one."""
    today = await _business_day(api)
    if today <= book.today:
        raise steps.ShowcaseFailed(f"it is still {today}")
    book.api, book.today = api, today


async def _business_day(api: Api) -> date:
    return date.fromisoformat((await api.get("/v1/attainment"))["as_of"])


def dollars(cents: int) -> str:
    """An amount for people."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def as_dict(act: Act) -> dict[str, Any]:
    """For JSON."""
    return {**asdict(act), "holds": act.holds}
