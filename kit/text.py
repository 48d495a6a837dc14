"""Text as people type it: what may be stored, how it is compared, how names sort.

Stored text is in NFC. It is searched and matched by `fold_text` and sorted by `sort_key`; both depend on tables of
libraries, so keys that are stored carry the version of the rule that made them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, LiteralString

from kit.surnames import GIVEN_LENGTH, SURNAMES, family_reading

if TYPE_CHECKING:
    from opencc import OpenCC

FOLD_VERSION = 1
"""Of `fold_text`: raised when a key would come out differently, unless the old key shows it (`STALE`); stored beside
the keys."""
SORT_VERSION = "1"
"""Of `sort_key`: its first character. Never shorter than the version before, so that old keys are a range."""
SORTED_LENGTH = 100
"""Characters of a name that count for its place: a key of at most 1,300 bytes fits into an index."""

CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb"
"""Characters that steer a terminal, a printer or a line; as the inside of a class of a regular expression."""
LINE_CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufff9-\ufffb"
"""The same for text of several lines: tab, line feed and carriage return are allowed, so are separators of lines."""
BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
"""Characters that change the direction of what stands around them: a text that shows as another one."""
INVISIBLE = (
    r"\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
"""Characters that nobody sees. Between others they are allowed: scripts need joiners, emoji and old forms selectors."""

_NONE = r"\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
"""What Unicode says will never be a character."""
_REFUSED = re.compile(f"[{CONTROLS}{BIDI}{_NONE}\ud800-\udfff]")
_REFUSED_IN_LINES = re.compile(f"[{LINE_CONTROLS}{BIDI}{_NONE}\ud800-\udfff]")
_TAGS = "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
_SEEN = re.compile(f"[^{INVISIBLE}{CONTROLS}{BIDI}{_TAGS}]")
_IGNORED = re.compile(f"[{INVISIBLE.removeprefix(chr(92) + 's')}{BIDI}{_TAGS}]+")
_STAND_INS = "\ufffc\ufffd"
"""What is shown in place of an object, or of a character that was lost."""
_BIDI = re.compile(f"[{BIDI}]")
_ONE_SIGN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58", "-")
    | dict.fromkeys("\u2053\u223c\u301c\u3030", "~")
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f", '"')
    | dict.fromkeys("\u2022\u2027\u2219\u22c5\u30fb\uff65", "\u00b7")
    | {"\u2225": "\u2016", "ı": "i"}
)
"""Signs that keyboards, fonts and code pages give for one: dashes, wave dashes, quotation marks, middle dots, double
bars; and ı, which Turkish writes I where it is great. Compatibility forms of Unicode leave them apart."""
_DOT = "\u0307"
_DOTTED = "ijįḭị"
"""Letters that have a dot of their own: one more says nothing, İ and I are both i where they are small."""
STALE = f"[{''.join(map(chr, sorted(_ONE_SIGN)))}\ufff0-\ufff8\U0001d159]|[{_DOTTED}]{_DOT}"
"""What no key holds any more, as a regular expression: a stored one with any is made anew."""
_MORE_DOTS = re.compile(f"(?<=[{_DOTTED}]){_DOT}+")
_HAN = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_FIRST_OF_SURNAMES = frozenset(surname[0] for surname in SURNAMES)
_FAMILIES = "|".join(" ".join(map("".join, zip(r.split(), s, strict=True))) for s, r in SURNAMES.items())
STALE_PLACES = "^1 (?!({}) )({})( [^ ]+){{1,{}}}$".format(
    _FAMILIES, re.sub("[a-z]+[1-5]", "[a-z]+[1-5]", _FAMILIES), GIVEN_LENGTH
)
"""Places that hardly anybody's name has any more, as a regular expression: one is made anew whose family name stands in
another reading than its own."""
PERSONS = f"^1 ({_FAMILIES})( [^ ]+){{1,{GIVEN_LENGTH}}}$"
"""Places that persons have by the reading of their family, as a regular expression; what is none may have it too."""
_ACCENTED_LATIN = re.compile("([a-z])[\u0300-\u036f]+")
_LATIN = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ł": "l", "þ": "th", "ŋ": "n", "ŧ": "t"}
)


class RefusedText(ValueError):
    """A text that is not stored. `code` is stable, `position` counts the characters of the text as sent, from 0."""

    def __init__(self, code: LiteralString, position: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.position = code, position


def clean_text(text: str, *, lines: bool = False) -> str:
    """The text in NFC; `lines` allows tabs and line ends.

    Raises RefusedText: `text-control`, `text-direction`, or `text-invisible` for a text that is not empty, but of which
    nothing can be seen: private characters alone, or marks without a character that bears them are nothing.
    """
    if text.isascii() and text.isprintable() and not text.isspace():
        return text
    if refused := (_REFUSED_IN_LINES if lines else _REFUSED).search(text):
        raise _refusal(refused)
    if text and not _shows(text):
        raise RefusedText(
            "text-invisible", 0, f"nothing of it can be seen: it begins with U+{ord(text[0]):04X} at character 0"
        )
    return unicodedata.normalize("NFC", text)


def _shows(text: str) -> bool:
    return any(
        unicodedata.category(found[0]) not in ("Mn", "Mc", "Me", "Co") and found[0] not in _STAND_INS
        for found in _SEEN.finditer(text)
    )


def _refusal(found: re.Match[str]) -> RefusedText:
    position, where = found.start(), f"U+{ord(found[0]):04X} at character {found.start()}"
    if _BIDI.match(found[0]):
        return RefusedText("text-direction", position, f"{where} changes the direction of the text around it")
    return RefusedText("text-control", position, f"{where} is a control character")


class _Simplified(dict[int, str]):
    """Simplified forms by code point, asked of OpenCC character by character and kept, beside those of signs.

    Never by phrase: its phrases fold the first character of one word and leave it in another.
    """

    _converter: OpenCC | None = None

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if _HAN.match(character):
            if self._converter is None:
                from opencc import OpenCC

                self._converter = OpenCC("t2s")
            while (simpler := self._converter.convert(character)) != character:
                character = simpler
        self[code] = character
        return character


class _Apart(dict[int, str]):
    """Spaces in place of punctuation and symbols, by code point."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = " " if unicodedata.category(character)[0] in "PSZ" else character
        return self[code]


