"""Whether a customer is new, existing or dormant, as of today: decided when an order is confirmed, and as days pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kit import clock
from kit.due.due import Due
from kit.ids import new_id
from kit.jobs.jobs import enqueue
from kit.records import Change, changed_row, record
from kit.work import Work
from services.customer.accounts import repository
from services.customer.accounts.facts import written
from services.customer.accounts.models import Account, Nightly, TypeCheck
from services.customer.accounts.regions import kept_region
from services.customer.accounts.repository import LastOrders
from services.customer.accounts.rules import customer_type_on, customer_type_until
from services.customer.accounts.service import resource, save


async def decide_types(work: Work, rows: Sequence[TypeCheck]) -> None:
    """Decide the types of accounts anew and announce those that changed; the next day that may change one is noted."""
    accounts = await repository.lock_accounts(work.tx, {row.account_id for row in rows})
    found = {one.account_id: one for one in await repository.last_orders(work.tx, accounts, work.today)}
    changes = [_decided(work, accounts[one.account_id], one) for one in sorted(found.values())]
    changes = [one for one in changes if one.changed]
    await save(work, [written(one, (), None) for one in changes])
    await record(work, resource(work), changes, action="decide-customer-type")
    await repository.put_last_orders(
        work.tx, [one for one in found.values() if one.latest != accounts[one.account_id].last_order_date]
    )
    await repository.judge(work.tx, list(accounts), work.today, work.settings.timezone)
    await repository.drop_type_checks(work.tx, [row.id for row in rows])
    await repository.check_types_later(work.tx, _later(work, list(found.values())), clock.now())


TYPES_DUE = Due("customer_type", TypeCheck, decide_types)


async def begin_nightly(work: Work, rows: Sequence[Nightly]) -> None:
    """Begin what is done every night, once for all nights that were missed."""
    later = clock.start_of_day(work.settings.timezone, work.today + timedelta(days=1))
    for row in rows:
        await enqueue(work.tx, row.name, {}, work.actor.subject)
        await repository.put_nightly(work.tx, row.id, later)


NIGHTLY_DUE = Due("nightly", Nightly, begin_nightly)


def _decided(work: Work, account: Account, last: LastOrders) -> Change[Account]:
    """The account with its type. Of one of release 0.1.0, where that was the company's own word, both are told, and its
    region is kept as those of today are."""
    values: dict[str, object] = {"customer_type": customer_type_on(work.today, last.before)}
    if account.customer_type is None:
        values["region"] = kept_region(account.country, account.region)
    one = changed_row(account, values)
    if account.customer_type is None and account.business_type is not None:
        before = account.model_copy(update={"business_type": None})
        return Change(before, one.after, ("business_type", *one.changed))
    return one


def _later(work: Work, found: Sequence[LastOrders]) -> list[TypeCheck]:
    days = {one.account_id: customer_type_until(work.today, one.before, one.latest) for one in found}
    return [
        TypeCheck(id=new_id(), account_id=account_id, due_at=clock.start_of_day(work.settings.timezone, day))
        for account_id, day in days.items()
        if day is not None
    ]
