"""Answers about directories."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.web.lists import page_of
from kit.web.schema import Schema


class SellerRead(Schema):
    """A member of the sales organisation with the latest unit."""

    id: UUID
    code: str
    unit_id: UUID | None
    valid_from: date
    valid_to: date | None


SellerPage = page_of(SellerRead)