_simplified = _Simplified(_ONE_SIGN)
_apart = _Apart()


@lru_cache(maxsize=4096)
def fold_text(text: str) -> str:
    """The key by which text is searched and matched: two texts that a reader takes for the same have one.

    NFKC (widths, ligatures, compositions), case (İ and ı are i), traditional to simplified, one dash, quotation mark
    and dot for all of their kind, nothing invisible, one space between words.
    `fold_text(fold_text(x)) == fold_text(x)`. A text that folds to nothing is invisible.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold()).casefold()
    plain = unicodedata.normalize("NFKC", _IGNORED.sub("", plain))
    plain = unicodedata.normalize("NFKC", plain.translate(_simplified))
    return " ".join(unicodedata.normalize("NFKC", _MORE_DOTS.sub("", plain)).split())


def without_punctuation(folded: str) -> str:
    """A folded text with one space in place of its punctuation and symbols."""
    return " ".join(folded.translate(_apart).split())


def fold_latin(folded: str) -> str:
    """A folded text with its Latin letters bare: é, ø, ł as e, o, l; the marks of other scripts stay."""
    if folded.isascii():
        return folded
    bare = _ACCENTED_LATIN.sub(r"\1", unicodedata.normalize("NFD", folded.translate(_LATIN)))
    return unicodedata.normalize("NFC", bare)


def has_han(text: str) -> bool:
    """Whether Chinese characters stand in it."""
    return _HAN.search(text) is not None


def sort_key(name: str, *, may_be_person: bool = True) -> str:
    """The key by which names sort, in a column COLLATE "C"; its version is its first character.

    Latin without accents and case, punctuation as a space; each Chinese character as its syllable, tone and itself, so
    that 李 stands between Leo and Lima and names of one family stay together. The reading follows the word, 重庆 is
    Chongqing, that of a family name of what `may_be_person` is its own, 曾 is Zeng. Other scripts by code point.
    """
    folded = fold_latin(fold_text(name)[: SORTED_LENGTH * 2])
    plain = (without_punctuation(folded) or folded)[:SORTED_LENGTH]
    person = plain.replace(" ", "")
    if may_be_person and _HAN.fullmatch(person) and person[:1] in _FIRST_OF_SURNAMES:
        return f"{SORT_VERSION} {_spelled_person(person)}"
    spelled = _HAN.sub(lambda run: f" {' '.join(map(_spelled, _words(run[0])))} ", plain)
    return f"{SORT_VERSION} {' '.join(spelled.split())}"


def _spelled_person(name: str) -> str:
    """A name of Chinese characters alone; its family, if it begins with one, has the reading of families."""
    words = _words(name)
    characters = " ".join(map(_spelled, words)).split()
    family = family_reading(name, words)
    named = [syllable + character for syllable, character in zip(family, name, strict=False)]
    return " ".join([*named, *characters[len(family) :]])


def _words(run: str) -> list[str]:
    from pypinyin.seg.mmseg import seg

    return list(seg.cut(run))


@lru_cache(maxsize=16384)
def _spelled(word: str) -> str:
    """北京 as `bei3北 jing1京`; characters without a reading stand behind all syllables."""
    from pypinyin import Style, lazy_pinyin

    readings = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    return " ".join(
        (reading if reading[0].isascii() else "~") + character
        for reading, character in zip(readings, word, strict=True)
    )


def pinyin(text: str) -> str:
    """The syllables of the Chinese characters in a text, without tones, joined: 晨光 and 辰光 are `chenguang`."""
    return "".join(syllables(text))


def syllables(text: str) -> list[str]:
    """The syllables of the Chinese characters in a text, without tones: 方案 is `fang`, `an`, 反感 is `fan`, `gan`."""
    from pypinyin import lazy_pinyin

    return lazy_pinyin([word for run in _HAN.findall(text) for word in _words(run)])
