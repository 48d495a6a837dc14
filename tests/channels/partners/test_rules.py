"""Tax ids of partners: checked by their country, shown as it writes them."""

from __future__ import annotations

import pytest

from services.channels.partners.rules import PartnerTaxIdInvalid, clean_tax_id
from tests.channels.partners.identified import USCC, spellings, uscc


@pytest.mark.parametrize("tax_id", [USCC, *spellings(USCC)])
def test_a_code_is_one_however_it_is_written(tax_id: str) -> None:
    assert clean_tax_id("CN", tax_id) == USCC


@pytest.mark.parametrize(
    ("country", "tax_id", "pointer"),
    [
        ("CN", "91110000600037341M", "/tax_id"),  # the check character of the whole
        ("CN", "362322198709086409", "/tax_id"),  # a resident's number
        ("CN", "9111", "/tax_id"),
        (None, USCC, "/country"),
        ("DE", "/", "/tax_id"),
    ],
)
def test_what_is_none_names_its_field(country: str | None, tax_id: str, pointer: str) -> None:
    with pytest.raises(PartnerTaxIdInvalid) as refused:
        clean_tax_id(country, tax_id)
    assert (refused.value.code, [one.pointer for one in refused.value.errors]) == ("tax-id-invalid", [pointer])


def test_other_countries_write_theirs() -> None:
    assert clean_tax_id("DE", "de 811 569 869") == "DE811569869"
    assert clean_tax_id("BR", "12345678000195") == "12.345.678/0001-95"
    assert clean_tax_id("CN", None) is None
    assert {clean_tax_id("CN", uscc(number)) for number in range(20)} == {uscc(number) for number in range(20)}
