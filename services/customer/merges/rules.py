"""Pure rules of merges: what the survivor takes, what a journal gives back. Values are as JSON has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from kit.errors import Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.customer.merges.enums import MergeSide, MergeState

Values = Mapping[str, Any]
"""Columns of an account by name."""

MOVES: Moves[MergeState] = {"unmerge": Move((MergeState.MERGED,), MergeState.UNMERGED)}
PLACED: Final = ("country", "region", "tax_id")
"""Fields that are read by the country: between two countries none of them moves."""
CHOSEN: Final = (
    "name", "local_name", *PLACED, "business_type", "industry", "employees", "annual_revenue_base", "website", "phone",
    "address",
)  # fmt: skip
"""Fields whose side is chosen; tags are united, everything else stays."""
FOLLOW: Final[Mapping[str, tuple[str, ...]]] = {"website": ("domain",), "phone": ("phone_on",)}
"""Columns that go with a field."""
SIZE: Final = ("size_class", "size_on")
SIZED_BY: Final = ("industry", "employees", "annual_revenue_base")
"""The class by size follows from these three together."""
JOURNALED: Final = (*CHOSEN, "tags", *(name for names in FOLLOW.values() for name in names), *SIZE)
"""Columns whose values before and after a journal keeps where they change."""


class MergeSelf(Invalid):
    """An account is not merged into itself."""

    code, title = "merge-self", "An account cannot be merged into itself"


class MergeKindMismatch(Invalid):
    """A person and an organisation are never one."""

    code, title = "merge-kind-mismatch", "Accounts of two kinds cannot be merged"


class MergeConflict(Conflict):
    """The two have different tax ids, which was not accepted with a reason."""

    code, title = "merge-conflict", "The accounts have different tax ids"


class UnmergeConflict(Conflict):
    """Another account has the tax id that would be given back."""

    code, title = "unmerge-conflict", "Another account has the tax id meanwhile"


class CountriesDiffer(Invalid):
    """What is read by the country does not move between two countries."""

    code, title = "merge-countries-differ", "The accounts are of two countries"


class Journaled(Protocol):
    """A column of both accounts before and after a merge."""

    @property
    def field(self) -> str: ...
    @property
    def survivor_before(self) -> Any: ...
    @property
    def survivor_after(self) -> Any: ...
    @property
    def merged_before(self) -> Any: ...
    @property
    def merged_after(self) -> Any: ...


class Restored(NamedTuple):
    """What an unmerge gives back on both sides, and the fields that are kept as they are."""

    survivor: dict[str, Any]
    merged: dict[str, Any]
    kept: tuple[str, ...]


def is_empty(value: Any) -> bool:
    """Whether a field says nothing."""
    return value is None or value == "" or value == []


def united(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """The tags of both, each once, those of the first in front."""
    return list(dict.fromkeys([*first, *second]))


def taken(survivor: Values, merged: Values, chosen: Mapping[str, MergeSide], *, is_same_tax_id: bool) -> dict[str, Any]:
    """What the survivor takes of the merged account, by column, but for its class by size: the chosen fields, and those
    of which it has nothing; an empty value never beats a filled one. Raises CountriesDiffer."""
    apart = _apart(survivor, merged, chosen)
    found: dict[str, Any] = {}
    for name in CHOSEN:
        wins = chosen.get(name) is MergeSide.MERGED or is_empty(survivor[name])
        if name in apart or not wins or is_empty(merged[name]) or (name == "tax_id" and is_same_tax_id):
            continue
        found |= {each: merged[each] for each in (name, *FOLLOW.get(name, ()))}
    tags = united(survivor["tags"], merged["tags"])
    found |= {"tags": tags}
    return {name: value for name, value in found.items() if value != survivor[name]}


def country_of(values: Values) -> str | None:
    """The country of an account; without one that of its region."""
    region = values["region"] or ""
    return values["country"] or (region[:2] if region[2:3] == "-" else None)


def _apart(survivor: Values, merged: Values, chosen: Mapping[str, MergeSide]) -> Collection[str]:
    """Fields that stay because they are read by another country."""
    here, there = country_of(survivor), country_of(merged)
    if here is None or there is None or here == there:
        return ()
    asked = [name for name in PLACED if chosen.get(name) is MergeSide.MERGED]
    if asked:
        detail = f"{here} and {there}: what is read by the country stays"
        raise CountriesDiffer(detail, errors=[FieldError(f"/fields/{asked[0]}", CountriesDiffer.code, detail)])
    return PLACED


def check_tax_ids(first: str | None, second: str | None, *, is_accepted: bool, reason: str | None) -> None:
    """Raises MergeConflict for two different tax ids (as they read, with their country) unless that is accepted with a
    reason."""
    if first is None or second is None or first == second or (is_accepted and reason):
        return
    if is_accepted:
        raise MergeConflict("two different tax ids are accepted only with a reason")
    raise MergeConflict("the accounts have two different tax ids; accept_different_tax_id, with a reason, merges them")


def restored(journal: Sequence[Journaled], survivor: Values, merged: Values, withheld: Collection[str]) -> Restored:
    """What is given back: where a side still has the value that the merge gave, what it had before. `withheld` are
    fields that stay in any case."""
    by_field = {one.field: one for one in journal}
    sides = (_Side(survivor, {}), _Side(merged, {}))
    kept: list[str] = []
    for name in (*CHOSEN, "tags"):
        if (one := by_field.get(name)) is None:
            continue
        given = ((one.survivor_before, one.survivor_after), (one.merged_before, one.merged_after))
        for side, (before, after) in zip(sides, given, strict=True):
            if before == after:
                continue
            if name in withheld or side.now[name] != after:
                kept.append(name)
            else:
                side.back[name] = before
        follow = [each for each in FOLLOW.get(name, ()) if each in by_field and name in sides[0].back]
        sides[0].back.update({each: by_field[each].survivor_before for each in follow})
    kept += _with_countries(by_field, sides)
    if not set(SIZED_BY) & set(kept):
        sides[0].back.update({name: by_field[name].survivor_before for name in SIZE if name in by_field})
    return Restored(sides[0].back, sides[1].back, tuple(dict.fromkeys(kept)))


class _Side(NamedTuple):
    now: Values
    back: dict[str, Any]

    def has(self, name: str) -> Any:
        """What a field is after the undoing."""
        return self.back.get(name, self.now[name])


def _with_countries(by_field: Mapping[str, Journaled], sides: tuple[_Side, _Side]) -> list[str]:
    """No tax id is left without its country: one that is given back brings it along, or stays where it is on both sides
    when there is another one. Returns what is kept therefore."""
    kept: list[str] = []
    if (one := by_field.get("country")) is not None:
        for side, country in zip(sides, (one.survivor_before, one.merged_before), strict=True):
            if side.back.get("tax_id") is None:
                continue
            if side.has("country") is None:
                side.back["country"] = country
            elif side.has("country") != country:
                kept.append("tax_id")
    stays = bool(kept)
    for side in sides:
        if stays:
            side.back.pop("tax_id", None)
        if "country" in side.back and "tax_id" not in side.back and side.now["tax_id"] is not None:
            del side.back["country"]
            kept.append("country")
    return kept
