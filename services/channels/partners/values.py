"""Values of partners: what a body says as columns, whether what it names is known, and what of it is sealed.

Whoever gives a partner a tax id holds the advisory lock of tax ids before any row, so of two that are the same the
second hears of the first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import BadQuery, FieldError, NotHeardYet, UnknownReference
from kit.records import audit_seen
from kit.security.data_keys import data_keys, sealing_keys
from kit.security.rings import ring_of
from kit.web.schema import Schema
from kit.work import Work
from services.channels.directory import service as directory
from services.channels.directory.service import Members, OwnerLeft
from services.channels.partners import repository
from services.channels.partners.access import may_read_pii
from services.channels.partners.lists import FOUND_BY
from services.channels.partners.models import Partner
from services.channels.partners.rules import DuplicatePartner, clean_tax_id
from services.channels.partners.sealing import SEALED, Private, bank_hash, masked, opened, sealed, tax_id_hash
from services.channels.products import service as products
from services.channels.redirects import service as redirects
from services.channels.sales import service as sales

CLAIMING = frozenset({"country", "tax_id"})
"""Fields by which a body may claim a tax id."""


class Given(NamedTuple):
    """What a body says of a partner: its id, as it was (None: it is new), and the fields that are given."""

    partner_id: UUID
    before: Partner | None
    fields: Mapping[str, Any]

    @property
    def moves_tax_id(self) -> bool:
        """Whether the tax id that is kept is to be one of another country."""
        if self.before is None or self.before.tax_id_hash is None or "tax_id" in self.fields:
            return False
        return bool(self.fields.get("country", self.before.country) != self.before.country)


class Known(NamedTuple):
    """What bodies name that is there: members, accounts, product lines in their own spelling; kept tax ids."""

    members: Members
    accounts: set[UUID]
    lines: Mapping[str, str]
    private: Mapping[UUID, Private]


class Draft(NamedTuple):
    """Columns of a partner, and what is to be sealed of it, by name."""

    columns: dict[str, Any]
    private: dict[str, Any]

    @property
    def kept(self) -> dict[str, Any]:
        """What is sealed of a new partner."""
        return {name: value for name, value in self.private.items() if value is not None}


def fields_of(body: Schema) -> dict[str, Any]:
    """The fields that a body names, each whole."""
    return {name: value for name, value in body.model_dump().items() if name in body.model_fields_set}


async def hold_tax_ids(work: Work, bodies: Sequence[Mapping[str, Any]]) -> None:
    """Wait for the others that give tax ids, if one of these bodies may do so."""
    if any(CLAIMING & body.keys() for body in bodies):
        await repository.hold_tax_ids(work.tx)


async def known_of(work: Work, rows: Sequence[Given]) -> Known:
    """What these bodies need; a fixed number of statements."""

    def named(field: str) -> set[UUID]:
        return {row.fields[field] for row in rows if row.fields.get(field) is not None}

    lines = [line for row in rows for line in row.fields.get("product_lines") or ()]
    return Known(
        await directory.known_members(work, named("owner_id")),
        await sales.known_accounts(work, sorted(named("account_id"))),
        await products.known_lines(work, lines),
        await private_of(work, [row.partner_id for row in rows if row.moves_tax_id]),
    )


def drafted(work: Work, known: Known, given: Given) -> Draft:
    """What a body says as columns. Raises UnknownReference, NotHeardYet, OwnerLeft, PartnerTaxIdInvalid."""
    columns = {name: value for name, value in given.fields.items() if name not in SEALED}
    _check_references(known, given)
    if "product_lines" in columns:
        columns["product_lines"] = list(dict.fromkeys(known.lines[line] for line in columns["product_lines"]))
    private = _tax_id(work, known, given, columns)
    if "bank" in given.fields:
        bank = given.fields["bank"]
        columns["bank_hash"] = None if bank is None else bank_hash(work.settings, given.partner_id, bank)
        private["bank"] = bank
    return Draft(columns, private)


def _tax_id(work: Work, known: Known, given: Given, columns: dict[str, Any]) -> dict[str, Any]:
    before = given.before
    country = given.fields.get("country", before.country if before is not None else None)
    if "tax_id" in given.fields:
        tax_id = given.fields["tax_id"]
    elif given.moves_tax_id:
        tax_id = known.private[given.partner_id].tax_id
    else:
        return {}
    kept = clean_tax_id(country, tax_id)
    columns["tax_id_hash"] = None if kept is None else tax_id_hash(work.settings, country or "", kept)
    return {"tax_id": kept}


def _check_references(known: Known, given: Given) -> None:
    before, fields = given.before, given.fields
    unknown = [
        FieldError(f"/{name}", NotHeardYet.code, f"no such {what} here")
        for name, what, those in (
            ("owner_id", "member", known.members.known),
            ("account_id", "account", known.accounts),
        )
        if (one := fields.get(name)) is not None
        and one not in those
        and (before is None or getattr(before, name) != one)
    ]
    if unknown:
        raise NotHeardYet(errors=unknown)
    owner_id = fields.get("owner_id")
    if owner_id in known.members.left and (before is None or before.owner_id != owner_id):
        raise OwnerLeft("/owner_id")
    lines = enumerate(fields.get("product_lines") or ())
    strange = [f"/product_lines/{number}" for number, line in lines if line not in known.lines]
    if strange:
        raise UnknownReference(errors=[FieldError(at, UnknownReference.code, "unknown here") for at in strange])


async def holders_of(work: Work, drafts: Sequence[Draft]) -> dict[tuple[str, str], UUID]:
    """Who has the tax ids that these claim: (country, hash) -> partner. Under the lock of tax ids."""
    hashes = {draft.columns["tax_id_hash"] for draft in drafts if draft.columns.get("tax_id_hash") is not None}
    return await repository.holders(work.tx, hashes)


def claim(work: Work, holders: dict[tuple[str, str], UUID], partner: Partner) -> None:
    """Take the tax id of a partner; raises DuplicatePartner where it is another's, named to who sees tax ids."""
    if partner.tax_id_hash is None or partner.country is None:
        return
    holder = holders.setdefault((partner.country, partner.tax_id_hash), partner.id)
    if holder != partner.id:
        detail = "the tax id is another partner's"
        told = may_read_pii(work.actor) and work.actor.may("partners:read")
        raise DuplicatePartner(
            detail,
            errors=[FieldError("/tax_id", DuplicatePartner.code, detail)],
            extra={"conflicting_id": str(holder)} if told else {},
        )


