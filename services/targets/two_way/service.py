"""Use cases of the tables: split the children of two decompositions of a target into cells that sum to both."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, NoReturn
from uuid import UUID

from kit.errors import FieldError, NotFound
from kit.records import fresh
from kit.security import audit
from kit.work import Work
from services.targets.decompositions import service as decompositions
from services.targets.decompositions.enums import PERIODS, Dimension
from services.targets.decompositions.models import Decomposition
from services.targets.metrics.rules import MetricNotDivisible
from services.targets.targets import service as targets
from services.targets.targets.models import Target
from services.targets.two_way import repository
from services.targets.two_way.models import Cell, TwoWay, TwoWayRow
from services.targets.two_way.planning import Asked, plan_table
from services.targets.two_way.rules import MAX_CELLS, MarginsUnrelated, Place, Question, Solved, TooManyCells
from services.targets.two_way.schemas import TableCellShown, TableCreate, TableShown
from services.targets.two_way.seeds import Seeded, Side, Sides, limits_of, seeds_of
from services.targets.two_way.solving import solve

NOUN = "table"


class _Answer(NamedTuple):
    sides: Sides
    seeded: list[Seeded]
    solved: Solved


async def add_table(work: Work, target_id: UUID, data: TableCreate) -> TwoWay:
    """Split the rows and the columns of a table into its cells; those of active targets are active at once.

    Raises NotFound (the target, a decomposition), StateConflict (a row or a column is closed), NeedsPlan,
    MarginsUnrelated, TooManyCells, TableInvalid, PathUnknown, RowRepeated, DriverDataInsufficient, TableInfeasible.
    """
    target = await targets.begin_split(work, target_id)
    sides, seeded, solved = await _answer(work, target, data)
    both = [*sides.rows.targets.values(), *sides.columns.targets.values()]
    standing = await targets.void_split(work, both)
    sides = Sides(target, *(_as_standing(side, standing) for side in (sides.rows, sides.columns)))
    table = _row(target, data, sides, seeded, solved)
    constraints = {Place(one.row, one.column): one for one in data.cells}
    decomposed = await decompositions.decomposed(work, [one.id for one in both])
    planned = plan_table(sides, table, solved.cells, Asked(constraints, seeded, decomposed, work.actor.subject))
    await repository.add_table(work.tx, table)
    await decompositions.add_cells(work, planned.rows, planned.below)
    await _audit(work, table, data)
    return await _require(work, target_id, table.id)


async def show_table(work: Work, target_id: UUID, data: TableCreate) -> TableShown:
    """What a table would be, without any effect; raises as add_table."""
    target = await targets.require_target(work, target_id)
    await targets.check_split(work, target)
    solved = (await _answer(work, target, data)).solved
    cells = [
        TableCellShown(
            row=one.place.row,
            column=one.place.column,
            amount=one.amount,
            seed=one.seed,
            fitted=one.fitted,
            bound=one.bound,
        )
        for one in solved.cells
    ]
    return TableShown(
        target_id=target_id,
        amount=target.amount,
        rounding=solved.rounding,
        rounds=solved.rounds,
        error=solved.error,
        cells=cells,
    )


async def require_table(work: Work, target_id: UUID, table_id: UUID) -> TwoWay:
    """A table with its cells; raises NotFound (the target, the table)."""
    await targets.require_target(work, target_id)
    return await _require(work, target_id, table_id)


async def shown(work: Work, row: TwoWay) -> TwoWay:
    """A table as the caller may see it: what margins gave its drivers needs `costs:read`."""
    if not await decompositions.hides_split(work, row.target_id, row.drivers):
        return row
    cells = tuple(_bare(cell) for cell in row.cells)
    found: TwoWay = row.model_copy(update={"cells": cells})
    return found


def _bare(cell: Cell) -> Cell:
    return cell.model_copy(update={"driver_values": None})


async def _require(work: Work, target_id: UUID, table_id: UUID) -> TwoWay:
    found = await repository.get_table(work.tx, target_id, table_id)
    if found is None:
        raise NotFound(what=NOUN)
    return found


async def _answer(work: Work, target: Target, data: TableCreate) -> _Answer:
    if target.base is not None:
        raise MetricNotDivisible("a table has one number per cell, and a ratio two")
    rows = await _side(work, target, data.row_decomposition_id, "row")
    columns = await _side(work, target, data.column_decomposition_id, "column")
    sides = Sides(target, rows, columns)
    _check_sides(sides)
    seeded = await seeds_of(work, sides, data)
    limits = limits_of(sides, data.cells)
    question = Question(_amounts(rows), _amounts(columns), [one.part for one in seeded], limits, target.id)
    return _Answer(sides, seeded, await asyncio.to_thread(solve, question))


def _amounts(side: Side) -> dict[str, int]:
    return {key: one.amount for key, one in side.targets.items()}


async def _side(work: Work, target: Target, decomposition_id: UUID, name: str) -> Side:
    pointer = f"/{name}_decomposition_id"
    try:
        found: Decomposition = await decompositions.require_decomposition(work, target.id, decomposition_id)
    except NotFound:
        _unrelated(pointer, "the target has no such decomposition")
    if found.is_cross:
        _unrelated(pointer, "its children are those of the rows of a table")
    children = await targets.children_of(work, decomposition_id)
    if any(one.is_balancing for one in children):
        _unrelated(pointer, "one of its children holds a difference")
    return Side(found.dimension, {str(one.child_key): one for one in children})


def _check_sides(sides: Sides) -> None:
    """Raises MarginsUnrelated, TooManyCells."""
    pointer, both = "/column_decomposition_id", {sides.rows.dimension, sides.columns.dimension}
    if len(both) == 1:
        _unrelated(pointer, f"both split by {sides.rows.dimension}")
    if both <= PERIODS:
        _unrelated(pointer, "both split by time: cascade from the longer periods to the shorter ones")
    if both == {Dimension.UNIT, Dimension.MEMBER}:
        _unrelated(pointer, "members are inside units: cascade from units to members")
    sums = [sum(one.amount for one in side.targets.values()) for side in (sides.rows, sides.columns)]
    if sums[0] != sums[1]:
        _unrelated(pointer, f"the rows sum to {sums[0]}, the columns to {sums[1]}")
    if len(sides.rows.targets) * len(sides.columns.targets) > MAX_CELLS:
        raise TooManyCells


def _unrelated(pointer: str, detail: str) -> NoReturn:
    raise MarginsUnrelated(errors=[FieldError(pointer, MarginsUnrelated.code, detail)])


def _as_standing(side: Side, standing: dict[UUID, Target]) -> Side:
    return side._replace(targets={key: standing[one.id] for key, one in side.targets.items()})


def _row(target: Target, data: TableCreate, sides: Sides, seeded: list[Seeded], solved: Solved) -> TwoWayRow:
    return TwoWayRow(
        **fresh(),
        target_id=target.id,
        root_id=target.root_id,
        row_decomposition_id=data.row_decomposition_id,
        column_decomposition_id=data.column_decomposition_id,
        row_dimension=sides.rows.dimension,
        column_dimension=sides.columns.dimension,
        amount=target.amount,
        drivers=tuple(one.kept for one in seeded),
        rounding=solved.rounding,
        rounds=solved.rounds,
        error=solved.error,
    )


async def _audit(work: Work, table: TwoWayRow, data: TableCreate) -> None:
    """Cells are audited by their table: their number, not each of them."""
    asked = data.model_dump(mode="json", exclude={"values", "cells", "dry_run"})
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action="tabulate",
        resource="target",
        resource_id=str(table.target_id),
        before=None,
        after={"table_id": str(table.id), **asked},
        key=work.secret,
    )
