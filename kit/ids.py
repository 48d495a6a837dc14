"""Identifiers: UUIDv7 for new rows, uuid5 for rows derived from events."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat

_NAMESPACE = UUID("6f1d8e8c-6f0a-5d0b-9a55-3c5f6b0b7a11")


def new_id() -> UUID:
    """A UUIDv7: unique, ordered by time of creation."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: object) -> UUID:
    """The same UUID for the same parts, in every process and for ever (uuid5)."""
    return uuid_utils.compat.uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))
