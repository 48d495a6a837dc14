"""Partners with tax ids in few words, and the directory of who may be responsible for them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.tax_ids import organization_check
from kit.testing.service import ServiceHarness, make_event

PATH = "/v1/partners"
USCC = "91110000600037341L"
BANK = {"bank_name": "ICBC Shanghai", "account_number": "6222 0200-0000 1234", "holder": "Li Na"}
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def body(code: str, **more: Any) -> dict[str, Any]:
    """A partner that applies."""
    return {"code": code, "name": "Harbour Distribution", "kind": "distributor", **more}


async def made(service: ServiceHarness, code: str = "P-1", **more: Any) -> dict[str, Any]:
    answer = await service.post(PATH, body(code, **more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def uscc(number: int) -> str:
    """A Unified Social Credit Code with valid check characters."""
    organisation = f"{number:08d}"
    plain = f"91310000{organisation}{organization_check(organisation)}"
    total = sum(_ALPHABET.index(each) * pow(3, at, 31) for at, each in enumerate(plain))
    return plain + _ALPHABET[-total % 31]


def spellings(tax_id: str) -> Iterator[str]:
    """Ways in which one Chinese tax id is written."""
    for separator, is_lower in product(("", " ", "-", ".", "/", ". ", " - ", "/ ", "--"), (False, True)):
        written = separator.join((tax_id[:2], tax_id[2:8], tax_id[8:17], tax_id[17:]))
        yield written.lower() if is_lower else written


async def member(service: ServiceHarness, valid_to: str | None = None) -> UUID:
    """A member of the sales organisation, heard of."""
    member_id, unit = new_id(), new_id()
    membership = {"unit_id": unit, "path": [unit], "valid_from": "2020-01-01", "valid_to": valid_to}
    code = f"rep-{member_id.hex}"
    one = {"id": member_id, "code": code, "subject": code, "role": "sales_rep", "memberships": [membership]}
    await service.deliver(make_event("targets.member.joined.v1", one, "organisation"))
    return member_id
