"""Tax ids: one compact form by which they are unique and found, and a form for showing.

The compact form is what is left without punctuation, case and the country's own prefix, as python-stdnum knows it for
each country. It needs no valid number: a wrong one is one number too, however it is written.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import stdnum
from stdnum import get_cc_module
from stdnum.at import uid
from stdnum.au import acn
from stdnum.ca import bn
from stdnum.cn import uscc
from stdnum.eu.vat import MEMBER_STATES
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret, tva
from stdnum.gb import vat as gb_vat
from stdnum.hu import anum
from stdnum.se import orgnr

if TYPE_CHECKING:
    from stdnum.util import NumberValidationModule

TAX_ID_VERSION = 4
"""Of `tax_id_key`: raised when a key would come out differently; stored beside the keys."""

UNKNOWN = "--"

_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_DROPPED = re.compile(r"[^\w&+*]|_")
_KINDS = ("vat", "tin")
_MORE = {
    "BR": ("br.cpf",), "CA": ("ca.sin",), "CH": ("ch.uid",), "CN": ("cn.ric",), "CU": ("cu.ni",), "FI": ("fi.ytunnus",),
    "FR": ("fr.siren", "fr.siret"), "LI": ("li.peid",), "MD": ("md.idno",), "MU": ("mu.nid",), "MY": ("my.nric",),
    "NO": ("no.orgnr",), "PK": ("pk.cnic",), "SE": ("se.orgnr",), "UA": ("ua.edrpou", "ua.rntrc"),
}  # fmt: skip
"""Numbers that stand in for a tax id beside the one that is called so, or instead of one."""
_SUFFIXES = {"CH": re.compile("(?<=[0-9])(?:MWST|TVA|IVA|TPV|VAT)$"), "NO": re.compile("(?<=[0-9])MVA$")}
"""Words for the tax in one of a country's languages: with and without it is one number."""
_LED = {"JP": re.compile("^T(?=[0-9]{13}$)"), "NZ": re.compile("^0(?=[0-9]{8}$)")}
"""What may stand before a number without being of it: the letter of who issues taxable invoices in JP, the zero that
makes older numbers of NZ as long as newer ones."""
_PREFIXES = {"MC": re.compile("^(?:MC|FR)+(?=[0-9A-Z]{2}[0-9]+$)")}
"""Prefixes of where numbers are issued under another country's: those of MC begin with FR."""
_ISSUERS = {"XI": "GB"}
"""Whose numbers those of a country are: Northern Ireland has those of the United Kingdom, with a prefix of its own."""
_AMBIGUOUS = frozenset({"US"})
"""Where the numbers of companies and of persons have as many digits and are written differently."""


@lru_cache(maxsize=256)
def _modules(country: str) -> tuple[NumberValidationModule, ...]:
    """What python-stdnum knows of a country's numbers, the tax id first."""
    issuer = _ISSUERS.get(country, country).lower()
    named = [get_cc_module(issuer, kind) for kind in _KINDS]
    more = [get_cc_module(*name.split(".")) for name in _MORE.get(country, ())]
    return tuple(dict.fromkeys(module for module in (*named, *more) if module is not None))


@lru_cache(maxsize=4096)
def compact_tax_id(country: str, tax_id: str) -> str:
    """The key of a tax id within its country (ISO 3166-1 alpha-2): upper case, no punctuation, no prefix of it.

    `12.345.678/0001-95` of BR is `12345678000195`, `GB 980 7806 84` of GB is `980780684`. Any text has one, and
    `compact_tax_id(c, compact_tax_id(c, x)) == compact_tax_id(c, x)`.
    """
    plain = _DROPPED.sub("", unicodedata.normalize("NFKC", tax_id).upper())
    if country in _SUFFIXES:
        plain = _SUFFIXES[country].sub("", plain)
    if country in _PREFIXES:
        plain = _PREFIXES[country].sub("", plain)
    while plain and (shorter := _without_prefix(country, _compact(country, plain))) not in (plain, ""):
        plain = shorter  # a prefix before a prefix
    return plain


def _without_prefix(country: str, plain: str) -> str:
    """Digits behind the country's own code are its number; python-stdnum keeps the code of some."""
    rest = plain
    while rest.startswith(country) and rest[len(country) :].lstrip(country).isdecimal():
        rest = rest.removeprefix(country)
    return _LED[country].sub("", rest) if country in _LED else rest


def _compact(country: str, plain: str) -> str:
    plain = _lettered(country, plain)
    for module in _modules(country)[:1]:
        with suppress(ValidationError):
            return _DROPPED.sub("", str(module.compact(plain)).upper())
    return plain


def _lettered(country: str, plain: str) -> str:
    """A number with letters of its own is one without the country's code where it is valid without it, and not with it:
    Mexican numbers may begin with MX."""
    rest, modules = plain.removeprefix(country), _modules(country)
    if rest == plain or any(module.is_valid(plain) for module in modules):
        return plain
    return rest if any(module.is_valid(rest) for module in modules) else plain


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    """Countries whose numbers python-stdnum knows, or those of who issues them."""
    named = (module.name.strip("_").upper() for module in iter_modules(stdnum.__path__) if module.ispkg)
    return tuple(sorted(name for name in (*named, *_ISSUERS) if len(name) == 2 and _modules(name)))


