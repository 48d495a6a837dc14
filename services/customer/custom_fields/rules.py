"""Pure rules of custom fields: what a value must be, what a write makes of the values of a row, what is limited.

Values are as JSON has them: a text, a whole number, true or false, `{amount, currency}`, or a list of options. Decimals
and dates are texts, so that no value passes through a binary fraction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol

from kit.errors import Conflict, FieldError, Invalid
from kit.money import MAX_AMOUNT, is_currency
from kit.text import RefusedText, clean_text
from services.customer.custom_fields.enums import CustomType

MAX_FIELDS: Final = 200
MAX_INDEXED: Final = 20
MAX_BYTES: Final = 16 * 1024
MAX_TEXT: Final = 4_000
MAX_CHOSEN: Final = 50
MAX_OPTIONS: Final = 500
"""Options of a field, withdrawn ones too."""
INT64: Final = 2**63
PREFIX: Final = "custom."
"""What stands before a key in the grammar of lists."""
CHOICES: Final = frozenset({CustomType.ENUM, CustomType.MULTI_ENUM})
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ASKED = re.compile(r"custom\.([a-z][a-z0-9_]{0,62})(?:\[.*)?", re.S)

Values = Mapping[str, Any]
"""Values of a row by key."""


class CustomInvalid(Invalid):
    """A value is not what its field holds, or there is no such field; each is named."""

    code, title = "custom-invalid", "A custom field is not valid"


class OptionsInvalid(Invalid):
    """A field of choices has options, no other field has."""

    code, title = "custom-options", "These cannot be the options of the field"


class FieldInUse(Conflict):
    """A saved filter asks for the field."""

    code, title = "field-in-use", "A saved filter asks for the field"


class FieldArchived(Conflict):
    """An archived field takes no changes."""

    code, title = "custom-field-archived", "The field is archived"


class FieldLimit(Conflict):
    """A resource has no more fields, or no more indexed ones."""

    code, title = "custom-field-limit", "The resource has as many fields as it may"


class Option(Protocol):
    """An option of a field of choices."""

    @property
    def value(self) -> str: ...
    @property
    def is_withdrawn(self) -> bool: ...


class Defined(Protocol):
    """A field as its definition says."""

    @property
    def key(self) -> str: ...
    @property
    def type(self) -> CustomType: ...
    @property
    def required(self) -> bool: ...
    @property
    def options(self) -> Sequence[Option]: ...
    @property
    def is_archived(self) -> bool: ...


class Refused(ValueError):
    """A value is none of the field: a stable code and a sentence without the value."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def custom_after(fields: Mapping[str, Defined], given: Values, before: Values) -> dict[str, Any]:
    """The values of a row after a write that gives some: those not given stay, null takes one away.

    What stays as it is is not judged anew, so a row keeps options that were withdrawn and values of archived fields. A
    required field has a value after each write that gives any. Raises CustomInvalid, which names every key at fault.
    """
    after, faults = dict(before), list[FieldError]()
    for key, value in given.items():
        field = fields.get(key)
        try:
            if field is None:
                raise Refused("custom-field-unknown", "there is no such field")
            if value is None:
                after.pop(key, None)
            elif not _stays(value, before.get(key)):
                after[key] = read_value(field, value, before.get(key))
        except Refused as refused:
            faults.append(FieldError(f"/custom/{key}", refused.code, refused.detail))
    judged = {one.pointer for one in faults}
    for key, field in sorted(fields.items()):
        is_missing = field.required and not field.is_archived and key not in after
        if is_missing and f"/custom/{key}" not in judged:
            faults.append(FieldError(f"/custom/{key}", "required", "the field must have a value"))
    if faults:
        raise CustomInvalid(errors=faults)
    if len(json.dumps(after, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_BYTES:
        detail = f"the values of a row take at most {MAX_BYTES} bytes as JSON"
        raise CustomInvalid(detail, errors=[FieldError("/custom", "too-long", detail)])
    return after


def _stays(value: object, before: object) -> bool:
    return type(value) is type(before) and value == before


def read_value(field: Defined, value: object, before: object = None) -> Any:
    """A value as it is kept; `before` is what the row has. Raises Refused.

    >>> from types import SimpleNamespace as N
    >>> read_value(N(type=CustomType.DECIMAL, is_archived=False, options=()), "-0012.50")
    Traceback (most recent call last):
    ...
    services.customer.custom_fields.rules.Refused: expected a decimal number as text, such as "12.5"
    >>> read_value(N(type=CustomType.DECIMAL, is_archived=False, options=()), "-12.50")
    '-12.5'
    """
    if field.is_archived:
        raise Refused("custom-field-archived", "the field is archived: its value may stay or be taken away")
    if field.type in CHOICES:
        return _CHOOSERS[field.type](field, value, before)
    return _READERS[field.type](value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Refused("wrong-type", "expected a text")
    if not 1 <= len(value) <= MAX_TEXT:
        raise Refused("out-of-range", f"expected 1 to {MAX_TEXT} characters")
    try:
        return clean_text(value, lines=True)
    except RefusedText as refused:
        raise Refused(refused.code, str(refused)) from None


def _int(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("wrong-type", "expected a whole number")
    if not -INT64 <= value < INT64:
        raise Refused("out-of-range", "expected a whole number of 64 bits")
    return value


def _decimal(value: object) -> str:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise Refused("wrong-type", 'expected a decimal number as text, such as "12.5"')
    return plain_decimal(value)


def plain_decimal(text: str) -> str:
    """A decimal number in the one spelling in which it is kept; as text, since arithmetic would round long ones.

    >>> plain_decimal("12345678901234567890.123456789012345670"), plain_decimal("-0.00")
    ('12345678901234567890.12345678901234567', '0')
    """
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if plain == "-0" else plain


def _money(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != {"amount", "currency"}:
        raise Refused("wrong-type", "expected {amount, currency}")
    amount, currency = value["amount"], value["currency"]
    if not isinstance(amount, int) or isinstance(amount, bool) or not -MAX_AMOUNT <= amount <= MAX_AMOUNT:
        raise Refused("wrong-type", f"expected an amount in minor units, up to {MAX_AMOUNT} either way")
    if not isinstance(currency, str) or not is_currency(currency):
        raise Refused("wrong-type", "expected an ISO 4217 currency with minor units")
    return {"amount": amount, "currency": currency}


def _date(value: object) -> str:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        raise Refused("wrong-type", "expected a date, YYYY-MM-DD")
    if not 1900 <= day.year <= 2200:
        raise Refused("out-of-range", "the year must lie between 1900 and 2200")
    return day.isoformat()


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused("wrong-type", "expected true or false")
    return value


_READERS: Mapping[CustomType, Callable[[object], Any]] = {
    CustomType.TEXT: _text,
    CustomType.INT: _int,
    CustomType.DECIMAL: _decimal,
    CustomType.MONEY: _money,
    CustomType.DATE: _date,
    CustomType.BOOL: _bool,
}


def _chosen(field: Defined, value: object, kept: Collection[object]) -> str:
    standing = [one.value for one in field.options if not one.is_withdrawn or one.value in kept]
    if not isinstance(value, str) or value not in standing:
        listed = ", ".join(one.value for one in field.options if not one.is_withdrawn)
        raise Refused("unknown-option", f"expected one of: {listed[:250]}")
    return value


def _one(field: Defined, value: object, _before: object) -> str:
    return _chosen(field, value, ())


def _several(field: Defined, value: object, before: object) -> list[str]:
    """In the order of the options, so that two lists of the same options are equal."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CHOSEN:
        raise Refused("wrong-type", f"expected a list of 1 to {MAX_CHOSEN} options")
    kept = before if isinstance(before, list) else ()
    chosen = [_chosen(field, one, kept) for one in value]
    if len(set(chosen)) != len(chosen):
        raise Refused("repeated", "each option once")
    return [one.value for one in field.options if one.value in chosen]


_CHOOSERS: Mapping[CustomType, Callable[[Defined, object, object], Any]] = {
    CustomType.ENUM: _one,
    CustomType.MULTI_ENUM: _several,
}


def options_after(kind: CustomType, given: Sequence[str], before: Sequence[Option]) -> list[tuple[str, bool]]:
    """Options (value, whether it is withdrawn) where these shall stand: those left out are withdrawn and keep their
    place behind. Raises OptionsInvalid."""
    if (kind in CHOICES) != bool(given):
        raise _options("a field of choices has options, no other has")
    if len(set(given)) != len(given):
        raise _options("each option once")
    gone = [one.value for one in before if one.value not in given]
    if len(given) + len(gone) > MAX_OPTIONS:
        raise _options(f"at most {MAX_OPTIONS} options, withdrawn ones too")
    return [(value, False) for value in given] + [(value, True) for value in gone]


def _options(detail: str) -> OptionsInvalid:
    return OptionsInvalid(detail, errors=[FieldError("/options", OptionsInvalid.code, detail)])


def check_limits(standing: int, indexed: int) -> None:
    """Raises FieldLimit for more fields, or more indexed ones, than a resource may have."""
    if standing > MAX_FIELDS:
        raise FieldLimit(f"a resource has at most {MAX_FIELDS} fields", extra={"limit": MAX_FIELDS})
    if indexed > MAX_INDEXED:
        detail = f"a resource has at most {MAX_INDEXED} indexed fields"
        raise FieldLimit(detail, errors=[FieldError("/indexed", FieldLimit.code, detail)], extra={"limit": MAX_INDEXED})


def keys_asked(names: Collection[str]) -> frozenset[str]:
    """The keys that parameters of a list ask for; what no field can have as its key is none.

    >>> sorted(keys_asked(["custom.budget[gte]", "custom.tier", "region", "customer_type", "custom.\\0"]))
    ['budget', 'tier']
    """
    return frozenset(found[1] for name in names if (found := _ASKED.fullmatch(name)) is not None)
