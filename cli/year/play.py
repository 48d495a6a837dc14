"""Plays the year act by act, ties it, and says how long the effects of one service in another took.

It is played on two days, since what partners agree on holds from the next one. A system that is stopped on one side of
the date line and started again on the other has the next day at once.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cli.load.client import Api, ApiError
from cli.load.loader import LoadFailed
from cli.showcase.steps import ShowcaseFailed
from cli.year import (
    care,
    closing,
    company,
    conflict,
    contracts,
    crossings,
    identity,
    leaving,
    offers,
    people,
    risks,
    trade,
)
from cli.year.book import Act, Book, as_dict, opened, reopened
from cli.year.sales import Scale
from cli.year.table import Tied, tied

Play = Callable[[Book], Awaitable[Act]]
FIRST_ZONE, NEXT_ZONE = "Pacific/Pago_Pago", "Pacific/Kiritimati"
"""Clocks of the two are 25 hours apart: in the second it is always a later day."""


@dataclass
class Year:
    """A year as it was played; `broken` says where it could not go on."""

    acts: list[Act] = field(default_factory=list)
    table: Tied | None = None
    worst: dict[str, float] = field(default_factory=dict)
    broken: str = ""
    seconds: float = 0.0
    book: Book | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing broke, all laws hold and the table ties."""
        return not self.broken and all(act.holds for act in self.acts) and self.table is not None and self.table.ties

    def broken_laws(self) -> list[str]:
        """What should hold and does not."""
        return [f"{act.name}: {law.name}" for act in self.acts for law in act.laws if not law.holds]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "holds": self.holds,
            "broken": self.broken,
            "seconds": round(self.seconds, 1),
            "acts": [as_dict(act) for act in self.acts],
            "table": self.table and self.table.as_dict(),
            "worst_milliseconds": self.worst,
        }


async def _first_half(book: Book) -> Act:
    return await trade.placed(book, book.calendar.start, book.calendar.month(6) - timedelta(days=1))


async def _second_half(book: Book) -> Act:
    return await trade.placed(book, book.calendar.month(6), book.today)


FIRST_DAY: tuple[Play, ...] = (
    company.found,
    company.planned,
    trade.accounts_open,
    _first_half,
    people.reorganised,
    _second_half,
    people.credited_where_he_was,
    offers.lead_won,
    offers.quoted,
    offers.given_back,
    offers.held,
    crossings.terms_shortened,
    contracts.contracted,
    conflict.split,
)
NEXT_DAY: tuple[Play, ...] = (
    conflict.shared,
    closing.club_opens,
    trade.delivered,
    risks.red_indicator,
    risks.adjusted,
    trade.paid,
    risks.calmed,
    crossings.behind,
    trade.returned,
    leaving.stopped,
    care.cared,
    identity.merged,
    closing.graded,
    closing.stated,
    closing.counted,
)


async def begun(api: Api, scale: Scale, present: Callable[[Act], None] = lambda _act: None) -> Year:
    """Play the acts of the first day; what goes wrong ends the year and is said."""
    year = Year()

    async def play() -> None:
        year.book = await opened(api, scale)
        await _acts(year, year.book, FIRST_DAY, present)
        await year.book.settled()

    await _guarded(year, play)
    return year


async def ended(api: Api, year: Year, present: Callable[[Act], None] = lambda _act: None) -> Year:
    """Play the acts of the next day and tie the year, unless it is broken."""

    async def play() -> None:
        assert year.book is not None, "it has begun"
        await reopened(year.book, api)
        await _acts(year, year.book, NEXT_DAY, present)
        await year.book.settled()
        year.table = await tied(year.book)
        year.worst = year.book.worst()

    if not year.broken:
        await _guarded(year, play)
    return year


async def _acts(year: Year, book: Book, plays: Sequence[Play], present: Callable[[Act], None]) -> None:
    for play in plays:
        act = await play(book)
        year.acts.append(act)
        present(act)


async def _guarded(year: Year, play: Callable[[], Awaitable[None]]) -> None:
    began = time.monotonic()
    try:
        await play()
    except* (ApiError, ShowcaseFailed, LoadFailed) as errors:
        year.broken = "; ".join(str(error) for error in _leaves(errors))
    year.seconds += time.monotonic() - began


def _leaves(errors: BaseExceptionGroup[Exception]) -> list[BaseException]:
    """The errors themselves, out of groups of groups."""
    found: list[BaseException] = []
    for error in errors.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found
