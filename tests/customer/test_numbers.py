"""Limits of the requirement that other tests lower to reach them: here is how large they are."""

from __future__ import annotations

from datetime import timedelta

from services.customer.custom_fields import rules as custom_fields
from services.customer.events_out.segments import MAX_MEMBERS_PER_EVENT
from services.customer.imports import loading, workbooks
from services.customer.imports import rules as imports
from services.customer.surveys.rules import FATIGUE
from services.customer.transfers import service as transfers

MIB = 2**20


def test_limits_are_those_of_the_requirement() -> None:
    assert (custom_fields.MAX_FIELDS, custom_fields.MAX_INDEXED, custom_fields.MAX_BYTES) == (200, 20, 16 * 1024)
    assert (imports.MAX_PART, imports.MAX_FILE, imports.CHUNK) == (8 * MIB, 1024 * MIB, MIB)
    assert (workbooks.MAX_ROWS, workbooks.MAX_WORKBOOK, workbooks.MAX_EXPANDED) == (200_000, 64 * MIB, 512 * MIB)
    assert (loading.AT_ONCE, MAX_MEMBERS_PER_EVENT, transfers.AT_ONCE) == (1_000, 1_000, 1_000)
    assert timedelta(days=30) == FATIGUE
