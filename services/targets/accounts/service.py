"""What other slices ask of the account directory."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.errors import NotFound
from kit.events.projections import require_filled
from kit.work import Work
from services.targets.accounts import repository
from services.targets.accounts.models import Located
from services.targets.redirects.service import groups_of

DIRECTORY = "account_directory"


async def known_accounts(work: Work, account_ids: Collection[UUID]) -> set[UUID]:
    """Those among `account_ids` that customer has told of.

    Raises ProjectionBuilding when one is unknown while the directory has never been filled.
    """
    known = await repository.list_known(work.tx, account_ids) if account_ids else set[UUID]()
    if len(known) < len(set(account_ids)):
        await require_filled(work.tx, [DIRECTORY])
    return known


async def require_located(work: Work, account_id: UUID) -> Located:
    """The account that this one reads as; raises NotFound, also for one whose owner is out of scope."""
    groups = await groups_of(work, [account_id])
    found: Located | None = await repository.get_located(work.tx, groups.root(account_id))
    if found is None or not (await work.scope()).sees(found.owner_id):
        raise NotFound(what="account")
    located: Located = found.model_copy(update={"members": groups.members(account_id)})
    return located
