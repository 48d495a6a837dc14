"""What a body makes of an account: fields as they are kept, and those that follow from them. Nothing waits here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.domains import domain_of
from services.customer.accounts.filling import industry_code, sized
from services.customer.accounts.models import Account, Industry
from services.customer.accounts.regions import clean_region
from services.customer.accounts.rules import check_customer_type, clean_tax_id
from services.customer.persons.sealing import clean_phone

SIZED_BY = {"industry", "employees", "annual_revenue_base"}


def cleaned(
    given: Mapping[str, Any], kind: str, before: Account | None, *, base_currency: str, rate: str | None
) -> dict[str, Any]:
    """The fields of a body as they are kept, with what follows from them; `rate` is that of CNY.

    Raises CustomerTypeMismatch, IndustryUnknown, PhoneInvalid, RegionUnknown, TaxIdInvalid.
    """
    found = {name: value for name, value in given.items() if name not in ("customer_type", "source")}
    if before is not None:
        check_customer_type(given.get("customer_type"), before.customer_type)
    merged = {**(before.__dict__ if before else {}), **found}
    if {"country", "tax_id"} & found.keys():
        found["tax_id"] = clean_tax_id(kind, merged.get("country"), merged.get("tax_id"))
    if "region" in found and (before is None or found["region"] != before.region):
        found["region"] = clean_region(merged.get("country"), found["region"])
    if "website" in found:
        found["domain"] = domain_of(found["website"])
    if found.get("phone") is not None and (before is None or found["phone"] != before.phone):
        found["phone"], _ = clean_phone(found["phone"], merged.get("country"), "/phone")
    if found.get("industry") is not None:
        scheme, code = found["industry"]["scheme"], found["industry"]["code"]
        merged["industry"] = found["industry"] = Industry(scheme=scheme, code=industry_code(scheme, code))
    if SIZED_BY & found.keys():
        found["size_class"] = sized(merged, base_currency, rate)
    return found
