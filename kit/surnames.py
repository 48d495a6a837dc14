"""Chinese family names that are read otherwise than the character or the word they look like.

One reading each, so that a family stands together: the usual one. 曾 is zeng although the character alone is ceng; of
乐, which some read yue, the reading is that of the character, le.
"""

from __future__ import annotations

from typing import Final

SURNAMES: Final = {
    "万俟": "mo4 qi2",
    "单于": "chan2 yu2",
    "尉迟": "yu4 chi2",
    "澹台": "tan2 tai2",
    "诸葛": "zhu1 ge3",
    "长孙": "zhang3 sun1",
    "令狐": "ling2 hu2",
    "乐": "le4",
    "乜": "nie4",
    "仇": "qiu2",
    "任": "ren2",
    "区": "ou1",
    "华": "hua2",
    "单": "shan4",
    "卜": "bu3",
    "宁": "ning2",
    "应": "ying1",
    "曾": "zeng1",
    "朴": "piao2",
    "查": "zha1",
    "柏": "bai3",
    "牟": "mou2",
    "燕": "yan1",
    "瞿": "qu2",
    "缪": "miao4",
    "翟": "zhai2",
    "莘": "shen1",
    "葛": "ge3",
    "蒙": "meng2",
    "薄": "bo2",
    "覃": "qin2",
    "解": "xie4",
    "贾": "jia3",
    "逄": "pang2",
    "那": "na1",
    "郇": "xun2",
    "阚": "kan4",
    "隗": "wei3",
}
"""Readings by the family name: syllables with their tones, one a character."""
NAMES: Final = frozenset({"乐毅", "华佗"})
"""People whom dictionaries have as words: their family is read as others of it are."""
GIVEN_LENGTH: Final = 2
"""Characters of the longest usual given name."""


def family_reading(name: str, words: list[str]) -> tuple[str, ...]:
    """Syllables of the family name that a name of Chinese characters alone begins with, empty where there is none.

    A name is one family name and one or two characters more; what is a word of a dictionary, such as 解放 or 单位, is
    none. `words` are those of the name.
    """
    if len(words) == 1 and name not in NAMES:
        return ()
    for length in (2, 1):
        reading = SURNAMES.get(name[:length])
        if reading is not None and length < len(name) <= length + GIVEN_LENGTH:
            return tuple(reading.split())
    return ()
