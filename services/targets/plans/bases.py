"""Planned denominators in a plan: they go where what they are of goes, and sum as amounts do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kit.money import allocate
from kit.records import Change
from services.targets.decompositions.models import DecompositionRow
from services.targets.plans.editing import changed_fast
from services.targets.plans.repository import Standing
from services.targets.plans.rules import BasesApart
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.service import VOID


def settle_bases(standing: Standing, given: Mapping[UUID, int], tops: Collection[UUID]) -> dict[UUID, int]:
    """The denominators by target of all from some on down, where those `given` are set: the other children of each
    decomposition that does not sum then share what is left in proportion to theirs. What is closed stays, and so do
    decompositions of an early release that never summed. Raises BasesApart where nobody is left to share."""
    found = {row.id: row.base for row in standing.rows if row.base is not None} | dict(given)
    children: dict[UUID | None, list[Target]] = defaultdict(list)
    splits: dict[UUID, list[DecompositionRow]] = defaultdict(list)
    for row in standing.rows:
        if row.base is not None:
            children[row.decomposition_id].append(row)
    for split in standing.splits:
        splits[split.target_id].append(split)
    waiting = list(tops)
    while waiting:
        at = waiting.pop()
        for split in splits[at] if at in found else ():
            own = children[split.id]
            if split.bases_sum and sum(found[one.id] for one in own) != found[at]:
                _share(own, given, found, at)
            waiting += [one.id for one in own]
    return found


def _share(children: Sequence[Target], given: Mapping[UUID, int], found: dict[UUID, int], parent_id: UUID) -> None:
    free = [one for one in children if one.id not in given and one.state is not TargetState.CLOSED]
    fixed = {one.id for one in children} - {one.id for one in free}
    rest = found[parent_id] - sum(found[one] for one in fixed)
    if not free or rest < 0:
        raise BasesApart(extra={"target_id": str(parent_id)})
    weights = [found[one.id] for one in free]
    parts = allocate(rest, weights if any(weights) else [1] * len(free), [str(one.child_key) for one in free])
    found |= {one.id: part for one, part in zip(free, parts, strict=True)}


def with_bases(
    rows: Iterable[Target], changes: Sequence[Change[Target]], bases: Mapping[UUID, int], now: datetime
) -> list[Change[Target]]:
    """Changes of targets that have other denominators, too; those that nothing else changes are among them."""
    found = {one.after.id: one for one in changes}
    for row in rows:
        base, one = bases.get(row.id, row.base), found.get(row.id)
        if base == row.base:
            continue
        if one is None:
            found[row.id] = changed_fast(row, {"base": base, **VOID}, now)
        else:
            after: Target = one.after
            found[row.id] = one._replace(after=after.model_copy(update={"base": base}), changed=(*one.changed, "base"))
    return list(found.values())
