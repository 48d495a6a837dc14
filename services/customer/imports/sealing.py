"""What an import keeps of its file stands sealed under a key of its own: when that is destroyed, all of it is gone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from kit.security.cipher import DataKey, Place

NO_DETAILS: dict[str, Any] = {}


def _chunk_place(chunk_id: UUID) -> Place:
    return Place("import_chunk", "content", chunk_id)


def _row_place(import_id: UUID, row_no: int) -> Place:
    return Place("import_row", "details", UUID(int=import_id.int ^ row_no))


def seal_chunk(key: DataKey, chunk_id: UUID, content: bytes) -> bytes:
    """A piece of the file as it is stored."""
    return key.seal_bytes(content, _chunk_place(chunk_id))


def open_chunk(key: DataKey, chunk_id: UUID, content: bytes) -> bytes:
    """A piece of the file. Raises CannotOpen."""
    return key.open_bytes(content, _chunk_place(chunk_id))


def seal_details(key: DataKey, import_id: UUID, row_no: int, details: dict[str, Any]) -> bytes | None:
    """What is kept of a row, as it is stored; None for nothing."""
    return key.seal_bytes(orjson.dumps(details), _row_place(import_id, row_no)) if details else None


def open_details(key: DataKey | None, import_id: UUID, row_no: int, stored: bytes | None) -> dict[str, Any]:
    """What is kept of a row; nothing once the key is gone. Raises CannotOpen."""
    if key is None or stored is None:
        return NO_DETAILS
    found: dict[str, Any] = orjson.loads(key.open_bytes(stored, _row_place(import_id, row_no)))
    return found
