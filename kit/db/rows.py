"""Writing rows: one statement for any number of rows, and versioned updates.

Rows are typed rows (kit.db.columns), or mappings of column name -> value; a batch travels as one JSON parameter and
is typed by the table itself (`json_populate_recordset`), so arrays, jsonb, dates and big integers need no casts.
Rows whose type has text keys are written with their keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from kit.db.database import Row, Tx
from kit.db.database import dumps as dumps
from kit.db.text_keys import KEY_COLUMNS, keys_of
from kit.errors import VersionMismatch


def table_name(model: type[SQLModel]) -> str:
    """Name of a model's table."""
    return str(model.__tablename__)


def columns_of(model: type[SQLModel], alias: str = "") -> str:
    """A model's columns for SELECT. `*` would also give those that a later release has added."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(f"{prefix}{name}" for name in model.model_fields)


@lru_cache(maxsize=1024)
def insert_sql(table: str, columns: tuple[str, ...], suffix: str = "", parameter: str = "$1") -> str:
    """INSERT of any number of rows out of a json parameter.

    Columns are named: those that a later release has added take their defaults.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    source = f"json_populate_recordset(NULL::{table}, {parameter}::json)"
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {source} {suffix}"


Values = Mapping[str, Any] | SQLModel
"""A row to be written."""


def keyed(model: type[SQLModel], rows: Sequence[Values]) -> Sequence[Values]:
    """The rows with their key columns; those of a type without keys are as they were."""
    keys = keys_of(model)
    if keys is None or not keys.name:
        return rows
    values = [row.__dict__ if isinstance(row, SQLModel) else row for row in rows]
    return [{**row, **keys.made(row)} for row in values]


def written(model: type[SQLModel]) -> tuple[str, ...]:
    """The columns of a `keyed` row."""
    keys = keys_of(model)
    return (*model.model_fields, *(KEY_COLUMNS if keys is not None and keys.name else ()))


@lru_cache(maxsize=1024)
def select_sql(model: type[SQLModel], where: str) -> str:
    """SELECT of a model's columns from its table."""
    return f"SELECT {columns_of(model)} FROM {table_name(model)} WHERE {where}"


async def insert_rows(tx: Tx, model: type[SQLModel], rows: Sequence[Values], suffix: str = "") -> int:
    """Insert all rows by one statement; returns how many were inserted.

    Every row has the same keys. `suffix` is literal SQL (`ON CONFLICT ... DO NOTHING`).
    """
    if not rows:
        return 0
    return await tx.execute(_insert(model, rows[0], suffix), dumps(keyed(model, rows)))


async def insert_returning(tx: Tx, model: type[SQLModel], rows: Sequence[Values], suffix: str) -> list[Row]:
    """Insert all rows by one statement whose `suffix` ends in RETURNING; returns those rows."""
    if not rows:
        return []
    return await tx.fetch(_insert(model, rows[0], suffix), dumps(keyed(model, rows)))


def _insert(model: type[SQLModel], row: Values, suffix: str) -> str:
    names = written(model) if isinstance(row, SQLModel) else tuple(keyed(model, [row])[0])
    return insert_sql(table_name(model), names, suffix)


@lru_cache(maxsize=1024)
def _update_sql(table: str, columns: tuple[str, ...]) -> str:
    assignments = ", ".join(f'"{name}" = r."{name}"' for name in columns)
    return (
        f"UPDATE {table} t SET {assignments}, version = t.version + 1 "
        f"FROM json_populate_record(NULL::{table}, $1::json) r "
        f"WHERE t.id = $2 AND t.version = $3 RETURNING t.version"
    )


async def update_row(tx: Tx, model: type[SQLModel], row_id: UUID, version: int, changes: Mapping[str, Any]) -> int:
    """Change a versioned row; returns the new version, raises VersionMismatch when it has moved on.

    Whoever changes what keys are made of gives the keys as well.
    """
    keys = keys_of(model)
    if keys is not None and changes.keys() & set(keys.sources) and "keyed_of" not in changes:
        raise TypeError(f"{model.__name__}: a change of {', '.join(keys.sources)} changes the keys")
    sql = _update_sql(table_name(model), tuple(changes))
    new_version = await tx.fetchval(sql, dumps(changes), row_id, version)
    if new_version is None:
        raise VersionMismatch()
    return int(new_version)


@lru_cache(maxsize=1024)
def _update_many_sql(model: type[SQLModel]) -> str:
    columns = [name for name in written(model) if name not in ("id", "created_at")]
    assignments = ", ".join(f'"{name}" = r."{name}"' for name in columns)
    table = table_name(model)
    return (
        f"UPDATE {table} t SET {assignments} FROM json_populate_recordset(NULL::{table}, $1::json) r "
        "WHERE t.id = r.id AND t.version = r.version - 1"
    )


async def update_rows(tx: Tx, model: type[SQLModel], rows: Sequence[Values]) -> None:
    """Write changed versioned rows whole, one statement for all; raises VersionMismatch when one has moved on."""
    if rows and await tx.execute(_update_many_sql(model), dumps(keyed(model, rows))) != len(rows):
        raise VersionMismatch()