async def seal(work: Work, drafts: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write what is sealed of partners that were written before: by partner, the values by name."""
    persons = [each for each, values in drafts.items() if any(value is not None for value in values.values())]
    keys = await sealing_keys(work.tx, ring_of(work.settings), persons) if persons else {}
    for name in SEALED:
        rows = [
            {"id": each, name: sealed(each, name, values[name], keys[each]) if each in keys else None}
            for each, values in drafts.items()
            if name in values
        ]
        await repository.put_sealed(work.tx, name, rows)


async def private_of(work: Work, partner_ids: Collection[UUID]) -> dict[UUID, Private]:
    """What is sealed of these partners, in clear."""
    stored = await repository.sealed_of(work.tx, partner_ids)
    ids = [row.id for row in stored if row.tax_id is not None or row.bank is not None]
    keys = await data_keys(work.tx, ring_of(work.settings), ids) if ids else {}
    return {
        row.id: Private(*(opened(row.id, name, getattr(row, name), keys.get(row.id)) for name in SEALED))
        for row in stored
    }


async def shown(work: Work, partner: Partner) -> dict[str, Any]:
    """What is answered of a partner beside its row: its account as it reads now, whether it is on hold, and what is
    sealed, as the caller may see it; in full it leaves a trace."""
    filed = partner.account_id
    private = dict.fromkeys(SEALED) | (await private_of(work, [partner.id]))[partner.id]._asdict()
    body: dict[str, Any] = {
        "account_id": (await redirects.groups_of(work, [filed])).root(filed) if filed is not None else None,
        "filed_account_id": filed,
        "credit_hold": await directory.is_on_hold(work, partner.id),
        **private,
    }
    await _seen(work, [body], [partner.id])
    return body


async def shown_items(work: Work, items: list[dict[str, Any]]) -> None:
    """Items of a list as the caller may see them, in their places; in full they leave one trace together."""
    names = [name for name in SEALED if items and name in items[0]]
    ids: list[UUID] = [item[names[0]][0] for item in items] if names else []
    kept = [each for each, item in zip(ids, items, strict=False) if any(item[name][1] is not None for name in names)]
    keys = await data_keys(work.tx, ring_of(work.settings), kept) if kept else {}
    for item, each in zip(items, ids, strict=False):
        for name in names:
            item[name] = opened(each, name, item[name][1], keys.get(each))
    await _seen(work, items, ids)


async def _seen(work: Work, bodies: Sequence[dict[str, Any]], ids: Sequence[UUID]) -> None:
    held = [each for each, body in zip(ids, bodies, strict=False) if any(body.get(name) for name in SEALED)]
    if may_read_pii(work.actor):
        await audit_seen(work, "partner", held)
        return
    for body in bodies:
        for name in SEALED:
            if name in body:
                body[name] = masked(name, body[name])


async def found_by(work: Work, tax_id: str | None) -> tuple[str, list[list[str]]]:
    """The hashes of a tax id in every country that some partner has one of, however it is written. Raises BadQuery for
    who does not see tax ids in full: every answer would be one about them."""
    if tax_id is None:
        return "TRUE", []
    if not may_read_pii(work.actor):
        raise BadQuery(errors=[FieldError("tax_id", "unknown-parameter", "needs partner-pii:read")])
    countries = await repository.countries_with_tax_ids(work.tx)
    return FOUND_BY, [[tax_id_hash(work.settings, one, tax_id) for one in countries]]


async def fill_hashes(work: Work, after: UUID, limit: int) -> tuple[UUID | None, int]:
    """Hash what is sealed of the partners that follow one anew, under the keys that are set: the last of them (None:
    there are no more), and how many hashes were others. A tax id that another partner has under these keys by now stays
    as it is: of the two one is to be corrected by somebody."""
    await repository.hold_tax_ids(work.tx)
    ids = await repository.hashed_after(work.tx, after, limit)
    stale = await _stale(work, await repository.lock_partners(work.tx, ids))
    held = await repository.holders(work.tx, [one["tax_id_hash"] for _country, one in stale if one["tax_id_hash"]])
    free = [
        one for country, one in stale if held.get((country or "", one["tax_id_hash"] or ""), one["id"]) == one["id"]
    ]
    await repository.put_hashes(work.tx, free)
    return (ids[-1] if ids else None), len(free)


async def is_hash_left(work: Work, limit: int) -> bool:
    """Whether some hash is of other keys than those that are set."""
    after = UUID(int=0)
    while ids := await repository.hashed_after(work.tx, after, limit):
        if await _stale(work, await repository.partners_by_id(work.tx, ids)):
            return True
        after = ids[-1]
    return False


async def _stale(work: Work, partners: Sequence[Partner]) -> list[tuple[str | None, dict[str, Any]]]:
    """Hashes as they should be, of partners that have others; what cannot be opened any more is left as it is."""
    private = await private_of(work, [partner.id for partner in partners])
    found = []
    for partner in partners:
        own, country = private[partner.id], partner.country
        now = {"id": partner.id, "tax_id_hash": partner.tax_id_hash, "bank_hash": partner.bank_hash}
        if own.tax_id is not None and country is not None:
            now["tax_id_hash"] = tax_id_hash(work.settings, country, own.tax_id)
        if own.bank is not None:
            now["bank_hash"] = bank_hash(work.settings, partner.id, own.bank)
        if (now["tax_id_hash"], now["bank_hash"]) != (partner.tax_id_hash, partner.bank_hash):
            found.append((country, now))
    return found
