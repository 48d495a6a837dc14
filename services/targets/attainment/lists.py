"""Tables of summed credits: what narrows each, and what it is summed by.

Days tell of any range what asks for units alone, for what was sold (product line, customer type, channel), for regions
or for members and their units; months tell of whole months, with the members or without; the daily buckets tell all
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.targets.credits.lists import label_sql

LABEL = "{0}.value"
"""How a label is shown: joined once it is summed by."""


class Source(NamedTuple):
    """A table, its column of time, conditions by field of a slice, and by group what is summed by and how that is shown
    (of a label {0}, or of the column {1} itself); "" is no group."""

    table: str
    time: str
    conditions: Mapping[str, str]
    keys: Mapping[str, tuple[str, str]]


_NONE = {"": ("0", "NULL::text")}
_BY_MONTH = {
    "month": ("m.month", "to_char({1}, 'YYYY-MM')"),
    "quarter": ("m.month", "to_char({1}, 'YYYY-\"Q\"Q')"),
    "year": ("m.month", "to_char({1}, 'YYYY')"),
}
_BY_DAY = {
    "day": ("m.day", "to_char({1}, 'YYYY-MM-DD')"),
    "week": ("date_trunc('week', m.day::timestamp)", "to_char({1}, 'IYYY-\"W\"IW')"),
    "month": ("date_trunc('month', m.day::timestamp)", "to_char({1}, 'YYYY-MM')"),
    "quarter": ("date_trunc('quarter', m.day::timestamp)", "to_char({1}, 'YYYY-\"Q\"Q')"),
    "year": ("date_trunc('year', m.day::timestamp)", "to_char({1}, 'YYYY')"),
}
_MEMBER = {"member": ("m.member_id", "{1}::text")}
_LABELS = ("product_line", "region", "customer_type", "channel")
_UNIT_LABEL = "m.unit = ANY(ARRAY(SELECT l.id FROM credit_label l WHERE l.kind = 'unit' AND l.path @> ARRAY[{}::uuid]))"
_CONDITIONS = {
    "unit_id": _UNIT_LABEL,
    "product_line": f"m.product_line = {label_sql('product_line', '{}::text')}",
    "region": f"m.region = {label_sql('region', '{}::text')}",
    "customer_type": f"m.customer_type = {label_sql('customer_type', '{}::text')}",
    "channel_id": f"m.channel = {label_sql('channel', '{}::uuid::text')}",
}

BUCKETS = Source(
    "credit_bucket",
    "m.day",
    {
        "unit_id": "m.unit_path[cardinality(m.unit_path)] = ANY(ARRAY(SELECT u.id FROM unit u "
        "WHERE u.path @> ARRAY[{}::uuid]))",
        "member_id": "m.member_id = {}",
        **{name: f"m.{name} = {{}}" for name in _LABELS[:3]},
        "channel_id": "m.channel = {}::uuid::text",
    },
    {
        **_NONE,
        **_BY_DAY,
        **_MEMBER,
        "unit": ("m.unit_path[cardinality(m.unit_path)]", "{1}::text"),
        **{name: (f"m.{name}", "nullif({1}, '')") for name in _LABELS},
    },
)


def _labeled(*names: str) -> dict[str, tuple[str, str]]:
    return {name: (f"m.{name}", LABEL) for name in names}


def _narrowed(*names: str) -> dict[str, str]:
    return {name: _CONDITIONS[name] for name in names}


DAYS = Source("credit_day", "m.day", _narrowed("unit_id"), {**_NONE, **_BY_DAY, **_labeled("unit")})
OFFERS = Source(
    "credit_offer_day",
    "m.day",
    _narrowed("product_line", "customer_type", "channel_id"),
    {**_NONE, **_BY_DAY, **_labeled("product_line", "customer_type", "channel")},
)
REGIONS = Source(
    "credit_region_day",
    "m.day",
    _narrowed("region", "customer_type", "channel_id"),
    {**_NONE, **_BY_DAY, **_labeled("region", "customer_type", "channel")},
)
MEMBER_DAYS = Source(
    "credit_member_day", "m.day", _narrowed("unit_id"), {**_NONE, **_BY_DAY, **_MEMBER, **_labeled("unit")}
)
MONTHS = Source("credit_month", "m.month", _CONDITIONS, {**_NONE, **_BY_MONTH, **_labeled("unit", *_LABELS)})
MEMBERS = Source(
    "credit_member_month",
    "m.month",
    _narrowed("unit_id", "region", "customer_type", "channel_id"),
    {**_NONE, **_BY_MONTH, **_MEMBER, **_labeled("unit", *_LABELS[1:])},
)
PRODUCTS = Source(
    "credit_member_product",
    "m.month",
    _narrowed("unit_id", "product_line"),
    {**_NONE, **_BY_MONTH, **_MEMBER, **_labeled("unit", "product_line")},
)
