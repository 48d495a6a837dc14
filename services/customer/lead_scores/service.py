"""How much a lead promises: the points of the rules that choose it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel import SQLModel

from kit.db.saved_filters import SavedFilter, parse_saved_filter
from kit.work import Work
from services.customer.lead_scores import repository
from services.customer.lead_scores.bodies import Rule
from services.customer.lead_scores.lists import SCORED
from services.customer.lead_scores.rules import score_of


class Score(NamedTuple):
    """A score, and the labels of the rules that gave it."""

    score: int
    rules: tuple[str, ...]


async def scores(work: Work, rules: Sequence[Rule], rows: Sequence[SQLModel]) -> dict[UUID, Score]:
    """The scores of rows of the table of leads, stored or about to be, as of today."""
    if not rows:
        return {}
    filters: list[SavedFilter] = [parse_saved_filter(SCORED, rule.filter) for rule in rules]
    found = await repository.choosing(work.tx, filters, rows, work.today, work.settings.timezone)
    return {
        one.id: Score(
            score_of(rules[number].points for number in one.rules), tuple(rules[number].label for number in one.rules)
        )
        for one in found
    }
