"""Imports of files: how one ended. Key: the import's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Published, sample_id


class ImportFinished(Published):
    """A file was imported as far as it went, or taken back. Of `rows_total` rows so many became `kind`, the others
    `failed`; after a revert `reverted` were taken back and `kept` not. A `dry_run` wrote nothing."""

    id: UUID
    owner_id: UUID | None
    kind: Literal["accounts", "contacts", "orders", "payments", "leads", "opportunities"]
    state: Literal["succeeded", "failed", "cancelled", "reverted"]
    dry_run: bool
    rows_total: int | None
    created: int
    updated: int
    unchanged: int
    failed: int
    reverted: int
    kept: int
    version: int
    changed: list[str]
    business_date: date

    TYPE: ClassVar[str] = "customer.import.finished.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("14"),
        "owner_id": sample_id("a1"),
        "kind": "accounts",
        "state": "succeeded",
        "dry_run": False,
        "rows_total": 3,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "failed": 1,
        "reverted": 0,
        "kept": 0,
        "version": 4,
        "changed": ["state"],
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (ImportFinished,)
AGREED: tuple[type[Published], ...] = ()
