"""Use cases of territories: made, changed, ended; whose an account is, and what they hold together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.errors import FieldError, NotHeardYet
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.targets.accounts.service import known_accounts, require_located
from services.targets.events_out.territories import TerritoryChanged
from services.targets.members.service import check_stays
from services.targets.territories import repository
from services.targets.territories.enums import LEVELS
from services.targets.territories.models import Claim, Territory
from services.targets.territories.repository import Holder as Holder
from services.targets.territories.rules import (
    FORMULA_VERSION,
    Held,
    branches_of,
    check_end,
    check_territory,
    decided_by,
    unique,
)
from services.targets.territories.schemas import (
    CoverageQuery,
    ResolveQuery,
    TerritoryClaim,
    TerritoryCoverage,
    TerritoryCreate,
    TerritoryEnd,
    TerritoryResolution,
    TerritoryUpdate,
)
from services.targets.units.service import check_there, require_named_unit

_MOST_OTHERS = 20
_MOST_ENTRIES = 500


def _territories(work: Work) -> Resource[Territory]:
    def said(one: Change[Territory]) -> TerritoryChanged:
        changed = [name for name in one.changed if name in TerritoryCreate.model_fields]
        return TerritoryChanged.of(one.after, changed=changed, business_date=work.today)

    return Resource("territory", Territory, said, audited=tuple(TerritoryCreate.model_fields), unique=("code",))


async def require_territory(work: Work, territory_id: UUID) -> Territory:
    """A territory by id; raises NotFound."""
    return await require(work, _territories(work), territory_id)


async def add_territory(work: Work, data: TerritoryCreate) -> Territory:
    """Make a territory; raises Taken, TerritoryInvalid, UnknownReference, MemberUnknown, OwnerLeft, UnitUnknown,
    UnitOutside, NotHeardYet."""
    check_territory(data)
    await _check_references(work, data.model_dump(), data)
    await _check_unit(work, data)
    given = data.model_dump()
    return await add(work, _territories(work), Territory.model_validate({**fresh(), **given, **_sorted(given)}))


async def update_territory(work: Work, territory_id: UUID, version: Versions, data: TerritoryUpdate) -> Territory:
    """Change a territory for all of its days; raises NotFound, VersionMismatch, and what is wrong with it."""
    before = await require(work, _territories(work), territory_id, version=version)
    given = data.given()
    after = changed_row(before, given).after
    check_territory(after)
    differs = {name: value for name, value in given.items() if value != getattr(before, name)}
    await _check_references(work, differs, after)
    if differs.keys() & {"unit_id", "valid_from", "valid_to"}:
        await _check_unit(work, after)
    return await change(work, _territories(work), before, given | _sorted(given), action="update")


async def end_territory(work: Work, territory_id: UUID, data: TerritoryEnd) -> Territory:
    """Let a territory end with a day; raises NotFound, TerritoryNotBegun, TerritoryEnded."""
    before: Territory = await require(work, _territories(work), territory_id, lock=True)
    check_end(before.valid_from, before.valid_to, data.on)
    return await change(work, _territories(work), before, {"valid_to": data.on}, action="end")


def _sorted(given: dict[str, Any]) -> dict[str, Any]:
    """Lists of a body as rows have them: each code and id once, in order, and the branches of the industries."""
    found: dict[str, Any] = {name: unique(given[name]) for name in ("regions", "industries") if name in given}
    if "industries" in given:
        found["branches"] = branches_of(given["industries"])
    if "account_ids" in given:
        found["account_ids"] = tuple(sorted(set(given["account_ids"])))
    return found


async def _check_unit(work: Work, one: Held) -> None:
    """A unit answers for something on days on which it is there. Raises UnitUnknown, UnitOutside."""
    if one.unit_id is not None:
        unit = await require_named_unit(work, one.unit_id, "/unit_id", hold=True)
        check_there(unit, one.valid_from, one.valid_to, "/unit_id")


async def _check_references(work: Work, given: dict[str, Any], one: Held) -> None:
    if given.get("member_id") is not None:
        await check_stays(work, given["member_id"], "/member_id", one.valid_from, one.valid_to)
    named = given.get("account_ids") or ()
    known = await known_accounts(work, named)
    for number, account_id in enumerate(named):
        if account_id not in known:
            pointer = f"/account_ids/{number}"
            raise NotHeardYet(errors=[FieldError(pointer, NotHeardYet.code, "no such account")])


async def resolve(work: Work, query: ResolveQuery) -> TerritoryResolution:
    """Whose an account is on a day, and why; raises NotFound (account)."""
    on = query.on or work.today
    account = await require_located(work, query.account_id)
    claims = await repository.list_claims(work.tx, on, account.members, account.places, account.branches)
    shown = [_claim(one) for one in claims[: _MOST_OTHERS + 1]]
    return TerritoryResolution(
        account_id=account.id,
        filed_account_id=query.account_id,
        on=on,
        region=account.places[-1] if account.places else None,
        industry=account.branches[-1] if account.branches else None,
        territory=shown[0] if shown else None,
        decided_by=decided_by(claims),
        others=shown[1:],
        others_total=max(0, len(claims) - 1),
    )


def _claim(one: Claim) -> TerritoryClaim:
    return TerritoryClaim(**one.model_dump(exclude={"level"}), reason=LEVELS[one.level - 1])


async def regions_held(work: Work, holders: Sequence[Holder], first: date, last: date) -> Mapping[str, Sequence[str]]:
    """The regions that members, and units with all below them, answer for whole on a day of a period, by their key."""
    return await repository.list_regions(work.tx, holders, first, last) if holders else {}


async def read_coverage(work: Work, query: CoverageQuery) -> TerritoryCoverage:
    """What the territories of a day hold of the accounts that the caller sees, twice and not at all."""
    on, scope = query.on or work.today, await work.scope()
    found = await repository.get_coverage(work.tx, on, (scope.everything, scope.members), _MOST_ENTRIES)
    overlaps = [{**one.model_dump(exclude={"level"}), "reason": LEVELS[one.level - 1]} for one in found.overlaps]
    rest = found.model_dump(exclude={"accounts", "overlaps"})
    return TerritoryCoverage.model_validate(
        {**rest, "overlaps": overlaps, "as_of": on, "formula_version": FORMULA_VERSION, "sample_size": found.accounts}
    )
