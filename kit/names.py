"""Names of companies: one key for one name, and the parts by which two names are compared.

`fold_name` answers whether two names are spellings of one; it keeps places, trades and 集团, which tell companies
apart. `split_name` takes them apart for a comparison that weighs each. Both depend on the lists of `kit.name_words` and
`kit.places` and on `kit.text`, so what is stored carries NAME_VERSION.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from kit import name_words
from kit.places import NOWHERE, place_at_start
from kit.text import fold_latin, fold_text, without_punctuation

NAME_VERSION = 1
"""Of `fold_name` and `split_name`: raised when one of them would answer differently."""
BRAND = 2
"""Characters of a Chinese brand that stay, whatever else could be taken out."""

_SHORT_FORMS = {
    "(株)": "株式会社", "(有)": "有限会社", "(同)": "合同会社", "(资)": "合资会社", "(名)": "合名会社",
    "(주)": "주식회사", "(유)": "유한회사", "(합)": "합자회사",
}  # fmt: skip
_CJK_FORMS = name_words.CJK_FORMS.split()
_BARE_COMPANY = re.compile(r"(?<=[^分子总支])公司$")
"""公司 alone at the end, but not of a branch (分公司) or a subsidiary: those are others than their company."""

_FIRST_FORMS = frozenset(name_words.FIRST_FORMS.split())
_DANGLING = frozenset(name_words.DANGLING.split())
_TRADE_AT_END = re.compile(f"(?:{'|'.join(sorted(name_words.TRADES.split(), key=len, reverse=True))})$")
_MARKETS = frozenset(name_words.MARKETS.split())
_BRACKETED = re.compile(r"[(\[{<〈《「『【〔]([^()\[\]{}<>〈〉《》「」『』【】〔〕]*)[)\]}>〉》」』】〕]")
_DOT_INSIDE = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_MARKS = str.maketrans(dict.fromkeys("'’`®™℠©"))
_CJK = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U000323af]")


class NameParts(NamedTuple):
    """A name taken apart: what is its own (`brand`; Latin: words apart by a space), what it trades in, its province in
    Chinese. Each may be empty but the brand. `is_cjk`: written in Chinese, Japanese or Korean."""

    brand: str
    trade: str
    place: str
    is_cjk: bool


def _form_words() -> tuple[tuple[str, ...], ...]:
    forms = {tuple(form.split()) for form in name_words.LATIN_FORMS.split(";")}
    return tuple(sorted(forms, key=lambda words: (-len(words), words)))


_FORM_WORDS = _form_words()
_BY_LAST_WORD = {last: [f for f in _FORM_WORDS if f[-1] == last] for last in {f[-1] for f in _FORM_WORDS}}


def _prepared(name: str) -> str:
    """Folded, abbreviated forms of Japanese and Korean companies written out, brackets and words kept."""
    folded = fold_text(name.translate(_MARKS)) or fold_text(name)
    for short, form in _SHORT_FORMS.items():
        folded = folded.replace(short, f" {form} ")
    return folded


def _words(folded: str) -> list[str]:
    """Words without punctuation; single letters that follow one another are one word (A-B-C, S. A.)."""
    words: list[str] = []
    run = False
    for word in without_punctuation(_DOT_INSIDE.sub("", folded)).split():
        is_letter = len(word) == 1 and word.isalpha() and not _CJK.match(word)
        if run and is_letter:
            words[-1] += word
        else:
            words.append(word)
        run = is_letter
    return words


def _without_latin_forms(words: list[str]) -> list[str]:
    """Without legal forms at the end and the `and` before them, nor those that stand first; never without a word."""
    bare = [fold_latin(word) for word in words]
    end = len(words)
    while cut := next((f for f in _BY_LAST_WORD.get(bare[end - 1], ()) if tuple(bare[:end][-len(f) :]) == f), None):
        if len(cut) >= end:
            break
        end -= len(cut)
        if end > 1 and bare[end - 1] in _DANGLING:
            end -= 1
    start = 1 if end > 1 and bare[0] in _FIRST_FORMS else 0
    return words[start:end]


def _without_cjk_forms(text: str, *more: str) -> str:
    """Without legal forms at both ends, repeated, the longest first; never to nothing."""
    if text.isascii():
        return text
    forms = (*_CJK_FORMS, *more)
    while True:
        ends = (text.removesuffix(form) for form in forms if text.endswith(form))
        starts = (text.removeprefix(form) for form in forms if text.startswith(form))
        shorter = min((*ends, *starts, _BARE_COMPANY.sub("", text)), key=len)
        if not shorter or shorter == text:
            return text
        text = shorter


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """The key of a company's name: folded text without punctuation, spaces and legal forms at both ends, never empty
    unless nothing of the name is seen. 上海藍港貿易有限公司 and 上海 蓝港 贸易（股份有限公司） are 上海蓝港贸易."""
    prepared = _prepared(name)
    words = _words(prepared)
    return _without_cjk_forms("".join(_without_latin_forms(words))) if words else prepared.replace(" ", "")


@lru_cache(maxsize=4096)
def split_name(name: str) -> NameParts:
    """The parts of a company's name, for comparing it with another one's."""
    prepared, place = _without_bracketed_places(_prepared(name))
    words = _words(prepared)
    if not words:
        return NameParts(fold_name(name), "", place, _CJK.search(prepared) is not None)
    words = _without_latin_forms(words)
    if _CJK.search(prepared) is None:
        return _latin_parts([fold_latin(word) for word in words], place)
    brand, place = _without_leading_places(_without_cjk_forms("".join(words), "集团"), place)
    trade = ""
    while (found := _TRADE_AT_END.search(brand)) and found.start() >= BRAND:
        brand, trade = _without_cjk_forms(brand[: found.start()], "集团"), found[0] + trade
    return NameParts(brand, trade, place, True)


def _latin_parts(words: list[str], place: str) -> NameParts:
    end = len(words)
    while end > 1 and words[end - 1] in _MARKETS:
        end -= 1
    return NameParts(" ".join(words[:end]), " ".join(words[end:]), place, False)


def _without_bracketed_places(prepared: str) -> tuple[str, str]:
    """The text without brackets that hold places only, and the first place that they name; other brackets stay."""
    places: list[str] = []

    def taken(found: re.Match[str]) -> str:
        inside = found[1].replace(" ", "")
        rest, place = _without_leading_places(inside, NOWHERE, stays=0)
        if rest or not inside:
            return found[0]
        places.append(place)
        return " "

    left = _BRACKETED.sub(taken, prepared)
    return (left, next(filter(None, places), NOWHERE)) if left.strip() else (prepared, NOWHERE)


def _without_leading_places(text: str, place: str, stays: int = BRAND) -> tuple[str, str]:
    """The text without the places that it begins with, and the province: of the brackets if they named one, else of the
    first place. A place of another province than the one before it belongs to the brand."""
    while True:
        found, length = place_at_start(text)
        if not length or len(text) - length < stays or (found and place and found != place):
            return text, place
        text, place = text[length:], place or found
