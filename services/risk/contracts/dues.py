"""What dates bring about: a contract begins, its end is warned of, it is renewed, it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from kit.due.due import Due
from kit.ids import new_id
from kit.work import Work
from services.risk.contracts import repository, service
from services.risk.contracts.enums import ContractState, StepKind
from services.risk.contracts.models import Contract, ContractColumns
from services.risk.contracts.rules import (
    DAY,
    WARNING_DAYS,
    Step,
    next_step,
    notice_by,
    renewed_until,
    warnings_before,
)
from services.risk.events_out.contracts import (
    ContractAmended,
    ContractExpired,
    ContractInForce,
    ContractRenewalDue,
)
from services.risk.obligations import service as obligations


AT_ONCE = timedelta(microseconds=1)
MOST_STEPS = 50
"""Steps of a contract that one transaction takes."""


async def work_contracts(work: Work, rows: Sequence[ContractColumns]) -> None:
    """Take every step whose day has come, in the order of the days: after a week off each of them, none twice. Of a
    contract that was renewed for decades the rest is due still."""
    due_at = {row.id: row.due_at for row in rows}
    for contract in await repository.load_contracts(work.tx, list(due_at)):
        current, taken = contract, 0
        while (step := next_step(current.timing)) is not None and step.day <= work.today and taken < MOST_STEPS:
            current, taken = await _take(work, current, step), taken + 1
        before = due_at[contract.id]
        if step is not None and step.day <= work.today and before is not None:
            await repository.put_off(work.tx, contract.id, before + AT_ONCE)


CONTRACTS_DUE = Due("contract", ContractColumns, work_contracts, "t.due_at IS NOT NULL")


async def _take(work: Work, contract: Contract, step: Step) -> Contract:
    match step.kind:
        case StepKind.BEGIN:
            warned = warnings_before(contract.ends_on, contract.notice_days, step.day)
            changes: dict[str, Any] = {"state": ContractState.IN_FORCE, "warned": warned}
            resource = service.saying(work, ContractInForce, step.day)
        case StepKind.WARN:
            assert contract.ends_on is not None, "only an end is warned of"
            last = notice_by(contract.ends_on, contract.notice_days)
            changes = {"warned": contract.warned + 1}
            days = WARNING_DAYS[contract.warned]
            resource = service.saying(work, ContractRenewalDue, step.day, notice_by=last, days_before=days)
        case StepKind.RENEW:
            return await _renew(work, contract, step.day)
        case StepKind.END:
            is_done = await obligations.are_done(work, contract.id)
            changes = {"state": ContractState.FULFILLED if is_done else ContractState.EXPIRED}
            resource = service.saying(work, ContractExpired, step.day)
    return await service.take(work, resource, contract, changes, action=step.kind)


async def _renew(work: Work, contract: Contract, day: date) -> Contract:
    """The next term follows the one that stands; its end counts from the end that was agreed."""
    ends_on, anchor, months = contract.ends_on, contract.ends_anchor, contract.renew_months
    assert ends_on is not None, "only what ends is renewed"
    assert anchor is not None, "only what ends is renewed"
    assert months is not None, "an automatic renewal says for how long"
    until, renewals = renewed_until(anchor, contract.renewals + 1, months), contract.renewals + 1
    terms = {
        "ends_on": until,
        "terms_from": ends_on + DAY,
        "renewals": renewals,
        "ends_anchor": anchor,
        "warned": warnings_before(until, contract.notice_days, day),
    }
    version_id = new_id()
    resource = service.saying(work, ContractAmended, day, amendment_id=version_id, effective_on=ends_on + DAY)
    return await service.amend(work, contract, version_id, terms, resource)
