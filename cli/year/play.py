"""Plays the year act by act, ties it, and says how long the effects of one service in another took."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cli.load.client import Api, ApiError
from cli.load.loader import LoadFailed
from cli.showcase.steps import ShowcaseFailed
from cli.year import care, closing, company, conflict, contracts, crossings, identity, offers, people, risks, trade
from cli.year.book import Act, Book, as_dict, opened
from cli.year.sales import Scale
from cli.year.table import Tied, tied

Play = Callable[[Book], Awaitable[Act]]


@dataclass
class Year:
    """A year as it was played; `broken` says where it could not go on."""

    acts: list[Act] = field(default_factory=list)
    table: Tied | None = None
    worst: dict[str, float] = field(default_factory=dict)
    broken: str = ""
    seconds: float = 0.0

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


ACTS: tuple[Play, ...] = (
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
    closing.club_opens,
    trade.delivered,
    risks.red_indicator,
    risks.adjusted,
    trade.paid,
    risks.calmed,
    crossings.behind,
    trade.returned,
    care.cared,
    identity.merged,
    closing.graded,
    closing.stated,
    closing.counted,
)


async def played(api: Api, scale: Scale, present: Callable[[Act], None] = lambda _act: None) -> Year:
    """Play all acts in turn and tie the year; what goes wrong ends it and is said."""
    began = time.monotonic()
    year = Year()
    try:
        book = await opened(api, scale)
        for play in ACTS:
            act = await play(book)
            year.acts.append(act)
            present(act)
        await book.settled()
        year.table = await tied(book)
        year.worst = book.worst()
    except* (ApiError, ShowcaseFailed, LoadFailed) as errors:
        year.broken = "; ".join(str(error) for error in _leaves(errors))
    year.seconds = time.monotonic() - began
    return year


def _leaves(errors: BaseExceptionGroup[Exception]) -> list[BaseException]:
    """The errors themselves, out of groups of groups."""
    found: list[BaseException] = []
    for error in errors.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found
