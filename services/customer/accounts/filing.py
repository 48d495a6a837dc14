"""What rows answer of their account: the one that it reads as, and the one that they are filed under."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from kit.db.filters import KINDS, Refused
from kit.errors import NotFound
from kit.security.principals import owned_rows
from kit.web.context import Context
from kit.work import Work
from services.customer.accounts import repository, service


async def filed(work: Work, account_id: UUID | None) -> dict[str, Any]:
    """The fields of an answer: `account_id` leads to the root, `filed_account_id` is the account of the row."""
    root = await repository.root_of(work.tx, account_id) if account_id is not None else None
    return {"account_id": root or account_id, "filed_account_id": account_id}


async def groups_of(work: Work, account_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Accounts with all that read as the same one, themselves included."""
    return await repository.groups_of(work.tx, account_ids)


async def are_one(work: Work, one: UUID | None, other: UUID | None) -> bool:
    """Whether two accounts are the same, or read as the same one since they were merged."""
    if one is None or other is None or one == other:
        return one == other
    return other in (await groups_of(work, [one])).get(one, ())


async def rows_of(work: Context, column: str) -> tuple[str, Sequence[object]]:
    """The record scope of a list whose rows keep a copy of their account's owner: asked for an account that the caller
    sees, all of it, also what was merged into it."""
    asked = work.request.query_params.get("account_id")
    if asked is not None and not work.visible.everything:
        try:
            await service.get_account(work, UUID(str(KINDS["uuid"].parse(asked))))
        except (NotFound, Refused):
            pass
        else:
            return "TRUE", ()
    return await owned_rows(work.tx, work.visible, column)
