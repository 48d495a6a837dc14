"""Batch endpoints: up to 5,000 rows, one result per row, nothing half-written inside a row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from kit.db.database import Tx
from kit.db.rows import insert_returning, select_sql, update_rows
from kit.db.text_keys import code_sql, fold_code, keys_of
from kit.errors import AppError, Conflict, FieldError
from kit.records import Change, R, Resource, changed_row, record
from kit.web.problems import Problem, field_errors, problem, problem_of
from kit.web.schema import Schema
from kit.work import Work

MAX_ROWS = 5_000
RACES = 5

RowModel = TypeVar("RowModel", bound=BaseModel)


class BatchBody(Schema):
    """Rows are checked one by one: a broken row gets its own problem and does not stop the others."""

    row_model: ClassVar[type[BaseModel] | None] = None
    """What a row must be, for the documentation: set by the batch of each resource."""

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_ROWS)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        if cls.row_model is not None:
            row = handler(cls.row_model.__pydantic_core_schema__)
            handler.resolve_ref_schema(schema)["properties"]["rows"]["items"] = row
        return schema


class BatchRowResult(Schema):
    """What became of one row; `index` counts from 0."""

    index: int
    status: Literal["created", "unchanged", "updated", "problem"]
    id: UUID | None = None
    problem: Problem | None = None


class BatchAnswer(Schema):
    """Results in the order of the rows, and their counts."""

    created: int
    unchanged: int
    updated: int
    problems: int
    results: list[BatchRowResult]


class Results:
    """Collects the result of every row."""

    def __init__(self, size: int) -> None:
        self._rows: list[dict[str, Any] | None] = [None] * size

    def done(self, index: int, status: str, row_id: object) -> None:
        """A row that went in (`created`, `updated`) or was there already (`unchanged`)."""
        self._rows[index] = {"index": index, "status": status, "id": row_id, "problem": None}

    def refuse(self, index: int, error: AppError) -> None:
        """A row that was refused; its fields are named from the body's root, as those of a malformed row."""
        body = problem_of(error)
        body["errors"] = [{**e, "pointer": f"/rows/{index}{e['pointer']}"} for e in body["errors"]]
        self._rows[index] = {"index": index, "status": "problem", "id": None, "problem": body}

    def malformed(self, index: int, errors: Sequence[FieldError]) -> None:
        """A row of the wrong shape."""
        body = problem(422, "invalid", "The row is not valid", errors=errors)
        self._rows[index] = {"index": index, "status": "problem", "id": None, "problem": body}

    def answer(self) -> dict[str, Any]:
        """The BatchAnswer; every row has a result by now."""
        rows = [row for row in self._rows if row is not None]
        if len(rows) != len(self._rows):
            raise AssertionError("a row of the batch has no result")
        counts = {"created": 0, "unchanged": 0, "updated": 0, "problem": 0}
        for row in rows:
            counts[row["status"]] += 1
        counts["problems"] = counts.pop("problem")
        return {**counts, "results": rows}


def parse_rows(model: type[RowModel], body: BatchBody) -> tuple[list[tuple[int, RowModel]], Results]:
    """Validate each row; returns the good ones with their index, and the results so far."""
    results = Results(len(body.rows))
    good: list[tuple[int, RowModel]] = []
    for index, raw in enumerate(body.rows):
        try:
            good.append((index, model.model_validate(raw)))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            results.malformed(
                index,
                [FieldError(f"/rows/{index}" + e.pointer, e.code, e.detail) for e in _as_body(found)],
            )
    return good, results


def _as_body(found: Sequence[Any]) -> list[FieldError]:
    return field_errors([{**error, "loc": ("body", *error["loc"])} for error in found])


class Raced(Exception):
    """A batch found that another transaction was first; it looks again."""


class BatchContended(Conflict):
    code, title = "batch-contended", "Others write the same things; send the batch again"
    retryable = True


async def settled(tx: Tx, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` in a savepoint, again when it raises Raced or meets a row that another transaction has just
    added: it then sees that row. Raises BatchContended when that does not end."""
    for _ in range(RACES):
        try:
            async with tx.savepoint():
                return await work()
        except (Raced, asyncpg.UniqueViolationError):
            continue
    raise BatchContended()


Attempt = TypeVar("Attempt")


async def decide_rows(
    tx: Tx,
    rows: Sequence[tuple[int, RowModel]],
    results: Results,
    prepare: Callable[[], Awaitable[Attempt]],
    decide: Callable[[Attempt, RowModel], tuple[str, UUID]],
    write: Callable[[Attempt], Awaitable[None]],
) -> None:
    """A batch in three steps, again when another transaction was first (`settled`): what it needs is read, each row is
    decided (its status and id; an AppError refuses it alone), everything is written at once."""

    async def work() -> None:
        attempt = await prepare()
        for index, row in rows:
            try:
                results.done(index, *decide(attempt, row))
            except AppError as error:
                results.refuse(index, error)
        await write(attempt)

    await settled(tx, work)


class RowRepeated(Conflict):
    """An earlier row of the same batch names the same thing."""

    code, title = "row-repeated", "An earlier row of the batch names the same thing"


async def upsert(
    work: Work,
    resource: Resource[R],
    key: str,
    rows: Sequence[tuple[int, RowModel]],
    results: Results,
    make: Callable[[RowModel], R],
) -> None:
    """Create or change rows by `key`, a unique column: a fixed number of statements for any number of rows.

    A row of the batch replaces what it names, a code of our own in whatever case; one whose key came before in the
    batch is refused.
    """
    keys = keys_of(resource.row)
    is_code = keys is not None and key in keys.codes
    fold, column = (fold_code, code_sql(key)) if is_code else (str, f'{key} COLLATE "C"')
    wanted: dict[str, tuple[int, RowModel]] = {}
    for index, data in rows:
        value = fold(getattr(data, key))
        if value in wanted:
            results.refuse(index, RowRepeated(errors=[FieldError(f"/{key}", "repeated", "see an earlier row")]))
        else:
            wanted[value] = (index, data)
    new = {value: make(data) for value, (_index, data) in sorted(wanted.items())}
    free = f"ON CONFLICT DO NOTHING RETURNING {key}"
    inserted = await insert_returning(work.tx, resource.row, list(new.values()), free)
    added = {fold(row[key]) for row in inserted}
    lock = select_sql(resource.row, f"{column} = ANY($1::text[]) ORDER BY {column}, id FOR NO KEY UPDATE")
    known: dict[str, R] = {}
    for row in await work.tx.rows(resource.row, lock, sorted(wanted.keys() - added)):
        spelt = getattr(row, key)
        if spelt == getattr(wanted[fold(spelt)][1], key) or fold(spelt) not in known:
            known[fold(spelt)] = row  # of old twins the one that is named, else the first
    created: list[Change[R]] = []
    updated: list[Change[R]] = []
    for value, (index, data) in wanted.items():
        if value in added:
            created.append(Change(None, new[value]))
            results.done(index, "created", new[value].id)
            continue
        one = changed_row(known[value], data.model_dump(exclude={key}))
        results.done(index, "updated" if one.changed else "unchanged", one.after.id)
        updated += [one] if one.changed else []
    await update_rows(work.tx, resource.row, [one.after for one in updated])
    await record(work, resource, created, action="create")
    await record(work, resource, updated, action="change")
