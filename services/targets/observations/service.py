"""Use cases of observations: entered once, by external id, and corrected by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from kit.errors import FieldError, NotFound, NotHeardYet, Taken, UnknownReference
from kit.records import Change, Resource, fresh, record, require
from kit.regions import check_region
from kit.web.batch import Results, RowRepeated, decide_rows, settled
from kit.work import Work
from services.targets.observations import repository
from services.targets.observations.models import Observation
from services.targets.observations.repository import Market as Market
from services.targets.observations.rules import (
    CorrectionUnrelated,
    ObservationCorrected,
    ObservationFixed,
    check_days,
    check_value,
)
from services.targets.observations.schemas import ObservationCreate
from services.targets.products.service import known_lines, line_problem
from services.targets.units.models import Unit
from services.targets.units.service import UnitUnknown, known_units, visible_to

_SCOPE = ("kind", "subject", "unit_id", "region", "product_line", "channel_id")
_KEPT = (*_SCOPE, "period_start", "period_end", "value", "source", "observed_on", "corrects_id")
OBSERVATIONS = Resource(
    "observation", Observation, lambda _one: None, audited=("external_id", *_KEPT), unique=("external_id",)
)


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    units: Mapping[UUID, Unit]
    lines: Mapping[str, str]
    known: Mapping[str, Observation]
    olds: Mapping[UUID, Observation]
    corrected: set[UUID]
    seen: set[str] = field(default_factory=set)
    created: list[Change[Observation]] = field(default_factory=list)


async def require_observation(work: Work, observation_id: UUID) -> tuple[Observation, bool]:
    """An observation, and whether it is current; raises NotFound, also for one of a unit that is not visible."""
    row, visible = await require(work, OBSERVATIONS, observation_id), await visible_to(work)
    if not visible.everything and row.unit_id is not None and row.unit_id not in visible.units:
        raise NotFound(what="observation")
    return row, row.id not in await repository.list_corrected(work.tx, [row.id])


async def visible_observations(work: Work, ids: Sequence[UUID]) -> set[UUID]:
    """Those among `ids` that are observations which the caller sees."""
    if not ids:
        return set()
    found, seen = await repository.list_by_id(work.tx, ids), await visible_to(work)
    return {one.id for one in found.values() if seen.everything or one.unit_id is None or one.unit_id in seen.units}


async def sizes_of(work: Work, markets: Sequence[Market]) -> Mapping[str, int]:
    """The newest known size of markets by their key; those without one are absent."""
    return await repository.list_sizes(work.tx, markets, work.today) if markets else {}


async def add_observation(work: Work, data: ObservationCreate) -> Observation:
    """A new observation; raises Taken, and what is wrong with it."""
    made: list[Observation] = []

    async def attempt() -> None:
        tried = await _prepare(work, [data])
        if known := tried.known.get(data.external_id):
            raise Taken("observation", "external_id", known.id)
        _decide(tried, data)
        await _write(tried)
        made.append(tried.created[0].after)

    await settled(work.tx, attempt)
    return made[-1]


async def add_observations(work: Work, rows: Sequence[tuple[int, ObservationCreate]], results: Results) -> None:
    """Enter observations by external id; one that is there already, and the same, is unchanged."""
    await decide_rows(work.tx, rows, results, partial(_prepare, work, [row for _, row in rows]), _decide, _write)


async def _prepare(work: Work, rows: Sequence[ObservationCreate]) -> _Attempt:
    olds = {row.corrects_id for row in rows if row.corrects_id is not None}
    return _Attempt(
        work,
        units=await known_units(work, {row.unit_id for row in rows if row.unit_id is not None}),
        lines=await known_lines(work, {row.product_line for row in rows if row.product_line is not None}),
        known=await repository.list_by_external(work.tx, {row.external_id for row in rows}),
        olds=await repository.list_by_id(work.tx, olds),
        corrected=await repository.list_corrected(work.tx, olds),
    )


def _decide(attempt: _Attempt, row: ObservationCreate) -> tuple[str, UUID]:
    """What becomes of one row: (status, id); raises AppError when it is refused."""
    if row.external_id in attempt.seen:
        raise RowRepeated(errors=[FieldError("/external_id", "repeated", "see an earlier row")])
    attempt.seen.add(row.external_id)
    if (before := attempt.known.get(row.external_id)) is not None:
        for name in _KEPT:
            if getattr(row, name) != getattr(before, name):
                raise ObservationFixed(errors=[FieldError(f"/{name}", "fixed", f"it is {getattr(before, name)}")])
        return "unchanged", before.id
    _check(attempt, row)
    made = Observation(**fresh(), **row.model_dump(), author=attempt.work.actor.subject)
    attempt.created.append(Change(None, made))
    return "created", made.id


def _check(attempt: _Attempt, row: ObservationCreate) -> None:
    check_days(row.period_start, row.period_end, row.observed_on, attempt.work.today)
    check_value(row.kind, row.value, row.subject)
    if row.unit_id is not None and row.unit_id not in attempt.units:
        raise UnitUnknown("/unit_id")
    if row.region is not None and (problem := check_region(row.region)):
        raise UnknownReference(errors=[FieldError("/region", "unknown-region", problem)])
    if row.product_line is not None and (problem := line_problem(attempt.lines, row.product_line)):
        raise NotHeardYet(errors=[FieldError("/product_line", "unknown-reference", problem)])
    if row.corrects_id is not None:
        _replace(attempt, row, row.corrects_id)


def _replace(attempt: _Attempt, row: ObservationCreate, old_id: UUID) -> None:
    old = attempt.olds.get(old_id)
    if old is None:
        raise UnknownReference(errors=[FieldError("/corrects_id", "unknown-reference", "no such observation")])
    if old_id in attempt.corrected:
        raise ObservationCorrected(errors=[FieldError("/corrects_id", "corrected", "correct what corrected it")])
    for name in _SCOPE:
        if getattr(row, name) != getattr(old, name):
            raise CorrectionUnrelated(errors=[FieldError(f"/{name}", "fixed", f"it is {getattr(old, name)}")])
    attempt.corrected.add(old_id)


async def _write(attempt: _Attempt) -> None:
    await repository.add_observations(attempt.work.tx, [one.after for one in attempt.created])
    await record(attempt.work, OBSERVATIONS, attempt.created, action="create")
