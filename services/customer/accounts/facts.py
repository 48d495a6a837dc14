"""Where what is known of an account came from: an entry a write, with its fields and its source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple
from uuid import UUID

from kit import clock
from kit.db.rows import insert_sql
from kit.errors import FieldError, Invalid
from kit.ids import new_id
from kit.records import Change
from kit.work import Work
from services.customer.accounts import repository
from services.customer.accounts.changes import SIZED_BY
from services.customer.accounts.models import Account, AccountFact, Source
from services.customer.accounts.rules import invalid_weight

PERSONAL: Final = frozenset({"name", "local_name", "tax_id", "website", "domain", "phone", "address", "custom"})
"""Fields whose values are not kept of persons."""
_UNSAID: Final = frozenset({"kind", "source", "customer_type"})
_INSERT = insert_sql("account_fact", tuple(AccountFact.model_fields))


class Written(NamedTuple):
    """A write of an account: what changed, the fields that were given, where they came from, and by which hand-over of
    many accounts."""

    one: Change[Account]
    fields: frozenset[str]
    source: Source | None
    transfer_id: UUID | None = None


def written(one: Change[Account], given: Collection[str], source: Source | None) -> Written:
    """A write; with a source it confirms what it gives, also where nothing changes."""
    fields = frozenset(one.changed) | (frozenset(given) - _UNSAID if source or one.before is None else frozenset())
    return Written(one, fields, source)


def check_source(work: Work, source: Source | None) -> None:
    """Raises Invalid for what was collected in the future."""
    if source is not None and source.collected_on is not None and source.collected_on > work.today:
        detail = f"{source.collected_on} lies after today, {work.today}"
        raise Invalid(detail, errors=[FieldError("/source/collected_on", "future-date", detail)])


def collected_on(work: Work, write: Written) -> date:
    """The day as of which the fields of a write are known."""
    return (write.source.collected_on if write.source else None) or work.today


def aged(work: Work, write: Written) -> Account:
    """The account after a write, with the days as of which phone and size are known, and what of it is not valid."""
    after, day = write.one.after, collected_on(work, write)
    weight = invalid_weight(after.kind, after.country, after.tax_id, after.region)
    update: dict[str, object] = {"invalid_weight": weight}
    if "phone" in write.fields:
        update["phone_on"] = day if after.phone is not None else None
    if SIZED_BY & write.fields:
        update["size_on"] = day if after.size_class is not None else None
    return after.model_copy(update=update)


def score_of_new(account: Account, today: date) -> float:
    """How good a new account is, by the rule of `repository.judge`; it has no contacts yet."""
    lasting = 10 + 20 * (account.tax_id is not None) + 15 * (account.region is not None)
    lasting += (
        15 * (account.industry is not None) + 5 * (account.domain is not None) + 5 * (account.owner_id is not None)
    )
    ages = [max(0, (today - day).days) for day in (account.phone_on, account.size_on) if day is not None]
    present = lasting + 10 * len(ages)
    fresh = lasting + 10 * sum((Decimal("0.5") ** (Decimal(age) / 365) for age in ages), Decimal())
    valid = Decimal(present - min(present, account.invalid_weight or 0)) / present
    score = Decimal("0.6") * present + 10 * valid + Decimal("0.3") * fresh
    return float(score.quantize(Decimal("0.1"), ROUND_HALF_EVEN))


def note(work: Work, writes: Iterable[Written]) -> None:
    """Keep what was written and where it came from, and who made whom the owner, with the transaction."""
    kept = list(writes)
    entries = [_entry(work, write) for write in kept if write.fields]
    if entries:
        work.tx.append(_INSERT, [entry.__dict__ for entry in entries])
    repository.tell_owners(work.tx, [_given(work, write) for write in kept if _is_given(write.one)])


def _is_given(one: Change[Account]) -> bool:
    return "owner_id" in one.changed or (one.before is None and one.after.owner_id is not None)


def _given(work: Work, write: Written) -> dict[str, object]:
    one = write.one.after
    by = {"recorded_by": work.actor.subject, "transfer_id": write.transfer_id}
    return {"account_id": one.id, "account_version": one.version, **by}


def _entry(work: Work, write: Written) -> AccountFact:
    account, source = write.one.after, write.source or Source()
    names = _names(write.fields)
    kept = names if account.is_organization else [name for name in names if name not in PERSONAL]
    known = account.model_dump(mode="json", include=set(kept)) | (
        {"is_archived": account.is_archived} if "is_archived" in names else {}
    )
    return AccountFact(
        id=new_id(),
        account_id=account.id,
        account_version=account.version,
        fields=tuple(names),
        known=known,
        channel=source.channel,
        collected_on=source.collected_on,
        lawful_basis=source.lawful_basis,
        recorded_by=work.actor.subject,
        recorded_at=clock.now(),
    )


def _names(fields: Collection[str]) -> Sequence[str]:
    return sorted("is_archived" if name == "archived_at" else name for name in fields)
