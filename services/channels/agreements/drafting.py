"""Columns of a version out of what was written: dates and lines fit, and what is named is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.errors import FieldError, UnknownReference
from kit.work import Work
from services.channels.agreements.rules import AgreementInvalid, check_validity, lines_of
from services.channels.agreements.schemas import AgreementContent
from services.channels.products import service as products
from services.channels.programmes import service as programmes

TERMS = tuple(AgreementContent.model_fields)


async def checked(work: Work, data: AgreementContent) -> dict[str, Any]:
    """The columns of a version's terms."""
    check_validity(data.valid_from, data.valid_to)
    faults = []
    if data.minimum_volume_base is not None and data.valid_to is None:
        faults.append(FieldError("/valid_to", "missing", "a minimum volume is owed until a day"))
    lines = lines_of(data.product_lines)
    given = [lines_of([one.product_line])[0] for one in data.discounts]
    for number, line in enumerate(given):
        if line in given[:number]:
            faults.append(FieldError(f"/discounts/{number}/product_line", "repeated", "each line once"))
        elif data.product_lines and line not in lines:
            faults.append(FieldError(f"/discounts/{number}/product_line", "outside", "no line of the agreement"))
    if faults:
        raise AgreementInvalid(errors=faults)
    terms = {name: value for name, value in data.model_dump().items() if name in TERMS}
    return terms | _spelt(data, await _known_lines(work, data))


def _spelt(data: AgreementContent, own: Mapping[str, str]) -> dict[str, Any]:
    """What names product lines, in their own spelling."""
    discounts = [{**one.model_dump(), "product_line": own[one.product_line]} for one in data.discounts]
    lines = list(dict.fromkeys(own[line] for line in data.product_lines))
    return {"product_lines": lines, "discounts": discounts}


async def _known_lines(work: Work, data: AgreementContent) -> dict[str, str]:
    """The product lines that are named, in their own spelling; raises UnknownReference, also for a programme."""
    named = [(f"/product_lines/{number}", line) for number, line in enumerate(data.product_lines)]
    named += [(f"/discounts/{number}/product_line", one.product_line) for number, one in enumerate(data.discounts)]
    lines = await products.known_lines(work, [line for _at, line in named])
    known = await programmes.programmes_by_id(work, data.programme_ids) if data.programme_ids else {}
    unknown = [at for at, line in named if line not in lines]
    unknown += [f"/programme_ids/{number}" for number, one in enumerate(data.programme_ids) if one not in known]
    if unknown:
        raise UnknownReference(errors=[FieldError(at, UnknownReference.code, "unknown here") for at in unknown])
    return lines
