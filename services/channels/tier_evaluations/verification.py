"""Shows that levels of partners follow from the figures that evaluations keep, the figures from what shows them, and
that what was published is what was found and decided."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.events.verify import Check, Finding
from kit.money import SHARE_WHOLE, ratio
from services.channels.tier_evaluations import repository
from services.channels.tier_evaluations.enums import AppealState, TierEvaluationState
from services.channels.tier_evaluations.models import TierEvaluation, TierLack, TierResult
from services.channels.tier_evaluations.repository import SHOWN_ORDERS
from services.channels.tier_evaluations.rules import (
    LARGEST,
    LEAST_ANSWERS,
    LEAST_DEALS,
    lacks,
    next_above,
    reached,
    verdict,
)
from services.channels.tier_evaluations.service import figures_in
from services.channels.tier_programmes.models import TierProgramme
from services.channels.tier_programmes.service import all_programmes

SHOWN_NUMBERS = 100
"""So many numbers of certificates and conflicts are kept as evidence."""
Place = tuple[UUID, UUID]
"""Evaluation and partner."""


class _Known(NamedTuple):
    """What results are held against: ranks by (partner, version of its level), failures by evaluation and partner, and
    the evaluation that was published before each."""

    programmes: dict[UUID, TierProgramme]
    evaluations: dict[UUID, TierEvaluation]
    before: dict[UUID, UUID]
    ranks: dict[tuple[UUID, int], int | None]
    failures: dict[Place, int]
    upheld: set[Place]


async def verify_tiers(tx: Tx) -> list[Finding]:
    """Findings on results of evaluations and on levels of partners."""
    shown = Check("channels", "figures of partners follow from what shows them")
    found = Check("channels", "levels of partners follow from their figures")
    stands = Check("channels", "published levels are those that were found and decided")
    known = await _known(tx)
    async for row in repository.all_results(tx):
        evaluation = known.evaluations[row.evaluation_id]
        what = f"evaluation {row.evaluation_id} partner {row.partner_id}"
        shown.add(_is_shown(row), what)
        found.add(_follows(row, evaluation, known), what)
    for fault in await repository.off_the_results(tx):
        stands.fault(fault)
    stands.count = len(known.ranks)
    return [check.finding() for check in (shown, found, stands)]


async def _known(tx: Tx) -> _Known:
    evaluations = await repository.all_evaluations(tx)
    latest: dict[str, UUID] = {}
    before: dict[UUID, UUID] = {}
    for one in sorted(evaluations, key=lambda one: one.period_to):
        if one.state is TierEvaluationState.PUBLISHED:
            if one.programme_code in latest:
                before[one.id] = latest[one.programme_code]
            latest[one.programme_code] = one.id
    failures: dict[Place, int] = {}
    upheld: set[Place] = set()
    async for row in repository.all_results(tx):
        failures[row.evaluation_id, row.partner_id] = row.failures
        if row.appeal_state is AppealState.UPHELD:
            upheld.add((row.evaluation_id, row.partner_id))
    ranks = {(one.partner_id, one.tier_version): one.rank for one in await repository.all_tiers(tx)}
    programmes = {one.id: one for one in await all_programmes(tx)}
    return _Known(programmes, {one.id: one for one in evaluations}, before, ranks, failures, upheld)


def _is_shown(row: TierResult) -> bool:
    seen = row.evidence
    before, growth = seen.revenue_before, None
    if before > 0:
        growth = max(-LARGEST, min(LARGEST, ratio(SHARE_WHOLE, row.revenue - before, before)))
    is_thin = seen.deals_decided < LEAST_DEALS
    won = None if is_thin else ratio(SHARE_WHOLE, seen.deals_won, seen.deals_decided)
    nets = [order.net for order in seen.order_list]
    return (
        (row.growth, row.deals_won) == (growth, won)
        and (row.satisfaction is None) == (seen.answers < LEAST_ANSWERS)
        and len(nets) == min(seen.orders, SHOWN_ORDERS)
        and (seen.orders > SHOWN_ORDERS or sum(nets) == row.revenue)
        and len(seen.certificate_numbers) == min(row.certificates, SHOWN_NUMBERS)
        and len(seen.conflict_numbers) == min(row.conflicts, SHOWN_NUMBERS)
    )


def _follows(row: TierResult, evaluation: TierEvaluation, known: _Known) -> bool:
    """Whether the level that was found, and what the next one lacks, follow from the figures; and where the partner
    moves from where it stood, unless an appeal has decided otherwise."""
    ladder = known.programmes[evaluation.programme_id].ladder
    figures = figures_in(row)
    found = reached(ladder, figures)
    new = next((level for level in ladder if level.code == row.new_level), None)
    above = next_above(ladder, new)
    missing = tuple(TierLack(**one._asdict()) for one in lacks(above, figures)) if above else ()
    is_found = row.found_level == (found.code if found else None)
    if not is_found or row.missing != missing or row.next_level != (above.code if above else None):
        return False
    if row.appeal_state is AppealState.UPHELD or evaluation.state is not TierEvaluationState.PUBLISHED:
        return True
    said = (row.move, row.new_level, row.failures)
    runs = _runs(row, evaluation, known) if row.old_version else (0,)
    rank = known.ranks.get((row.partner_id, row.old_version))
    judged = [verdict(ladder, rank, found, run) for run in runs]
    return said in [(one.move, one.level.code if one.level else None, one.failures) for one in judged]


def _runs(row: TierResult, evaluation: TierEvaluation, known: _Known) -> tuple[int, ...]:
    """How many failing evaluations in a row the partner had behind it: an appeal against the one before, which may have
    been decided since, sets them to 0."""
    before = known.before.get(evaluation.id)
    while before is not None and (before, row.partner_id) not in known.failures:
        before = known.before.get(before)
    if before is None:
        return (0,)
    place = (before, row.partner_id)
    return (0, 1) if place in known.upheld else (known.failures[place],)
