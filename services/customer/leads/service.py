"""Use cases of leads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from kit.clock import business_date
from kit.errors import BadQuery, FieldError, NotFound, Taken
from kit.events.contract import Published
from kit.records import Change, Resource, audit_seen, changed_row, fresh, record
from kit.security.blind_index import NotNormal, normal_email, normal_phone
from kit.security.data_keys import data_keys, sealing_keys
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.filing import filed
from services.customer.contacts.enums import PointKind
from services.customer.contacts.rules import masked_email
from services.customer.events_out.leads import LeadConverted as ConvertedFact
from services.customer.events_out.leads import LeadCreated, LeadDisqualified, LeadReopened
from services.customer.lead_scores.service import scores
from services.customer.leads import repository
from services.customer.leads.enums import LeadState
from services.customer.leads.lists import FOUND_BY
from services.customer.leads.models import Lead, SealedLead
from services.customer.leads.rules import MOVES, LeadConverted, name_of
from services.customer.leads.schemas import LeadCreate, LeadRow, LeadUpdate
from services.customer.leads.sealing import SEALED, checked, is_personal, opened, read_value, sealed
from services.customer.persons.access import may_read_pii
from services.customer.persons.rules import masked_phone
from services.customer.persons.sealing import HOME, index_of, ring_of
from services.customer.policies.bodies import LeadScoreBody
from services.customer.policies.enums import PolicyKind
from services.customer.policies.service import policy_on

AUDITED = ("company", "person_name", "email", "phone", "country", "source", "campaign", "owner_id")
NAMED = frozenset({"company", "person_name"})


def _said(work: Work, one: Change[Lead]) -> Published | None:
    """Where a lead comes to is told, what is edited is not."""
    after, common = one.after, {"changed": sorted(one.changed), "business_date": work.today}
    if one.before is None:
        return LeadCreated.of(after, **common)
    if "state" not in one.changed:
        return None
    if after.state is LeadState.CONVERTED:
        return ConvertedFact.of(after, **common)
    if after.state is LeadState.DISQUALIFIED:
        return LeadDisqualified.of(after, reason=after.disqualified_reason, **common)
    return LeadReopened.of(after, **common) if one.before.state is LeadState.DISQUALIFIED else None


def _leads(work: Work) -> Resource[Lead]:
    return Resource("lead", Lead, partial(_said, work), audited=AUDITED, owner="owner_id")


async def open_all(work: Work, stored: Sequence[SealedLead]) -> list[Lead]:
    """Leads as they are; of one whose key was destroyed only what stands in clear. Raises KeysUnset."""
    persons = [one.id for one in stored if is_personal(one)]
    keys = await data_keys(work.tx, ring_of(work.settings), persons) if persons else {}
    return [opened(one, keys.get(one.id)) for one in stored]


async def get_lead(work: Work, lead_id: UUID, *, lock: bool = False) -> Lead:
    """A lead of the caller's scope, by its own owner or that of the account it became; raises NotFound."""
    read = repository.lock_leads if lock else repository.load_leads
    stored = await read(work.tx, [lead_id])
    if not stored or not await _is_seen(work, stored[0]):
        raise NotFound(what="lead")
    (lead,) = await open_all(work, stored)
    return lead


async def _is_seen(work: Work, lead: SealedLead) -> bool:
    if (await work.scope()).sees(lead.owner_id):
        return True
    return lead.account_id is not None and bool(await accounts.accounts_by_id(work, [lead.account_id]))


