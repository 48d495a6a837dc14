"""Values of custom fields of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kit.work import Work
from services.customer.accounts.facts import Written
from services.customer.accounts.schemas import AccountCreate, AccountUpdate
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.values import Fields, Valued, fields_for, keep_values


async def custom_fields(work: Work, bodies: Iterable[AccountCreate | AccountUpdate]) -> Fields:
    """The custom fields by which these bodies are judged; asked for before accounts are locked."""
    return await fields_for(work, CustomResource.ACCOUNT, [body.custom for body in bodies])


async def keep_custom(work: Work, writes: Sequence[Written]) -> None:
    """Keep apart what is indexed of the custom fields that these writes change."""
    ones = [write.one for write in writes]
    rows = [Valued(one.after.id, one.before.custom if one.before else {}, one.after.custom) for one in ones]
    if changed := [row for row in rows if row.before != row.after]:
        await keep_values(work, CustomResource.ACCOUNT, changed)
