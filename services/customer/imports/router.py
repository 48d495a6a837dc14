"""Imports: a file comes in parts, is read, and what it wrote can be taken back."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path
from starlette.responses import Response, StreamingResponse

from kit.runtime import Runtime
from kit.security.cipher import DataKey
from kit.security.principals import owned_rows
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer, row_answer
from services.customer.imports import service
from services.customer.imports.lists import IMPORT_ROWS, IMPORTS
from services.customer.imports.models import Import
from services.customer.imports.rules import BOM, MAX_PARTS, MOVES, NOUN, escaped
from services.customer.imports.schemas import (
    ImportCreate,
    ImportPage,
    ImportPartRead,
    ImportRead,
    ImportRowPage,
    ImportStart,
)

router = routes.router("imports")
Importer = Annotated[Context, Depends(Allow("imports:write"))]
Shown = Annotated[Context, Depends(Allow("imports:write", personal=True))]
PartNo = Annotated[int, Path(ge=1, le=MAX_PARTS)]
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "CSV in UTF-8: row, column, code, reason, then the cells as they were",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


@router.post("/v1/imports", response_model=ImportRead, status_code=201)
async def create_import(body: ImportCreate, work: Importer) -> Response:
    """Open an import: its file comes in parts, then it is started."""
    return row_answer(ImportRead, await service.create_import(work, body), "/v1/imports")


@router.get("/v1/imports", response_model=ImportPage, openapi_extra=documented(IMPORTS))
async def list_imports(work: Importer) -> Response:
    """Imports of the caller and of those in their scope."""
    own, args = await owned_rows(work.tx, work.visible, "i.owner_id")
    where = f"({own} OR i.created_by = ${len(args) + 1})"
    return await list_answer(work, IMPORTS, where, [*args, work.actor.subject])


@router.get("/v1/imports/{import_id}", response_model=ImportRead)
async def get_import(import_id: UUID, work: Importer) -> Response:
    """One import, with what became of its rows so far."""
    return row_answer(ImportRead, await service.get_import(work, import_id))


@router.put("/v1/imports/{import_id}/parts/{part_no}", response_model=ImportPartRead, openapi_extra=_FILE)
async def set_import_part(import_id: UUID, part_no: PartNo, work: Importer) -> Response:
    """Send a part of the file (CSV or XLSX), at most 8 MiB; the file is its parts in their order, from 1. Another body
    for the same part takes its place."""
    content = await work.request.body()
    run, size = await service.put_part(work, import_id, part_no, content)
    body = {"import_id": run.id, "part_no": part_no, "size": len(content), "file_size": size}
    return json_answer(body, version=run.version)


@router.post(
    "/v1/imports/{import_id}/start",
    response_model=ImportRead,
    openapi_extra=shown_move(NOUN, MOVES, "start"),
)
async def start_import(import_id: UUID, body: ImportStart, work: Importer) -> Response:
    """Read the file and let its rows become what they say, a thousand at a time; also after a `dry_run` that
    succeeded."""
    return row_answer(ImportRead, await service.start_import(work, import_id, body))


@router.post(
    "/v1/imports/{import_id}/cancel", response_model=ImportRead, openapi_extra=shown_move(NOUN, MOVES, "cancel")
)
async def cancel_import(import_id: UUID, work: Importer) -> Response:
    """Go no further; what was written stays, and can be reverted."""
    return row_answer(ImportRead, await service.cancel_import(work, import_id))


@router.post(
    "/v1/imports/{import_id}/revert", response_model=ImportRead, openapi_extra=shown_move(NOUN, MOVES, "revert")
)
async def revert_import(import_id: UUID, work: Importer) -> Response:
    """Take back what was created and set back what was changed, where nobody has worked with it since."""
    return row_answer(ImportRead, await service.revert_import(work, import_id))


@router.get("/v1/imports/{import_id}/rows", response_model=ImportRowPage, openapi_extra=documented(IMPORT_ROWS))
async def list_import_rows(import_id: UUID, work: Importer) -> Response:
    """What became of each row."""
    run = await service.get_import(work, import_id)

    async def show(items: list[dict[str, Any]]) -> None:
        await service.shown_rows(work, run, items)

    return await list_answer(work, IMPORT_ROWS, "r.import_id = $1", [import_id], show=show)


@router.get("/v1/imports/{import_id}/errors", response_class=Response, responses=_CSV)
async def get_import_errors(import_id: UUID, work: Shown) -> Response:
    """Rows that failed, as a file that can be mended and imported."""
    run, key = await service.errors_of(work, import_id)
    named = {"Content-Disposition": f'attachment; filename="errors-{import_id}.csv"'}
    return StreamingResponse(_errors(work.runtime, run, key), media_type="text/csv; charset=utf-8", headers=named)


async def _errors(runtime: Runtime, run: Import, key: DataKey) -> AsyncIterator[bytes]:
    """The file of errors, a thousand rows at a time."""
    yield BOM + _lines([["row", "column", "code", "reason", *map(escaped, run.columns)]])
    after = 0
    while True:
        async with runtime.db.reading() as tx:
            found, after = await service.error_lines(tx, run.id, key, after)
        if not found:
            return
        yield _lines(found)


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8", "replace")
