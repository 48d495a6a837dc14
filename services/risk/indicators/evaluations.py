"""Evaluations: an indicator that is due is read, its level found, its alert brought along, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from kit import clock
from kit.due.due import Due
from kit.events.projections import ProjectionBuilding, require_filled
from kit.ids import new_id
from kit.work import Work
from services.risk.alerts import service as alerts
from services.risk.alerts.enums import IndicatorLevel
from services.risk.alerts.service import Found
from services.risk.indicators import repository
from services.risk.indicators.metrics import read
from services.risk.indicators.models import Indicator, IndicatorReading, IndicatorValue
from services.risk.indicators.rules import COUNTED, FALLING, MINUTE, next_level, next_look, threshold_of
from services.risk.marks import service as marks
from services.risk.marks.enums import IndicatorMeasure
from services.risk.marks.models import IndicatorMark
from services.risk.redirects.service import groups_of
from services.risk.sums import service as sums

PROJECTIONS: Final = (
    "tally",
    "receivable",
    "target_pace",
    "channel_tally",
    "discount_tally",
    "line_tally",
    "account_redirect",
)
"""What indicators are read from."""
COMPANY: Final = ""
"""Whom an indicator is of that names nobody: every fact touches it."""


class Evaluated(NamedTuple):
    """What an indicator shows, and what of it enters the history."""

    after: IndicatorReading
    kept: tuple[IndicatorValue, ...]


async def take_marks(work: Work, rows: Sequence[IndicatorMark]) -> None:
    """Indicators of the marked measures are evaluated now, as far as they are of whom the marks name. A mark is seen
    once what it speaks of is: both were written in one transaction. Accounts are grouped as they are by now: what
    joined or parted them since has left marks of its own."""
    groups = await groups_of(work, {each for row in rows for each in row.account_ids})
    touched = {
        (row.measure, member)
        for row in rows
        if not row.is_whole
        for member in (COMPANY, *row.members, *(str(groups.root(each)) for each in row.account_ids))
    }
    await repository.make_due(work.tx, {row.measure for row in rows if row.is_whole}, touched, clock.now())
    # after the readings are waited for, as who evaluates them may wait for the sums
    buyers = {
        each for row in rows if row.measure is IndicatorMeasure.CUSTOMER_CONCENTRATION for each in row.account_ids
    }
    if any(row.days is None for row in rows):
        await sums.reset(work)
    await sums.refresh(work, {day for row in rows for day in row.days or ()}, buyers)
    await marks.drop_marks(work, [row.id for row in rows])


async def evaluate(work: Work, rows: Sequence[IndicatorReading]) -> None:
    """Evaluate indicators; risks that red alerts set back are locked last, in the order of their ids.

    While what they are read from is being filled they wait.
    """
    try:
        await require_filled(work.tx, PROJECTIONS)
    except ProjectionBuilding:
        await repository.put_off(work.tx, [row.id for row in rows], clock.now() + MINUTE)
        return
    known = {one.id: one for one in await repository.list_by_id(work.tx, [row.id for row in rows])}
    found = [await _evaluate(work, known[reading.id], reading) for reading in rows]
    await repository.write_readings(work.tx, [one.after for one in found], [each for one in found for each in one.kept])
    red: set[UUID] = set()
    for before, (after, _kept) in zip(rows, found, strict=True):
        if (before.level, after.level) != (IndicatorLevel.GREEN, IndicatorLevel.GREEN):
            red.update(await alerts.follow(work, _found(known[after.id], after)))
    await alerts.set_back(work, red)


async def _evaluate(work: Work, of: Indicator, before: IndicatorReading) -> Evaluated:
    now = clock.now()
    found = await read(work, of)
    is_enough = of.measure in COUNTED or found.sample >= of.min_sample
    value = found.value if is_enough else None
    level = next_level(before.level, value, of.bounds, is_falling=of.measure in FALLING)
    is_kept = level is not before.level or _is_kept(work, before, value, now)
    after: IndicatorReading = IndicatorReading(
        id=before.id,
        measure=before.measure,
        value=value,
        sample=found.sample,
        level=level,
        evaluated_at=now,
        recorded_at=now if is_kept else before.recorded_at,
        recorded_value=value if is_kept else before.recorded_value,
        due_at=next_look(before.id, now),
    )
    kept: IndicatorValue = IndicatorValue(
        id=new_id(), indicator_id=of.id, at=now, day=work.today, value=value, sample=found.sample, level=level
    )
    return Evaluated(after, (kept,) if is_kept else ())


def _found(of: Indicator, reading: IndicatorReading) -> Found:
    return Found(
        indicator_id=of.id,
        owner_id=of.owner_id,
        measure=of.measure,
        account_id=of.account_id,
        partner_id=of.partner_id,
        target_id=of.target_id,
        risk_ids=of.risk_ids,
        level=reading.level,
        value=reading.value,
        threshold=threshold_of(reading.level, of.bounds),
    )


def _is_kept(work: Work, before: IndicatorReading, value: int | None, now: datetime) -> bool:
    """Whether a value without a change of level enters the history: the first of a day, else one a minute that
    differs."""
    last = before.recorded_at
    if last is None or clock.business_date(work.settings.timezone, last) != work.today:
        return True
    return value != before.recorded_value and now - last >= MINUTE


MARKS_DUE = Due("indicator_mark", IndicatorMark, take_marks, batch=1000)
INDICATORS_DUE = Due("indicator_reading", IndicatorReading, evaluate, "t.due_at IS NOT NULL", batch=5)
