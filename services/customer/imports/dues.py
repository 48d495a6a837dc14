"""Imports are looked after while a job is at work, and their files deleted after seven days."""

from __future__ import annotations

from collections.abc import Sequence

from kit.due.due import Due
from kit.work import Work
from services.customer.imports.models import Import
from services.customer.imports.rules import WORKING
from services.customer.imports.service import look_after, purge_import


async def work_due(work: Work, rows: Sequence[Import]) -> None:
    """Look after those at work, delete the files of the others."""
    for row in rows:
        await (look_after if row.state in WORKING else purge_import)(work, row)


IMPORTS_DUE = Due("import", Import, work_due, "t.due_at IS NOT NULL", batch=10)