def _of_france(compact: str) -> str:
    """The nine digits of a company (SIREN) stand in its VAT number and begin the numbers of its establishments (SIRET).
    They are written as the VAT number that follows from them."""
    if siren.is_valid(compact):
        own = compact
    elif siret.is_valid(compact):
        own = compact[:9]
    elif tva.is_valid(compact) and siren.is_valid(compact[2:]):
        own = compact[2:]
    else:
        return compact
    return f"{int(own + '12') % 97:02d}{own}"


def _of_sweden(compact: str) -> str:
    """The VAT number is that of the organisation, and 01."""
    return f"{compact}01" if len(compact) == 10 and orgnr.is_valid(compact) else compact


def _of_hungary(compact: str) -> str:
    """Eight digits are the company's; how it is taxed (1 to 5) and its county follow in the tax number."""
    is_long = len(compact) == 11 and compact.isdecimal() and compact[8] in "12345"
    return compact[:8] if is_long and anum.is_valid(compact[:8]) else compact


def _of_canada(compact: str) -> str:
    """An account with the tax office, such as RC0001, follows the number of the business."""
    return compact[:9] if len(compact) == 15 and bn.is_valid(compact) else compact


def _of_britain(compact: str) -> str:
    """Three digits of a branch follow the VAT number."""
    return compact[:9] if len(compact) == 12 and gb_vat.is_valid(compact) else compact


def _of_australia(compact: str) -> str:
    """The number of a company (ACN) stands in its business number (ABN) behind two check digits."""
    return str(acn.to_abn(compact)) if len(compact) == 9 and acn.is_valid(compact) else compact


def _of_austria(compact: str) -> str:
    """The letter U begins a VAT number, and is forgotten."""
    return f"U{compact}" if len(compact) == 8 and uid.is_valid(f"U{compact}") else compact


_COMPANIES = {
    "AT": _of_austria, "AU": _of_australia, "CA": _of_canada, "FR": _of_france, "GB": _of_britain, "HU": _of_hungary,
    "SE": _of_sweden, "XI": _of_britain,
}  # fmt: skip


def _company(country: str, compact: str) -> str:
    """The number of the company that a compact one names, where numbers of several kinds name one."""
    own = _COMPANIES.get(country)
    return compact if own is None else own(compact)


def tax_id_key(country: str, tax_id: str) -> str:
    """What is stored beside a tax id: its compact form behind its country, or behind `--` where nothing is known of the
    country's numbers; of numbers that name the same company the same."""
    named = country if country in _known() else UNKNOWN
    return f"{named} {_company(country, compact_tax_id(country, tax_id))}"


@lru_cache(maxsize=512)
def tax_id_keys(tax_id: str) -> tuple[str, ...]:
    """The keys of a tax id of whichever country: what a search for it compares with."""
    plain = compact_tax_id(UNKNOWN, tax_id)
    # written with the prefix of a country of which nothing is known
    own = tax_id_key(plain[:2], tax_id)
    keys = (f"{UNKNOWN} {plain}", own, *(tax_id_key(country, tax_id) for country in _known()))
    return tuple(dict.fromkeys(keys))


@lru_cache(maxsize=4096)
def formatted_tax_id(country: str, tax_id: str) -> str:
    """A tax id as its country writes it, with the prefix of an EU number; what is no valid number is shown compact.

    `compact_tax_id(c, formatted_tax_id(c, x)) == compact_tax_id(c, x)`.
    """
    compact = compact_tax_id(country, tax_id)
    for module in () if country in _AMBIGUOUS else _modules(country):
        if module.is_valid(compact):
            shown = _shown(country, module, compact)
            return shown if compact_tax_id(country, shown) == compact else compact
    return compact


def _shown(country: str, module: NumberValidationModule, compact: str) -> str:
    if hasattr(module, "format"):
        return str(module.format(compact))
    is_vat = module is _modules(country)[0] and country.lower() in MEMBER_STATES
    return f"{'EL' if country == 'GR' else country}{compact}" if is_vat else compact


class NotATaxId(ValueError):
    """What an organisation's tax id is not."""


def organization_tax_id(country: str, tax_id: str) -> str:
    """The tax id of an organisation as its country writes it.

    In CN it is a Unified Social Credit Code with valid check characters: of the whole (GB 32100-2015) and of its
    characters 9 to 17 (GB 11714), without which some numbers of residents pass. Raises NotATaxId.
    """
    formatted = formatted_tax_id(country, tax_id)
    if not formatted:
        raise NotATaxId("nothing of it is a number")
    if country != "CN":
        return formatted
    try:
        code = str(uscc.validate(formatted))
    except ValidationError as error:
        raise NotATaxId(f"not a Unified Social Credit Code: {error}") from None
    if code[16] != organization_check(code[8:16]):
        raise NotATaxId("not a Unified Social Credit Code: the organisation's check character is wrong")
    return code


def organization_check(body: str) -> str:
    """The check character of an organisation code (GB 11714): eight characters, 0 to 9 and A to Z."""
    total = sum(weight * int(each, 36) for weight, each in zip(_WEIGHTS, body, strict=True))
    return "0123456789X"[-total % 11]
