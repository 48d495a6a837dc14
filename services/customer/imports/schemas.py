"""Bodies and answers of imports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.lists import page_of
from kit.web.schema import Code, Label, Schema
from services.customer.imports.enums import (
    AmountUnit,
    EmptyCell,
    FileFormat,
    ImportKind,
    ImportState,
    RowOutcome,
    TextEncoding,
)

_START: dict[str, Any] = {
    "mapping": {"编号": "external_ids.erp", "名称": "name", "省份": "region"},
    "constants": {"country": "CN"},
    "key": "编号",
    "options": {"source": "erp"},
}
FieldName = Annotated[Label, Field(max_length=80)]


class ImportCreate(Schema):
    """What the rows of a file are to become."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "accounts"}})

    kind: ImportKind


class ImportOptions(Schema):
    """How rows are read. The keys are ids of the system `source` (without one, of this very file: a file with another
    content is another system); `account_source` and `order_source`, else `source`, are those of accounts and orders
    that rows name. An amount counts `major` units, such as 12.50. An empty cell changes nothing, unless it is to
    `clear`. Orders are drafts, unless they are to be placed. `skip_duplicate_check` lets two contacts of an account
    have one e-mail address."""

    source: Code | None = None
    account_source: Code | None = None
    order_source: Code | None = None
    amounts: AmountUnit = AmountUnit.MAJOR
    empty: EmptyCell = EmptyCell.KEEP
    place: bool = False
    skip_duplicate_check: bool = False


class ImportStart(Schema):
    """Column of the file -> field, custom ones as `custom.<key>`; without a mapping, columns that are called as a field
    is. `constants` are cells of fields that have none. Rows are known again by the column `key`, else by their number.
    A `dry_run` writes nothing, and can be started for good after it."""

    model_config = ConfigDict(json_schema_extra={"example": _START})

    mapping: Annotated[dict[Label, FieldName], Field(min_length=1, max_length=500)] | None = None
    constants: Annotated[dict[FieldName, Label], Field(max_length=100)] = Field(default_factory=dict)
    key: Label | None = None
    dry_run: bool = False
    options: ImportOptions = Field(default_factory=ImportOptions)


class ImportPartRead(Schema):
    """A part of a file that was taken in, and how large the file is so far, in bytes."""

    import_id: UUID
    part_no: int
    size: int
    file_size: int


class ImportRead(Schema):
    """An import. Of `rows_total` rows (null: not counted yet) so many are `done`, each created, updated or unchanged;
    the others `failed`. After a revert so many are `reverted`, the others `kept`. `problem` says why all of it failed.
    """

    id: UUID
    version: int
    kind: ImportKind
    state: ImportState
    created_by: str
    owner_id: UUID | None
    size: int
    format: FileFormat | None
    encoding: TextEncoding | None
    delimiter: str | None
    columns: list[str]
    mapping: dict[str, str] | None
    constants: dict[str, str]
    key: str | None
    options: ImportOptions
    dry_run: bool
    rows_total: int | None
    done: int
    created: int
    updated: int
    unchanged: int
    failed: int
    reverted: int
    kept: int
    problem: str | None
    problem_detail: str | None
    started_at: datetime | None
    finished_at: datetime | None
    purged_at: datetime | None
    created_at: datetime
    updated_at: datetime


class RowProblemRead(Schema):
    """What is wrong with a row, in which column."""

    column: str
    code: str
    reason: str


class ImportRowRead(Schema):
    """What became of a record of the file (the header is record 1). `kept_reason` says why a revert left it."""

    row_no: int
    outcome: RowOutcome
    resource_id: UUID | None
    codes: list[str]
    problems: list[RowProblemRead]
    is_reverted: bool
    kept_reason: str | None


ImportPage = page_of(ImportRead)
ImportRowPage = page_of(ImportRowRead)
