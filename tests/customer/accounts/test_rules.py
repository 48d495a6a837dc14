"""Tax ids."""

from __future__ import annotations

import pytest

from services.customer.accounts.rules import TaxIdInvalid, clean_tax_id

GOOD = "91110000600037341L"


def test_chinese_organisations_have_a_checked_code() -> None:
    assert clean_tax_id("organization", "CN", " 91110000 600037341l ") == GOOD
    assert clean_tax_id("organization", "DE", "de 811 569 869") == "DE811569869"
    assert clean_tax_id("person", "CN", "free") == "FREE"
    assert clean_tax_id("organization", None, None) is None


@pytest.mark.parametrize(
    ("country", "tax_id", "pointer"),
    [("CN", GOOD[:-1] + "X", "/tax_id"), ("CN", "362322198709086409", "/tax_id"), (None, "1", "/country")],
)
def test_bad_tax_ids(country: str | None, tax_id: str, pointer: str) -> None:
    with pytest.raises(TaxIdInvalid) as caught:
        clean_tax_id("organization", country, tax_id)
    assert caught.value.errors[0].pointer == pointer
