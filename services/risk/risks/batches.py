"""Many risks by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from kit.db.rows import insert_rows, update_rows
from kit.db.text_keys import fold_code
from kit.errors import FieldError, Taken
from kit.records import Change, changed_row, record
from kit.web.batch import Results, RowRepeated, decide_rows
from kit.work import Work
from services.risk.events_out.risks import RiskIdentified
from services.risk.risks import repository
from services.risk.risks.models import Risk
from services.risk.risks.schemas import RiskRow
from services.risk.risks.service import NOUN, RISKS, Known, check_risk, checked, known, new_risk, saying, step_of


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far; `codes` are those taken, by their key."""

    work: Work
    known: Known
    by_external: dict[str, Risk]
    codes: dict[str, UUID]
    touched: set[str] = field(default_factory=set)
    created: list[Change[Risk]] = field(default_factory=list)
    updated: list[Change[Risk]] = field(default_factory=list)


async def upsert_risks(work: Work, rows: Sequence[tuple[int, RiskRow]], results: Results) -> None:
    """Enter or change risks, a result per row; one whose external id came before in the batch is refused."""
    await decide_rows(work.tx, rows, results, partial(_prepare, work, [row for _, row in rows]), _decide, _write)


async def _prepare(work: Work, rows: Sequence[RiskRow]) -> _Attempt:
    found = await repository.lock_by_external(work.tx, {row.external_id for row in rows})
    taken = await repository.list_by_code(work.tx, {fold_code(row.code) for row in rows})
    return _Attempt(
        work,
        await known(work, [row.owner_id for row in rows], [link for row in rows for link in row.links]),
        {risk.external_id: risk for risk in found if risk.external_id is not None},
        {fold_code(risk.code): risk.id for risk in taken},
    )


def _decide(attempt: _Attempt, row: RiskRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, id); raises what a new risk raises."""
    if row.external_id in attempt.touched:
        raise RowRepeated(errors=[FieldError("/external_id", "repeated", "see an earlier row")])
    attempt.known.check(row.owner_id, row.links)
    before = attempt.by_external.get(row.external_id)
    if before is None:
        risk = new_risk(attempt.work, row)
        check_risk(attempt.work, risk)
        _claim(attempt, risk)
        attempt.created.append(Change(None, risk))
        return "created", risk.id
    one = changed_row(before, checked(attempt.work, before, row.model_dump()))
    _claim(attempt, one.after)
    if not one.changed:
        return "unchanged", before.id
    attempt.updated.append(one)
    return "updated", before.id


def _claim(attempt: _Attempt, risk: Risk) -> None:
    """Take the code of a risk; raises Taken."""
    holder = attempt.codes.setdefault(fold_code(risk.code), risk.id)
    if holder != risk.id:
        raise Taken(NOUN, "code", holder)
    attempt.touched.add(str(risk.external_id))


async def _write(attempt: _Attempt) -> None:
    work, new = attempt.work, [one.after for one in attempt.created]
    await insert_rows(work.tx, Risk, new)
    await update_rows(work.tx, Risk, [one.after for one in attempt.updated])
    await record(work, saying(RiskIdentified, work), attempt.created, action="identify")
    await record(work, RISKS, attempt.updated, action="change")
    await repository.add_steps(work.tx, [step_of(work, risk) for risk in new])
