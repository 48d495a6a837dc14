"""A step of an import: up to a thousand rows, each its own outcome, all in the transaction of the step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from kit.security.cipher import DataKey
from kit.web.batch import Results
from kit.web.problems import field_errors
from kit.web.schema import Schema
from kit.work import Work
from services.customer.imports import repository
from services.customer.imports.cells import LOST, RowProblem
from services.customer.imports.columns import Line, Plan
from services.customer.imports.enums import RowOutcome
from services.customer.imports.models import Import, ImportRow
from services.customer.imports.records import Record
from services.customer.imports.sealing import seal_details
from services.customer.imports.subjects import SUBJECTS, Subject, Values

AT_ONCE: Final = 1_000
MAX_PROBLEMS: Final = 10
NO_CHANGE: Values = {}


class Numbered(NamedTuple):
    """A record with its number in the file."""

    row_no: int
    record: Record


class _Undone(Exception):
    """What a trial wrote is taken back."""


@dataclass(slots=True)
class _Row:
    """A row on its way."""

    row_no: int
    cells: list[str]
    key: str
    key_hash: bytes | None
    problems: list[RowProblem]
    body: dict[str, Any] = field(default_factory=dict)
    data: Schema | None = None
    outcome: RowOutcome = RowOutcome.FAILED
    resource_id: UUID | None = None
    version: int | None = None
    change: Values = field(default_factory=dict)


async def load_rows(work: Work, run: Import, plan: Plan, key: DataKey, records: Sequence[Numbered]) -> repository.Step:
    """Write the rows of these records and what became of them; their counts. Raises what a batch as a whole raises."""
    subject = SUBJECTS[run.kind]
    rows = await _read(work, run, plan, records)
    for row in rows:
        if not row.problems:
            _validate(plan, subject, row)
    good = [row for row in rows if row.data is not None]
    if good:
        try:
            async with work.tx.savepoint():
                await _write(work, run, plan, subject, good)
                if run.dry_run:
                    raise _Undone
        except _Undone:
            for row in good:
                row.resource_id = row.resource_id if row.outcome is not RowOutcome.CREATED else None
    await repository.add_rows(work.tx, [_stored(run, key, row) for row in rows])
    return repository.count([row.outcome for row in rows])


async def _read(work: Work, run: Import, plan: Plan, records: Sequence[Numbered]) -> list[_Row]:
    """The rows of records, as far as they can be read; what has the key of an earlier row is none."""
    rows = []
    for row_no, record in records:
        if record.cells is None:
            problem = RowProblem("", "row-broken", "a quote is not closed, or a cell is too long")
            rows.append(_Row(row_no, [record.text], "", None, [problem]))
            continue
        line: Line = plan.read(row_no, record.cells)
        found = _Row(row_no, record.cells, line.key, None, line.problems, line.body)
        if plan.key is not None and line.key:
            found.key_hash = hashlib.sha256(line.key.encode("utf-8", "replace")).digest()[:16]
        rows.append(found)
    hashes = [row.key_hash for row in rows if row.key_hash is not None]
    seen = await repository.known_keys(work.tx, run.id, hashes) if hashes else set()
    for row in rows:
        if row.key_hash is None:
            continue
        if row.key_hash in seen:
            column = plan.key.name if plan.key else ""
            row.problems = [RowProblem(column, "duplicate-row", "an earlier row of the file has this key")]
            row.key_hash = None
        else:
            seen.add(row.key_hash)
    return rows


def _validate(plan: Plan, subject: Subject, row: _Row) -> None:
    try:
        row.data = subject.row.model_validate(row.body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        for one in field_errors([{**each, "loc": ("body", *each["loc"])} for each in found])[:MAX_PROBLEMS]:
            row.problems.append(RowProblem(plan.column_of(one.pointer), one.code, one.detail))


async def _write(work: Work, run: Import, plan: Plan, subject: Subject, rows: Sequence[_Row]) -> None:
    """Let the rows become what they say. Of what is there already neither owner nor consent is touched."""
    known = await subject.find(work, {(plan.source, row.key) for row in rows})
    for row in rows:
        if (plan.source, row.key) in known and row.body.pop("owner_id", None) is not None:
            row.data = subject.row.model_validate(row.body)
    before = await subject.load(work, set(known.values())) if known else {}
    results = Results(len(rows))
    await subject.upsert(work, list(enumerate(row.data for row in rows)), results, run.options)
    for row, result in zip(rows, results.answer()["results"], strict=True):
        _settle(plan, row, result)
    changed = {row.resource_id for row in rows if row.outcome is RowOutcome.UPDATED and row.resource_id is not None}
    after = await subject.load(work, changed) if changed else {}
    for row in rows:
        if row.outcome is RowOutcome.CREATED:
            row.version = 1
        elif row.outcome is RowOutcome.UPDATED and row.resource_id is not None and row.resource_id in after:
            now = after[row.resource_id]
            row.version = now.version
            was = before.get(row.resource_id)
            row.change = _difference(subject.shown(was) if was is not None else NO_CHANGE, subject.shown(now))


def _difference(before: Values, after: Values) -> Values:
    """Fields that differ: [before, after]."""
    names = [*after, *(before.keys() - after.keys())]
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _settle(plan: Plan, row: _Row, result: Mapping[str, Any]) -> None:
    problem = result["problem"]
    if problem is None:
        row.outcome, row.resource_id = RowOutcome(result["status"]), result["id"]
        return
    errors = problem["errors"][:MAX_PROBLEMS] or [{"pointer": "", "detail": problem["detail"]}]
    for one in errors:
        pointer = "/" + "/".join(one["pointer"].split("/")[3:])
        column = plan.column_of(pointer) if one["pointer"] else ""
        row.problems.append(RowProblem(column, problem["code"], one["detail"]))


def _stored(run: Import, key: DataKey, row: _Row) -> ImportRow:
    details: dict[str, Any] = {}
    if row.problems:
        details = {
            "problems": [one._asdict() for one in row.problems],
            "cells": [cell.removeprefix(LOST) for cell in row.cells],
        }
    elif row.change:
        details = {"change": row.change}
    return ImportRow(
        import_id=run.id,
        row_no=row.row_no,
        outcome=row.outcome,
        codes=tuple(dict.fromkeys(one.code for one in row.problems)),
        resource_id=row.resource_id,
        resource_version=row.version,
        key_hash=row.key_hash,
        details=seal_details(key, run.id, row.row_no, details),
    )
