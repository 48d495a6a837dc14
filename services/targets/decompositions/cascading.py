"""Splitting a target level by level: each level splits every leaf of the one before, all of it or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from kit.errors import FieldError, Invalid
from kit.jobs.jobs import enqueue
from kit.web.batch import RowRepeated
from kit.work import Work
from services.targets.decompositions import service
from services.targets.decompositions.children import ChildrenInvalid, fitting, parts_of
from services.targets.decompositions.enums import PERIODS, Dimension
from services.targets.decompositions.periods import periods_of
from services.targets.decompositions.planning import plan_split
from services.targets.decompositions.schemas import (
    CascadeCreate,
    CascadeLevelRead,
    CascadeRead,
    ChildCreate,
    PathConstraint,
    SplitCreate,
)
from services.targets.targets import service as targets
from services.targets.targets.models import Target

CASCADE = "decompositions.cascade"
"""Kind of the job of a cascade of many cells."""
MAX_AT_ONCE = 20_000
"""Most cells that a cascade makes in its own request; more are left to a job."""
MAX_CELLS = 200_000

Path = tuple[str, ...]
"""Keys of the children from the first level down."""
Name = tuple[str | None, UUID | None, UUID | None]
"""How a child is named: key, unit, member."""
MAX_NAMED = 50


class PathUnknown(Invalid):
    code, title = "path-unknown", "There is no such cell"


class TooManyCells(Invalid):
    code, title = "too-many-cells", f"A cascade makes at most {MAX_CELLS} cells"


async def begin_cascade(work: Work, target_id: UUID, data: CascadeCreate) -> CascadeRead | UUID:
    """A cascade at once, or the id of the job that makes it when it has more than MAX_AT_ONCE cells: of one that is
    too large, only its target and those cells are looked at before.

    Raises what add_cascade raises.
    """
    if _at_most(await targets.require_target(work, target_id), data) <= MAX_AT_ONCE:
        return await add_cascade(work, target_id, data)
    target = await targets.require_target(work, target_id, lock=True)
    await targets.check_split(work, target)
    if not await _is_large(work, target, data):
        return await add_cascade(work, target_id, data)
    asked = {
        **{"target_id": str(target_id), "asked": data.model_dump(mode="json", exclude_unset=True)},
        **{"subject": work.actor.subject, "roles": sorted(work.actor.roles)},
    }
    return await enqueue(work.tx, CASCADE, asked, work.actor.subject)


def _at_most(target: Target, data: CascadeCreate) -> int:
    """How many cells a cascade may have: were every child of a level inside every leaf."""
    leaves, cells = 1, 0
    for level in data.levels:
        leaves *= (
            len(periods_of(level.dimension, target.period_start, target.period_end))
            if level.dimension in PERIODS
            else len(level.children)
        )
        cells += leaves
    return cells


async def _is_large(work: Work, target: Target, data: CascadeCreate) -> bool:
    """Whether there are more than MAX_AT_ONCE cells; counts no further. Raises as add_cascade what is found so far."""
    leaves, made = [target], 0
    for number, level in enumerate(data.levels):
        below: list[Target] = []
        for leaf in leaves:
            given = await fitting(work, leaf, level.dimension, level.children)
            with _placed(number, level.children, given):
                parts = await parts_of(work, leaf, level.dimension, given)
            made += len(parts)
            if made > MAX_AT_ONCE:
                return True
            below += [leaf.model_copy(update=dict(part.narrowed)) for part in parts]
        leaves = below
    return False


async def add_cascade(
    work: Work, target_id: UUID, data: CascadeCreate, check: Callable[[], None] = lambda: None
) -> CascadeRead:
    """Split a target level by level. What is known of the target before stays; the first level takes the crediting mark
    like any decomposition, deeper ones have it. `check` is called before each leaf and may end it.

    Raises what a decomposition raises, ChildrenInvalid (also for a child that lies inside no leaf), PathUnknown,
    RowRepeated (a path), TooManyCells.
    """
    wanted = _wanted(data.constraints)
    target = await targets.begin_split(work, target_id)
    is_crediting = await service.takes_crediting(work, target_id, data.is_crediting)
    leaves: list[tuple[Path, Target]] = [((), target)]
    levels, made, used = [], 0, set[Path]()
    for number, level in enumerate(data.levels):
        below: list[tuple[Path, Target]] = []
        inside = set[Name]()
        for path, leaf in leaves:
            check()
            given = await fitting(work, leaf, level.dimension, level.children)
            inside |= {_name(child) for child in given}
            bound = _bound(leaf, level.dimension, given, wanted.get(path, {}))
            asked = SplitCreate(dimension=level.dimension, drivers=level.drivers, children=bound)
            with _placed(number, level.children, given):
                split = await plan_split(work, leaf, asked, is_crediting=is_crediting or leaf is not target)
            made += len(split.children)
            if made > MAX_CELLS:
                raise TooManyCells
            below += [((*path, str(one.child_key)), one) for one in await service.store(work, leaf, split, asked)]
        _check_inside(number, level.children, inside)
        used |= {path for path, _ in below}
        levels.append(CascadeLevelRead(dimension=level.dimension, decompositions=len(leaves), cells=len(below)))
        leaves = below
    for index, one in enumerate(data.constraints):
        if tuple(one.path) not in used:
            raise PathUnknown(errors=[FieldError(f"/constraints/{index}/path", "path-unknown", "no such cell")])
    return CascadeRead(target_id=target_id, cells=made, levels=levels)


def _name(child: ChildCreate) -> Name:
    return child.key, child.unit_id, child.member_id


@contextmanager
def _placed(level: int, children: Sequence[ChildCreate], given: Sequence[ChildCreate]) -> Iterator[None]:
    """Let errors name a child of a leaf by its place in the level, of which the leaf has the `given` ones."""
    try:
        yield
    except ChildrenInvalid as found:
        own = {id(child) for child in given}
        places = [index for index, child in enumerate(children) if id(child) in own]
        errors = []
        for one in found.errors:
            _, _, *rest = one.pointer.split("/")
            place = [str(places[int(rest[0])]), *rest[1:]] if rest else []
            errors.append(replace(one, pointer="/".join((f"/levels/{level}/children", *place))))
        raise ChildrenInvalid(found.detail, errors=errors) from found


def _check_inside(level: int, children: Sequence[ChildCreate], inside: Set[Name]) -> None:
    """Raises ChildrenInvalid naming the children of a level that no leaf took."""
    errors = []
    for index, child in enumerate(children):
        if _name(child) not in inside:
            field = next((name for name in ("unit_id", "member_id") if getattr(child, name) is not None), "key")
            pointer = f"/levels/{level}/children/{index}/{field}"
            errors.append(FieldError(pointer, "outside", "is inside no target of the level above"))
    if errors:
        raise ChildrenInvalid(errors=errors[:MAX_NAMED])


def _wanted(constraints: Sequence[PathConstraint]) -> Mapping[Path, Mapping[str, PathConstraint]]:
    """The constraints by the path of the leaf that is split, and the key of the child."""
    found: dict[Path, dict[str, PathConstraint]] = defaultdict(dict)
    for index, one in enumerate(constraints):
        *above, key = one.path
        if key in found[tuple(above)]:
            raise RowRepeated(errors=[FieldError(f"/constraints/{index}/path", "repeated", "see an earlier one")])
        found[tuple(above)][key] = one
    return found


def _bound(
    leaf: Target, dimension: Dimension, given: Sequence[ChildCreate], wanted: Mapping[str, PathConstraint]
) -> list[ChildCreate]:
    """The children of one leaf with the constraints of its cells; a period need not be named to be bound."""
    limits = {key: one.model_dump(exclude={"path"}) for key, one in wanted.items()}
    bound = [
        child.model_copy(update=limits.get(str(child.key or child.unit_id or child.member_id), {})) for child in given
    ]
    if dimension in PERIODS:
        named = {child.key for child in given}
        keys = {period.key for period in periods_of(dimension, leaf.period_start, leaf.period_end)} - named
        bound += [ChildCreate(key=key, **limits[key]) for key in sorted(keys & limits.keys())]
    return bound
