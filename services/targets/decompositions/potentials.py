"""What the markets of scopes are worth: the newest size that was observed; of members and units by territories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kit.work import Work
from services.targets.decompositions.rules import Values, positive_values, within
from services.targets.observations.service import Market, sizes_of
from services.targets.territories.service import Holder, regions_held


@dataclass(frozen=True, slots=True)
class MarketScope:
    """What a child or a cell is about; markets are not observed by `customer_type`."""

    key: str
    unit_id: UUID | None = None
    member_id: UUID | None = None
    product_line: str | None = None
    region: str | None = None
    customer_type: str | None = None
    channel_id: UUID | None = None


async def potentials_of(work: Work, kind: str, scopes: Sequence[MarketScope], first: date, last: date) -> Values:
    """By scope the newest observation of the size of its market; where there is none, of a member or a unit the sum
    over the regions that their territories hold whole on a day of `first`..`last`, else that of the region for the
    whole company. Without any of these: null. Raises DriverDataInsufficient."""
    told = [one for one in scopes if one.customer_type is None]
    own = [_market(one, one.unit_id, one.region) for one in told if one.member_id is None]
    found = dict(await sizes_of(work, own))
    found |= await _of_territories(work, [one for one in told if one.key not in found], first, last)
    missing = [one for one in told if one.key not in found and one.region is not None]
    found |= await sizes_of(work, [_market(one, None, one.region) for one in missing])
    return positive_values(kind, {one.key: found.get(one.key) for one in scopes})


def _market(one: MarketScope, unit_id: UUID | None, region: str | None, key: str | None = None) -> Market:
    return Market(key or one.key, unit_id, region, one.product_line, one.channel_id)


async def _of_territories(work: Work, scopes: Sequence[MarketScope], first: date, last: date) -> dict[str, int]:
    holders = [Holder(one.key, one.unit_id, one.member_id) for one in scopes if one.unit_id or one.member_id]
    held = await regions_held(work, holders, first, last)
    markets = [
        _market(one, None, region, f"{number}|{region}")
        for number, one in enumerate(scopes)
        for region in within(held.get(one.key, ()), one.region)
    ]
    found: dict[str, int] = {}
    for key, size in (await sizes_of(work, markets)).items():
        holder = scopes[int(key.partition("|")[0])].key
        found[holder] = found.get(holder, 0) + size
    return found
