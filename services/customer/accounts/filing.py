"""What rows answer of their account: the one that it reads as, and the one that they are filed under."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from kit.db.filters import KINDS, Refused
from kit.db.lists import Branch
from kit.errors import NotFound
from kit.security.principals import owned_rows
from kit.web.context import Context
from kit.work import Work
from services.customer.accounts import repository, service
from services.customer.accounts.lists import SCOPE

FEW: Final = 20
"""Most members whose rows are looked up one by one."""
_MERGED: Final = (
    "ARRAY(SELECT g.id FROM account g JOIN account r ON r.id = g.root_id "
    f"WHERE g.root_id IS NOT NULL AND r.owner_id = ANY({SCOPE}))"
)
"""Accounts that read as another one, of these members."""
_READ_AS_OTHERS: Final = "ARRAY(SELECT g.id FROM account g WHERE g.root_id IS NOT NULL)"


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


class Seen(NamedTuple):
    """The record scope of a list, as `list_answer` takes it."""

    where: str
    args: Sequence[object]
    branches: Sequence[Branch] = ()

    def narrowed(self, condition: str, args: Sequence[object]) -> Seen:
        """Those of the rows that satisfy a condition (begins with ` AND ` or is empty); its parameters come last."""
        branches = [one._replace(condition=f"{one.condition}{condition}") for one in self.branches]
        return Seen(f"{self.where}{condition}", [*self.args, *args], branches)


async def rows_seen(work: Context, row: str, own: Sequence[str] = (), others: Sequence[Branch] = ()) -> Seen:
    """The record scope of a list of rows (alias `row`, a table with `OfOwner`) that are seen by who is named in a
    column of `own`, by the owner of the account `a` that theirs reads as, and by whom one of `others` holds.

    What few members have is read by their own indexes; what many have is so frequent that the list is read through.
    """
    scope = await work.scope()
    if scope.everything:
        return Seen("TRUE", ())
    columns = [f"{column} = ANY({SCOPE})" for column in (*own, "a.owner_id")]
    columns += [one.condition.replace("member.id", f"ANY({one.members})") for one in others]
    seen = Seen(f"({' OR '.join(columns)})", [list(scope.members)])
    if len(scope.members) > FEW:
        return seen
    branches = [Branch(f"{column} = member.id", SCOPE) for column in own]
    branches.append(
        Branch(f"{row}.account_owner_id = member.id AND {row}.account_id <> ALL ({_READ_AS_OTHERS})", SCOPE)
    )
    branches.append(Branch(f"{row}.account_id = member.id", _MERGED))
    return seen._replace(branches=[*branches, *others])