async def owned_leads(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Those of these leads that are the caller's to see by their own owner."""
    scope = await work.scope()
    return {one.id for one in await repository.load_leads(work.tx, ids) if scope.sees(one.owner_id)}


async def hold_lead(work: Work, lead_id: UUID) -> None:
    """Let nobody convert a lead until the transaction ends."""
    await repository.lock_leads(work.tx, [lead_id])


async def hold_leads(work: Work, ids: Collection[UUID]) -> dict[UUID, Lead]:
    """Those of these leads that the caller may see, by their own owner or that of the account they became; nobody
    converts one until the transaction ends."""
    stored, scope = await repository.lock_leads(work.tx, ids), await work.scope()
    became = {one.account_id for one in stored if one.account_id is not None}
    reached = await accounts.accounts_by_id(work, became) if became else {}
    seen = [one for one in stored if scope.sees(one.owner_id) or one.account_id in reached]
    return {one.id: one for one in await open_all(work, seen)} if seen else {}


async def require_open(work: Work, lead: Lead) -> None:
    """Raises LeadConverted, which names what the lead became."""
    if lead.state is LeadState.CONVERTED:
        ids = {**await filed(work, lead.account_id), "contact_id": lead.contact_id}
        ids["opportunity_id"] = lead.opportunity_id
        raise LeadConverted(extra={name: None if one is None else str(one) for name, one in ids.items()})


def new_lead(work: Work, data: LeadCreate | LeadRow, owner_id: UUID | None) -> Lead:
    """A new lead, its score to be found; raises LeadNameless, EmailInvalid, PhoneInvalid."""
    begun, ref = fresh(), data.external_id
    kept = checked(data.model_dump(exclude={"external_id"}), data.country)
    return Lead.model_validate(
        {
            **kept,
            **begun,
            "name": name_of(data.company, data.person_name),
            "owner_id": owner_id,
            "created_on": business_date(work.settings.timezone, begun["created_at"]),
            "external_source": ref.source if ref else None,
            "external_id": ref.id if ref else None,
        }
    )


def edited(before: Lead, given: Mapping[str, Any]) -> Change[Lead]:
    """The lead with the fields of a body; raises LeadNameless, EmailInvalid, PhoneInvalid."""
    kept = checked(given, given.get("country", before.country))
    if NAMED & kept.keys():
        company, person = (kept.get(name, getattr(before, name)) for name in ("company", "person_name"))
        kept["name"] = name_of(company, person)
    return changed_row(before, kept)


async def create_lead(work: Work, data: LeadCreate) -> Lead:
    """Add a lead; raises LeadNameless, EmailInvalid, PhoneInvalid, UnknownReference, OwnerLeft, Taken."""
    owner_id = data.owner_id or await accounts.own_seller(work)
    await accounts.check_owner(work, owner_id)
    lead = new_lead(work, data, owner_id)
    made = await write(work, [Change(None, lead)], "create")
    if made is None:
        raise await _taken(work, lead)
    return made[0]


async def _taken(work: Work, lead: Lead) -> Taken:
    pair = (lead.external_source or "", lead.external_id or "")
    stored = await repository.load_leads(work.tx, (await repository.find_by_external(work.tx, [pair])).values())
    seen = [one.id for one in stored if await _is_seen(work, one)]
    return Taken("lead", "external_id", seen[0] if seen else None)


async def update_lead(work: Work, lead_id: UUID, version: Versions, data: LeadUpdate) -> Lead:
    """Change the fields given; raises NotFound, VersionMismatch, LeadConverted and those of create."""
    before = await get_lead(work, lead_id, lock=True)
    version.check(before.version)
    one = edited(before, data.given())
    if not one.changed:
        return before
    await require_open(work, before)
    if "owner_id" in one.changed:
        await accounts.check_owner(work, one.after.owner_id)
    return await _save(work, one, "change")


async def move_lead(work: Work, lead_id: UUID, action: str, reason: str | None = None) -> Lead:
    """Bring a lead into another state, of what comes to nothing with the reason; raises NotFound, StateConflict."""
    before = await get_lead(work, lead_id, lock=True)
    changes = {"state": next_state("lead", MOVES, action, before.state), "disqualified_reason": reason}
    return await _save(work, changed_row(before, changes), action)


async def find_by_external(work: Work, pairs: Collection[repository.Pair]) -> dict[repository.Pair, UUID]:
    """Lead ids of (source, external id), whoever has them."""
    return await repository.find_by_external(work.tx, pairs)


async def leads_by_id(work: Work, ids: Collection[UUID]) -> dict[UUID, Lead]:
    """Those of these leads that are the caller's to see by their own owner, as they are."""
    scope, stored = await work.scope(), await repository.load_leads(work.tx, ids)
    return {one.id: one for one in await open_all(work, [one for one in stored if scope.sees(one.owner_id)])}


async def retire_lead(work: Work, lead_id: UUID, reason: str) -> Lead:
    """Disqualify a lead that was added by mistake; its external id is free. Raises NotFound, StateConflict."""
    before = await get_lead(work, lead_id, lock=True)
    changes = {
        "state": next_state("lead", MOVES, "disqualify", before.state),
        "disqualified_reason": reason,
        "external_source": None,
        "external_id": None,
    }
    return await _save(work, changed_row(before, changes), "revert")


def _handed_over(before: SealedLead, to: UUID) -> Change[SealedLead]:
    return changed_row(before, {"owner_id": to})


async def hand_over(work: Work, account_ids: Collection[UUID], to: UUID, limit: int) -> int:
    """Give leads that became accounts, at most so many, to an owner; how many they are. Nobody's scope is asked."""
    found = await repository.lock_not_of(work.tx, account_ids, to, limit)
    changes = [_handed_over(one, to) for one in found]
    await repository.save_leads(work.tx, [one.after for one in changes])
    await record(work, Resource("lead", SealedLead, lambda _: None, audited=()), changes, action="transfer")
    return len(changes)


async def end_lead(work: Work, before: Lead, became: Mapping[str, Any]) -> Lead:
    """Say what a locked lead became; raises StateConflict."""
    state = next_state("lead", MOVES, "convert", before.state)
    return await _save(work, changed_row(before, {"state": state, **became}), "convert")


async def _save(work: Work, one: Change[Lead], action: str) -> Lead:
    written = await write(work, [one], action)
    assert written is not None, "an external id never changes"
    return written[0]


async def write(work: Work, changes: Sequence[Change[Lead]], action: str) -> list[Lead] | None:
    """Score anew, seal, write, announce and audit leads, all new or all changed; None when another transaction took an
    external id meanwhile. Raises VersionMismatch when one has moved on."""
    rows = await _sealed(work, [one.after for one in changes])
    policy = await policy_on(work, PolicyKind.LEAD_SCORE, work.today)
    assert isinstance(policy.body, LeadScoreBody)
    found = await scores(work, policy.body.rules, rows)
    given = [
        {"score": score.score, "score_rules": score.rules, "score_version": policy.policy_version}
        for score in (found[row.id] for row in rows)
    ]
    scored = [row.model_copy(update=each) for row, each in zip(rows, given, strict=True)]
    written = [_scored(one, each) for one, each in zip(changes, given, strict=True)]
    created = [row for row, one in zip(scored, changes, strict=True) if one.before is None]
    if not await repository.add_leads(work.tx, created):
        return None
    await repository.save_leads(
        work.tx, [row for row, one in zip(scored, changes, strict=True) if one.before is not None]
    )
    await record(work, _leads(work), written, action=action)
    return [one.after for one in written]


def _scored(one: Change[Lead], given: Mapping[str, Any]) -> Change[Lead]:
    after = one.after.model_copy(update=dict(given))
    if one.before is None:
        return Change(None, after)
    moved = [name for name in given if getattr(after, name) != getattr(one.before, name)]
    return Change(one.before, after, (*one.changed, *moved))


async def _sealed(work: Work, leads: Sequence[Lead]) -> list[SealedLead]:
    persons = [one.id for one in leads if is_personal(one)]
    if not persons:
        return [sealed(one, None, None) for one in leads]
    keys, index = await sealing_keys(work.tx, ring_of(work.settings), persons), index_of(work.settings)
    return [sealed(one, keys.get(one.id), index) for one in leads]


async def shown(work: Work, lead: Lead) -> dict[str, Any]:
    """The lead as the caller may see it; in full it leaves a trace."""
    body = lead.model_dump(mode="json") | await filed(work, lead.account_id)
    await _seen(work, [body], [lead.id])
    return body


async def shown_items(work: Work, items: list[dict[str, Any]]) -> None:
    """Items of a list as the caller may see them, in their places; in full they leave one trace together."""
    sealed_in = [name for name in SEALED if items and name in items[0]]
    ids: list[UUID] = [item[sealed_in[0]][0] for item in items] if sealed_in else []
    is_sealed = any(item[name][1] is not None for item in items for name in sealed_in)
    keys = await data_keys(work.tx, ring_of(work.settings), ids) if is_sealed else {}
    for item, lead_id in zip(items, ids, strict=False):
        for name in sealed_in:
            item[name] = read_value(name, lead_id, item[name][1], keys.get(lead_id))
    await _seen(work, items, ids)


async def _seen(work: Work, bodies: Sequence[dict[str, Any]], ids: Sequence[UUID]) -> None:
    if may_read_pii(work.actor):
        await audit_seen(work, "lead", ids)
        return
    for body in bodies:
        for name, mask in (("email", masked_email), ("phone", masked_phone)):
            if body.get(name) is not None:
                body[name] = mask(body[name])


def found_by(work: Work, asked: Mapping[str, str], given: int) -> tuple[str, list[bytes | None]]:
    """The condition that leads have this `email` and `phone`, as the end of one with `given` parameters, and its
    parameters. Raises BadQuery for what is none."""
    condition, hashes = "", list[bytes | None]()
    for kind, value in asked.items():
        try:
            normal = normal_email(value) if kind == PointKind.EMAIL else normal_phone(value, HOME)
        except NotNormal as refused:
            raise BadQuery(errors=[FieldError(kind, refused.code, str(refused))]) from None
        first = given + len(hashes) + 1
        condition += " AND " + FOUND_BY.format(kind=PointKind(kind), first=first, second=first + 1)
        hashes += index_of(work.settings).hashes(kind, normal)
    return condition, hashes


async def fill_index(work: Work, after: UUID, limit: int) -> list[UUID]:
    """Write the hashes of leads anew whose columns are not those of the index keys that are set, in order of id; which
    they were. What cannot be opened any more is let go."""
    ids = await repository.badly_indexed(work.tx, index_of(work.settings).places, after, limit)
    leads = await open_all(work, await repository.lock_leads(work.tx, ids))
    await repository.put_indexes(work.tx, await _sealed(work, leads))
    return ids


async def is_index_left(work: Work) -> bool:
    """Whether `fill_index` has something to do."""
    return bool(await repository.badly_indexed(work.tx, index_of(work.settings).places, UUID(int=0), 1))
