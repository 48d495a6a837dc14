"""Segments: who came into one and who left it. Key: the segment's id."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from kit.events.contract import Published, sample_id

MAX_MEMBERS_PER_EVENT = 1_000
Members = Annotated[list[UUID], Field(max_length=MAX_MEMBERS_PER_EVENT)]


class SegmentChanged(Published):
    """A part of what a refresh changed: `chunk` (from 1) of `chunks`, at most 1,000 ids in all, of `resource`."""

    id: UUID
    owner_id: UUID | None
    resource: Literal["account", "contact"]
    refresh_id: UUID
    chunk: int
    chunks: int
    joined: Members
    left: Members
    version: int
    business_date: date

    TYPE: ClassVar[str] = "customer.segment.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("13"),
        "owner_id": sample_id("a1"),
        "resource": "account",
        "refresh_id": sample_id("e9"),
        "chunk": 1,
        "chunks": 1,
        "joined": [sample_id("1")],
        "left": [sample_id("1d")],
        "version": 1,
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (SegmentChanged,)
AGREED: tuple[type[Published], ...] = ()
