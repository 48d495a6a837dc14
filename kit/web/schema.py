"""Base of the API schemas and the types fields are made of."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, LiteralString

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from kit.money import MAX_AMOUNT, SHARE_WHOLE, is_currency
from kit.regions import area_code, country_code, region_code
from kit.text import BIDI, CONTROLS, LINE_CONTROLS, RefusedText, clean_text

ABSENT: Any = None
"""Default of a field that a change may leave out but not set to null."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Schema(BaseModel):
    """Request and answer bodies: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    def given(self) -> dict[str, Any]:
        """The fields that the body names: what a change leaves out stays."""
        return self.model_dump(exclude_unset=True)


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("not an ISO 4217 currency with minor units")
    return code


def _written_country(code: object) -> object:
    """UK and EL as GB and GR; what is no two letters is refused for its form."""
    return (country_code(code) or code) if isinstance(code, str) else code


def _country(code: str) -> str:
    return _known("unknown-country", country_code(code), f"{code} is no country of ISO 3166-1")


def _region(written: str) -> str:
    return _known("unknown-region", region_code(written), f"{written} is no region of ISO 3166-2")


def _area(written: str) -> str:
    return _known(
        "unknown-region", area_code(written), f"{written} is no country of ISO 3166-1, no region and no part of one"
    )


def _known(code: LiteralString, found: str | None, reason: str) -> str:
    if found is None:
        raise PydanticCustomError(code, "{reason}", {"reason": reason})
    return found


def _written_date(value: object) -> object:
    """Numbers, which pydantic would take for Unix times, are no dates."""
    if isinstance(value, datetime) or not (
        isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value))
    ):
        raise ValueError("expected a date, YYYY-MM-DD")
    return value


def _written_moment(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and "T" in value.upper()):
        raise ValueError("expected an RFC 3339 date-time")
    return value


def _sane_date(value: date) -> date:
    if not 1900 <= value.year <= 2200:
        raise ValueError("the year must lie between 1900 and 2200")
    return value


def _sane_moment(value: datetime) -> datetime:
    _sane_date(value.date())
    return value.astimezone(UTC)


def _written_text(limit: int, *, lines: bool = False) -> BeforeValidator:
    """Text is stored in NFC; what kit.text refuses is refused with its code and its position."""

    def cleaned(value: object) -> object:
        if not isinstance(value, str) or len(value) > NFC_SHRINKS * limit:
            return value
        try:
            return clean_text(value, lines=lines)
        except RefusedText as refused:
            raise PydanticCustomError(
                refused.code, "{reason}", {"reason": str(refused), "position": refused.position}
            ) from None

    return BeforeValidator(cleaned)


NFC_SHRINKS = 4
"""How many characters become one in NFC at most: a text longer than that many times its limit need not be cleaned."""
_ON_A_LINE: Any = Field(json_schema_extra={"pattern": f"^[^{CONTROLS}{BIDI}]*$"})
_ON_LINES: Any = Field(json_schema_extra={"pattern": f"^[^{LINE_CONTROLS}{BIDI}]*$"})

Text = Annotated[str, StringConstraints(max_length=200), _written_text(200), _ON_A_LINE]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200), _written_text(200), _ON_A_LINE]
LongText = Annotated[str, StringConstraints(max_length=4000), _written_text(4000, lines=True), _ON_LINES]
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$"), _written_text(64)
]
CurrencyCode = Annotated[
    str, StringConstraints(min_length=3, max_length=3, pattern=r"^[A-Z]{3}$"), AfterValidator(_currency)
]
Country = Annotated[
    str,
    StringConstraints(min_length=2, max_length=2, pattern=r"^[A-Z]{2}$"),
    BeforeValidator(_written_country),
    AfterValidator(_country),
    Field(description="ISO 3166-1 alpha-2; UK is kept as GB, EL as GR"),
]
Region = Annotated[Code, AfterValidator(_region), Field(description="ISO 3166-2; CN-31 and Shanghai are kept as CN-SH")]
Area = Annotated[
    Code,
    AfterValidator(_area),
    Field(description="a country of ISO 3166-1, a region of ISO 3166-2, or a part of a country of your own (CN-S)"),
]
Amount = Annotated[int, Field(strict=True, ge=-MAX_AMOUNT, le=MAX_AMOUNT, description="minor units of the currency")]
PositiveAmount = Annotated[int, Field(strict=True, gt=0, le=MAX_AMOUNT, description="minor units of the currency")]
NonNegativeAmount = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT, description="minor units of the currency")]
Share = Annotated[int, Field(strict=True, ge=0, le=SHARE_WHOLE, description="share in millionths: 1000000 is all")]
PositiveShare = Annotated[int, Field(strict=True, gt=0, le=SHARE_WHOLE, description="share in millionths")]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
DecimalText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=26, pattern=r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?$"),
]
BusinessDate = Annotated[date, BeforeValidator(_written_date), AfterValidator(_sane_date)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_moment), AfterValidator(_sane_moment)]
