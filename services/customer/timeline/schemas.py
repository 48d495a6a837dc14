"""Answers of timelines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.web.schema import Schema
from services.customer.timeline.enums import TimelineKind


class TimelineEntry(Schema):
    """Something that happened with an account: recorded `at`, of the business day beside it. `subject_id` is the order,
    payment, contact, account, survey, activity, case, grading run or what another service speaks of, filed under the
    account or one merged into it; `data` says more of it, by its kind, of `heard` by the `type` of the event."""

    kind: TimelineKind
    at: datetime
    id: UUID
    business_date: date
    subject_id: UUID
    filed_account_id: UUID
    data: dict[str, Any]


class TimelinePage(Schema):
    """One page of a timeline, the latest first."""

    items: list[TimelineEntry]
    next_cursor: str | None
