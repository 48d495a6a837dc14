"""Upsert of many partners by code: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from kit.db.text_keys import fold_code
from kit.errors import AppError, FieldError
from kit.records import Change, changed_row, fresh, record
from kit.web.batch import Raced, Results, RowRepeated, decide_rows
from kit.work import Work
from services.channels.partners import repository, values
from services.channels.partners.models import Partner
from services.channels.partners.schemas import PartnerCreate
from services.channels.partners.service import PARTNERS, check_stands, differing, new_partner
from services.channels.partners.values import Draft, Given


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far: the first row of each folded code counts."""

    work: Work
    begun: dict[str, dict[str, Any]]
    before: dict[str, Partner]
    drafts: dict[str, Draft | AppError]
    holders: dict[tuple[str, str], UUID]
    touched: set[str] = field(default_factory=set)
    created: list[Change[Partner]] = field(default_factory=list)
    updated: list[Change[Partner]] = field(default_factory=list)
    private: dict[UUID, dict[str, Any]] = field(default_factory=dict)


async def upsert_partners(work: Work, rows: Sequence[tuple[int, PartnerCreate]], results: Results) -> None:
    """Enter or change partners by code; a row whose code came before in the batch is refused."""
    await values.hold_tax_ids(work, [values.fields_of(row) for _, row in rows])
    await decide_rows(work.tx, rows, results, partial(_prepare, work, [row for _, row in rows]), _decide, _write)


async def _prepare(work: Work, rows: Sequence[PartnerCreate]) -> _Attempt:
    first = {fold_code(row.code): row for row in reversed(rows)}
    before: dict[str, Partner] = {}
    for one in await repository.lock_by_code(work.tx, first.keys()):
        code = fold_code(one.code)
        if one.code == first[code].code or code not in before:
            before[code] = one  # of old twins the one that is named, else the first
    begun = {code: fresh() for code in first if code not in before}
    given = {code: _given(row, before.get(code), begun.get(code)) for code, row in first.items()}
    known = await values.known_of(work, list(given.values()))
    drafts: dict[str, Draft | AppError] = {}
    for code, one_given in given.items():
        try:
            drafts[code] = values.drafted(work, known, one_given)
        except AppError as error:
            drafts[code] = error
    holders = await values.holders_of(work, [draft for draft in drafts.values() if isinstance(draft, Draft)])
    return _Attempt(work, begun, before, drafts, holders)


def _given(row: PartnerCreate, before: Partner | None, begun: dict[str, Any] | None) -> Given:
    if before is not None:
        return Given(
            before.id, before, {name: value for name, value in values.fields_of(row).items() if name != "code"}
        )
    assert begun is not None, "what is not there begins"
    return Given(begun["id"], None, row.model_dump())


def _decide(attempt: _Attempt, row: PartnerCreate) -> tuple[str, UUID]:
    """What becomes of one row: (status, partner id); raises AppError when it is refused."""
    code = fold_code(row.code)
    if code in attempt.touched:
        raise RowRepeated(errors=[FieldError("/code", "repeated", "see an earlier row")])
    attempt.touched.add(code)
    draft = attempt.drafts[code]
    if isinstance(draft, AppError):
        raise draft
    before = attempt.before.get(code)
    if before is None:
        partner = new_partner(attempt.begun[code], draft)
        values.claim(attempt.work, attempt.holders, partner)
        attempt.created.append(Change(None, partner))
        attempt.private[partner.id] = draft.kept
        return "created", partner.id
    one = changed_row(before, draft.columns)
    if not one.changed:
        return "unchanged", before.id
    check_stands(before, "change")
    if {"country", "tax_id_hash"} & set(one.changed):
        values.claim(attempt.work, attempt.holders, one.after)
    attempt.updated.append(one)
    attempt.private[before.id] = differing(one, draft)
    return "updated", before.id


async def _write(attempt: _Attempt) -> None:
    """Everything at once; raises Raced when another transaction took a code meanwhile."""
    work = attempt.work
    rows = sorted((one.after for one in attempt.created), key=lambda one: fold_code(one.code))
    if not await repository.add_partners(work.tx, rows):
        raise Raced
    await repository.save_partners(work.tx, [one.after for one in attempt.updated])
    await values.seal(work, attempt.private)
    await record(work, PARTNERS, attempt.created, action="apply")
    await record(work, PARTNERS, attempt.updated, action="change")
