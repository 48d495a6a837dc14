"""One tax id has one compact form, however it is written."""

from __future__ import annotations

import pkgutil
import re
from typing import Any

import pytest
import stdnum
from hypothesis import given
from hypothesis import strategies as st
from stdnum import get_cc_module

from kit.tax_ids import compact_tax_id, formatted_tax_id, tax_id_key, tax_id_keys

COUNTRIES = sorted(
    m.name.strip("_").upper() for m in pkgutil.iter_modules(stdnum.__path__) if m.ispkg and len(m.name) < 4
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text("0123456789ABGB-. /", max_size=20)


@pytest.mark.parametrize(
    ("country", "compact", "formatted", "spellings"),
    [
        ("BR", "12345678000195", "12.345.678/0001-95", ["12345678/0001-95", "12 345 678 0001 95"]),
        ("BR", "39053344705", "390.533.447-05", ["390533447-05"]),
        ("AR", "30500010912", "30-50001091-2", ["30 50001091 2"]),
        ("FR", "40303265045", "FR40303265045", ["FR 40 303 265 045", "fr40303265045", "40 303.265.045"]),
        ("FR", "732829320", "732 829 320", ["732.829.320"]),
        ("GB", "980780684", "980 7806 84", ["GB 980 7806 84", "gb980780684", "GB-980-7806-84"]),
        ("DE", "136695976", "DE136695976", ["DE 136,695 976", "136 695 976"]),
        ("AT", "U13585627", "ATU13585627", ["AT U 13585627"]),
        ("GR", "094259216", "EL094259216", ["EL 094259216", "GR094259216", "94259216"]),
        ("ES", "B58378431", "ESB58378431", ["B-58378431", "es b58378431"]),
        ("CH", "CHE107787577", "CHE-107.787.577", ["CHE-107.787.577 MWST", "CHE107787577 IVA", "CHE 107787577TVA"]),
        ("NO", "995525828", "995 525 828", ["NO 995 525 828 MVA", "995525828MVA"]),
        (
            "CN",
            "91110000600037341L",
            "91110000600037341L",
            ["9 1 110000 600037341 l", "９１１１００００６０００３７３４１Ｌ"],
        ),
        ("CN", "11010519491231002X", "11010519491231002X", ["110105 19491231 002x"]),
        ("US", "042103594", "042103594", ["04-2103594"]),
        ("MX", "G&M850101XXX", "G&M 850101 XXX", ["g&m-850101-xxx"]),
        ("JP", "5835678256246", "5-8356-7825-6246", ["5835678256246", "T5835678256246", "T5-8356-7825-6246"]),
        ("RO", "18547290", "RO18547290", ["RO 18547290", "ro18547290", "RORO18547290"]),
        ("RS", "101134702", "101134702", ["RS101134702", "RS 101 134 702"]),
        ("LI", "1234567", "1234567", ["LI1234567"]),
        ("NZ", "49098576", "49-098-576", ["NZ 49-098-576", "049-098-576", "nz049098576"]),
        ("NZ", "136410132", "136-410-132", ["NZ136410132", "136 410 132"]),
        ("MC", "FR53000004605", "FR53000004605", ["53 0000 04605", "MC53000004605", "mc fr 53 0000 04605"]),
        ("XI", "980780684", "980 7806 84", ["XI 980 7806 84", "GB980780684", "xi980780684"]),
        ("BR", "12345678000195", "12.345.678/0001-95", ["br12345678000195", "BR 12.345.678/0001-95"]),
        ("BR", "12ABC34501DE35", "12.ABC.345/01DE-35", ["br 12.abc.345/01de-35", "12ABC34501DE35"]),
        ("CN", "91110000600037341L", "91110000600037341L", ["CN91110000600037341L", "cn 91110000600037341l"]),
        ("MX", "GODE561231GR8", "GODE 561231 GR8", ["MX GODE-561231-GR8", "MXGODE561231GR8"]),
        ("IN", "27AAPFU0939F1ZV", "27AAPFU0939F1ZV", ["IN 27AAPFU0939F1ZV", "in-27aapfu0939f1zv"]),
        ("SG", "00192200M", "00192200M", ["SG00192200M", "sg 00192200m"]),
        ("KE", "P051365947M", "P051365947M", ["KE P051365947M"]),
        ("TN", "0000121J", "0000121/J", ["TN 121J", "121/J"]),
        ("AD", "U132950X", "U-132950-X", ["AD U-132950-X"]),
        ("DE", "123", "123", ["1-2/3", "DE 123"]),
        ("AQ", "AB123", "AB123", ["ab-12 3"]),
        ("GB", "GB", "GB", ["gb"]),
    ],
)
def test_spellings_of_one_tax_id(country: str, compact: str, formatted: str, spellings: list[str]) -> None:
    every = [compact, formatted, *spellings]
    assert [compact_tax_id(country, spelling) for spelling in every] == [compact] * len(every)
    assert [formatted_tax_id(country, spelling) for spelling in every] == [formatted] * len(every)


def test_numbers_that_differ_stay_apart() -> None:
    assert compact_tax_id("CN", "91110000600037341L") != compact_tax_id("CN", "91110000600037341X")
    assert compact_tax_id("MX", "MXA010101AB1") == "MXA010101AB1", "no prefix of the country"
    assert compact_tax_id("FR", "DE136695976") != compact_tax_id("FR", "136695976")


@pytest.mark.parametrize(
    ("written", "is_its_own"),
    [
        ("FR 40 303 265 045", True),
        ("303 265 045", True),
        ("303265045", True),
        ("303 265 045 00019", False),
        ("732 829 320", False),
        ("FR 53 0000 04605", False),
    ],
)
def test_the_numbers_of_a_french_company_are_one(written: str, is_its_own: bool) -> None:
    """Its VAT number holds the number of the company; shown is what was written."""
    assert (tax_id_key("FR", written) == "FR 40303265045") is is_its_own


@pytest.mark.parametrize("number", ["73282932000074", "732 829 320 00074", "44732829320", "732829320"])
def test_establishments_are_of_their_company(number: str) -> None:
    assert tax_id_key("FR", number) == "FR 44732829320"


@given(st.sampled_from([*COUNTRIES, "XI", "AQ"]), TEXTS)
def test_a_tax_id_is_found_by_its_own_spelling(country: str, tax_id: str) -> None:
    """Written plainly, as the country writes it, or with its prefix."""
    key = tax_id_key(country, tax_id)
    assert key in tax_id_keys(formatted_tax_id(country, tax_id))
    compact = compact_tax_id(country, tax_id)
    if compact.isdecimal() and tax_id_key(country, f"{country}{compact}") == key:
        assert key in tax_id_keys(f"{country} {compact}")


@given(st.sampled_from(COUNTRIES), TEXTS)
def test_forms_lead_to_each_other(country: str, tax_id: str) -> None:
    compact = compact_tax_id(country, tax_id)
    assert compact_tax_id(country, compact) == compact
    assert compact_tax_id(country, formatted_tax_id(country, tax_id)) == compact
    assert bool(compact) == bool(re.search(r"[^\W_]|[&+*]", compact_tax_id("AQ", tax_id)))


def known(country: str) -> Any:
    """python-stdnum's module of a country's tax id, if it has one."""
    return get_cc_module(country.lower(), "vat") or get_cc_module(country.lower(), "tin")


@pytest.mark.parametrize("country", [country for country in COUNTRIES if known(country)])
def test_valid_numbers_of_every_country_stay_valid(country: str) -> None:
    """The examples of python-stdnum: compact and formatted, they are still those numbers."""
    module = known(country)
    examples = [x for x in re.findall(r"validate\(u?'([^']*)'", module.__doc__ or "") if module.is_valid(x)]
    for example in examples:
        compact = compact_tax_id(country, example)
        assert compact_tax_id(country, formatted_tax_id(country, example)) == compact
        assert country in ("CH", "NO") or module.is_valid(compact)
        assert compact_tax_id(country, " - ".join(example)) == compact
        assert compact_tax_id(country, example.lower()) == compact
