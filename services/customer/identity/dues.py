"""Accounts that were added or changed are compared with all others, whoever wrote them."""

from __future__ import annotations

from collections.abc import Sequence

from kit.due.due import Due
from kit.work import Work
from services.customer.identity import repository
from services.customer.identity.models import IdentityCheck
from services.customer.identity.service import pair_up


async def compare_accounts(work: Work, rows: Sequence[IdentityCheck]) -> None:
    """Put on the list with whom accounts may be one, now that others that were written at the same time are there."""
    await pair_up(work.tx, {row.account_id for row in rows})
    await repository.drop_checks(work.tx, [row.id for row in rows])


IDENTITY_DUE = Due("identity", IdentityCheck, compare_accounts, batch=200)
