"""Imports, the pieces of their files and what became of their rows, as rows and as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from services.customer.db import Base
from services.customer.imports.enums import (
    AmountUnit,
    EmptyCell,
    FileFormat,
    ImportKind,
    ImportState,
    RowOutcome,
    TextEncoding,
)


class Options(FrozenRow):
    """How rows are read; `source` is the system whose ids the keys are, `account_source` and `order_source` those of
    the accounts and orders that rows name."""

    source: str | None = None
    account_source: str | None = None
    order_source: str | None = None
    amounts: AmountUnit = AmountUnit.MAJOR
    empty: EmptyCell = EmptyCell.KEEP
    place: bool = False
    skip_duplicate_check: bool = False


class Import(OwnedRow):
    """A file and what becomes of it.

    `roles` are those of who started it: as far as they reach each row may be written. `sha256` is the file's, known
    with `rows_total` once all of it was read. `reverted` and `kept` count rows that were taken back, or not.
    `due_at` is when its job is looked after, or the file deleted (null: it was, at `purged_at`).
    """

    __tablename__ = "import_run"

    kind: Annotated[ImportKind, text(nullable=False)]
    state: Annotated[ImportState, text(nullable=False)] = ImportState.OPEN
    created_by: Annotated[str, text(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    roles: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)] = ()
    size: Annotated[int, big_int(nullable=False)] = 0
    format: Annotated[FileFormat | None, text(nullable=True)] = None
    encoding: Annotated[TextEncoding | None, text(nullable=True)] = None
    delimiter: Annotated[str | None, text(nullable=True)] = None
    sha256: Annotated[str | None, text(nullable=True)] = None
    columns: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)] = ()
    mapping: Annotated[dict[str, str] | None, DECODED, document(nullable=True)] = None
    constants: Annotated[dict[str, str], DECODED, document(nullable=False)]
    key: Annotated[str | None, text(nullable=True)] = None
    options: Annotated[Options, DECODED, document(nullable=False)]
    dry_run: Annotated[bool, Field(nullable=False)] = False
    rows_total: Annotated[int | None, big_int(nullable=True)] = None
    done: Annotated[int, big_int(nullable=False)] = 0
    created: Annotated[int, big_int(nullable=False)] = 0
    updated: Annotated[int, big_int(nullable=False)] = 0
    unchanged: Annotated[int, big_int(nullable=False)] = 0
    failed: Annotated[int, big_int(nullable=False)] = 0
    reverted: Annotated[int, big_int(nullable=False)] = 0
    kept: Annotated[int, big_int(nullable=False)] = 0
    problem: Annotated[str | None, text(nullable=True)] = None
    problem_detail: Annotated[str | None, text(nullable=True)] = None
    job_id: Annotated[UUID | None, identifier(nullable=True)] = None
    started_at: Annotated[datetime | None, moment(nullable=True)] = None
    finished_at: Annotated[datetime | None, moment(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    purged_at: Annotated[datetime | None, moment(nullable=True)] = None


class ImportTable(Import, Base, table=True):
    """Imports."""

    __table_args__ = (
        one_of("kind", ImportKind),
        one_of("state", ImportState),
        one_of("format", FileFormat),
        one_of("encoding", TextEncoding),
        sa.CheckConstraint("(due_at IS NULL) = (purged_at IS NOT NULL)", name="purged"),
        sa.CheckConstraint("done = created + updated + unchanged", name="done"),
        sa.Index("ix_import_run_created_at_id", "created_at", "id"),
        sa.Index("ix_import_run_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_import_run_created_by_created_at_id", "created_by", "created_at", "id"),
        sa.Index("ix_import_run_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class ImportChunk(FrozenRow):
    """A piece of a part of a file, sealed; `digest` is that of the piece in clear."""

    __tablename__ = "import_chunk"

    import_id: Annotated[UUID, identifier(primary_key=True)]
    part_no: Annotated[int, Field(primary_key=True)]
    chunk_no: Annotated[int, Field(primary_key=True)]
    id: Annotated[UUID, identifier(nullable=False)]
    size: Annotated[int, Field(nullable=False)]
    digest: Annotated[bytes, Field(sa_type=sa.LargeBinary, nullable=False)]
    content: Annotated[bytes, Field(sa_type=sa.LargeBinary, nullable=False)]


class ImportChunkTable(ImportChunk, Base, table=True):
    """Files of imports."""

    __table_args__ = (sa.CheckConstraint("part_no > 0 AND size > 0", name="part"),)


class ImportRow(FrozenRow):
    """What became of a row: the record of the file (the header is 1), what it is now, at which version. `details` are
    sealed: the cells of one that failed and what is wrong with them, or the fields of one that was updated, before and
    after. A row of which nothing may be asked later than that is written once."""

    __tablename__ = "import_row"

    import_id: Annotated[UUID, identifier(primary_key=True)]
    row_no: Annotated[int, big_int(primary_key=True)]
    outcome: Annotated[RowOutcome, text(nullable=False)]
    codes: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)] = ()
    resource_id: Annotated[UUID | None, identifier(nullable=True)] = None
    resource_version: Annotated[int | None, Field(nullable=True)] = None
    key_hash: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    details: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    is_reverted: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": sa.false()})] = False
    kept_reason: Annotated[str | None, text(nullable=True)] = None


class ImportRowTable(ImportRow, Base, table=True):
    """Rows of imports. Nothing is asked of the database for each row: there are many."""

    __table_args__ = (
        one_of("outcome", RowOutcome),
        sa.Index(
            "uq_import_row_import_id_key_hash",
            "import_id",
            "key_hash",
            unique=True,
            postgresql_where=sa.text("key_hash IS NOT NULL"),
        ),
        sa.Index("ix_import_row_import_id_outcome_row_no", "import_id", "outcome", "row_no"),
    )
