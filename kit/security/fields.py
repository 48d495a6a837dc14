"""Field policies: whether a caller sees a sensitive field in full, masked, or not at all.

A masked text keeps its last four characters when it has at least eight: enough to recognise a value one
knows, too little to learn it. In lists the mask is made by the database, and a field that is not seen in
full can be neither filtered nor sorted by nor searched: every such question would be an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from kit.db.filters import ListSpec
from kit.security.principals import Actor

Level = Literal["full", "masked", "none"]

KEPT = 4
MASKED_FROM = 8
_MASK = (
    f"CASE WHEN length({{0}}) >= {MASKED_FROM} "
    f"THEN repeat('*', length({{0}}) - {KEPT}) || right({{0}}, {KEPT}) ELSE repeat('*', length({{0}})) END"
)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Holders of the permission see a text field in full, others as `otherwise` says."""

    permission: str
    otherwise: Literal["masked", "none"] = "masked"


FieldPolicy = Mapping[str, FieldRule]
"""Rules of a resource by the name of the field; fields without a rule are seen by all."""


def level(rule: FieldRule, actor: Actor) -> Level:
    """What the caller sees of a field."""
    return "full" if actor.may(rule.permission) else rule.otherwise


def mask(value: str) -> str:
    """`91110000600037341L` becomes `**************341L`, a text under eight characters stars only."""
    if len(value) < MASKED_FROM:
        return "*" * len(value)
    return "*" * (len(value) - KEPT) + value[-KEPT:]


def shown(body: Mapping[str, Any], policy: FieldPolicy, actor: Actor) -> dict[str, Any]:
    """An answer's body as the caller may see it."""
    return {
        name: value if value is None or name not in policy else _seen(value, level(policy[name], actor))
        for name, value in body.items()
    }


def _seen(value: str, how: Level) -> str | None:
    if how == "full":
        return value
    return mask(value) if how == "masked" else None


def shown_list(spec: ListSpec, policy: FieldPolicy, actor: Actor) -> ListSpec:
    """The list as the caller may see it; the same object for callers who see everything."""
    levels = tuple((name, seen) for name, rule in policy.items() if (seen := level(rule, actor)) != "full")
    return _restricted(spec, levels) if levels else spec


@lru_cache(maxsize=256)
def _restricted(spec: ListSpec, levels: tuple[tuple[str, Level], ...]) -> ListSpec:
    fields = dict(spec.fields)
    hidden = {fields[name].sql for name, _ in levels}
    for name, seen in levels:
        sql = _MASK.format(fields[name].sql) if seen == "masked" else "NULL::text"
        fields[name] = replace(fields[name], sql=sql, nullable=True, filterable=False, sortable=False)
    search = tuple(column for column in spec.search if column not in hidden)
    return replace(spec, fields=fields, search=search, search_key=spec.search_key if search == spec.search else None)
