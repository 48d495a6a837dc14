"""What text is stored, how it is matched, how names sort."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import unicodedata
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin.phrases_dict import phrases_dict

from kit import text
from kit.surnames import SURNAMES
from kit.text import RefusedText, clean_text, fold_latin, fold_text, pinyin, sort_key

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize(
    ("value", "code", "position"),
    [
        ("Acme\nLtd", "text-control", 4),
        ("a\0", "text-control", 1),
        ("\x1b[31mAcme", "text-control", 0),
        ("Acme\x85", "text-control", 4),
        ("Acme\u2028Ltd", "text-control", 4),
        ("a\ud800", "text-control", 1),
        ("Acme \u202egpj.exe", "text-direction", 5),
        ("\u2066Acme\u2069", "text-direction", 0),
        ("e\u0301\u200fx", "text-direction", 2),
        ("ab\u206acd", "text-direction", 2),
        ("\u206f", "text-direction", 0),
        ("a\ufff9b", "text-control", 1),
        ("a\ufffb", "text-control", 1),
        ("a\ufdd0", "text-control", 1),
        ("\U0001fffe", "text-control", 0),
        ("a\U0003fffd\U0010ffff", "text-control", 2),
        ("\ue000", "text-invisible", 0),
        ("\ufffd\ufffc", "text-invisible", 0),
        ("\u200b", "text-invisible", 0),
        (" \u3000\u00a0", "text-invisible", 0),
        ("\u3164\u2800\ufe0f\u200d", "text-invisible", 0),
        ("\U000e0041", "text-invisible", 0),
        ("  ", "text-invisible", 0),
        ("\u0301", "text-invisible", 0),
        (" \u0302\u200d", "text-invisible", 0),
        ("\u20e3", "text-invisible", 0),
        ("\u093e", "text-invisible", 0),
        ("\u115f\u1160\uffa0", "text-invisible", 0),
        ("\ufff5\U0001d159", "text-invisible", 0),
    ],
)
def test_what_cannot_be_seen_or_misleads_is_refused_with_its_place(value: str, code: str, position: int) -> None:
    with pytest.raises(RefusedText, match=rf"U\+[0-9A-F]{{4,6}} at character {position}\b") as refused:
        clean_text(value)
    assert (refused.value.code, refused.value.position) == (code, position)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Blue Harbour",
        " Blue  Harbour ",
        "نامه\u200cها",
        "क्\u200dष",
        "👩\u200d🚀",
        "❤\ufe0f",
        "葛\U000e0100城",
        "ไทย\u200bแลนด์",
        "שלום",
        "雪 & Söhne",
        "\u0301e",
        "1\ufe0f\u20e3",
        "हि",
        "ㄱ",
        "ﾡ",
    ],
)
def test_what_scripts_need_stays(value: str) -> None:
    assert clean_text(value) == value


def test_text_of_several_lines() -> None:
    assert clean_text("a\r\n\tb\u2028c", lines=True) == "a\r\n\tb\u2028c"
    for value in ("a\x0b", "a\0", "a\x1b", "a\u202e", "\n\n", "\x07"):
        with pytest.raises(RefusedText):
            clean_text(value, lines=True)


def test_text_is_stored_composed() -> None:
    assert clean_text("Cafe\u0301") == "Café"
    assert clean_text("\u1112\u1161\u11ab") == "한"
    assert clean_text("ＡＣＭＥ ﬁ") == "ＡＣＭＥ ﬁ", "compatibility forms are what somebody wrote"


@given(TEXTS)
def test_cleaned_text_is_composed_and_clean(value: str) -> None:
    try:
        cleaned = clean_text(value)
    except RefusedText:
        return
    assert unicodedata.is_normalized("NFC", cleaned)
    assert clean_text(cleaned) == cleaned
    assert not any(unicodedata.category(character) == "Cc" for character in cleaned)
    assert not value or fold_text(cleaned), "what is seen has a key"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café Zoë", "CAFE\u0301 ZOE\u0308"),
        ("한국전력", unicodedata.normalize("NFD", "한국전력")),
        ("ＡＢＣ１２３", "abc123"),
        ("ｶﾞｽ", "ガス"),
        ("Blue\u00a0Harbour", "  blue \t harbour "),
        ("Straße", "STRASSE"),
        ("ΌΣΟΣ", "όσος"),
        ("上海藍港貿易", "上海蓝港贸易"),
        ("乾安", "干安"),
        ("乾坤", "干坤"),
        ("Acme\u200b\u00ad", "acme"),
        ("نامه\u200cها", "نامهها"),
        ("ﬁsh™", "fishtm"),
        ("薴", "苎"),
        ("サン〜ルート", "サン～ルート"),
        ("サン〜ルート", "ｻﾝ~ﾙｰﾄ"),
        ("Harbour–West", "harbour-west"),
        ("Harbour—West", "Harbour―West"),
        ("−5", "－5"),
        ("O’Brien", "O'Brien"),
        ("“Blue”", '"blue"'),
        ("阿凡提•买买提", "阿凡提·买买提"),
        ("ジョン･スミス", "ジョン・スミス"),
        ("A‖B", "A∥B"),
        ("ﾡ", "ㄱ"),
        ("ㄱ", "\u1100"),
        ("ﾡￂ", "가"),
        ("İSTANBUL", "istanbul"),
        ("I\u0307stanbul", "Istanbul"),
        ("KADIKÖY", "Kadıköy"),
        ("ılıca", "İLİCA"),
        ("İ\u0323", "ị"),
        ("į\u0307\u0301", "į\u0301"),
    ],
)
def test_spellings_of_one_text_have_one_key(one: str, other: str) -> None:
    assert fold_text(one) == fold_text(other)


def test_no_key_holds_a_sign_that_stands_for_another() -> None:
    stale = re.compile(text.STALE)
    assert not [
        hex(code) for code in chain(range(0xD800), range(0xE000, 0x30000)) if stale.search(fold_text(chr(code)))
    ]
    assert stale.search("i\u0307stanbul")
    assert stale.search("kadıköy")


@given(st.text(st.sampled_from("iIıİjJįĮḭỊxé\u0307\u0301\u0323\u0328\u200d "), max_size=12))
def test_a_letter_with_a_dot_has_one_dot(value: str) -> None:
    key = fold_text(value)
    assert fold_text(key) == key == fold_text(unicodedata.normalize("NFD", value))
    assert re.search(text.STALE, key) is None


def test_accents_and_words_tell_texts_apart() -> None:
    assert len({fold_text(value) for value in ("resume", "résumé", "re sume", "リ", "り")}) == 5
    assert fold_latin(fold_text("Łódź Ærø ǅ é")) == "lodz aero dz e"
    assert fold_latin("й が ガ") == "й が ガ", "marks of other scripts are letters"


@given(TEXTS)
def test_keys_do_not_depend_on_the_form_and_fold_to_themselves(value: str) -> None:
    key = fold_text(value)
    assert key == fold_text(key)
    assert {fold_text(unicodedata.normalize(form, value)) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {key}


def test_every_character_folds_to_itself() -> None:
    wrong = [code for code in chain(range(0xD800), range(0xE000, 0x110000)) if not _is_stable(chr(code))]
    assert not [f"U+{code:04X}" for code in wrong]


def _is_stable(character: str) -> bool:
    key = fold_text(character)
    return fold_text(key) == key


def test_names_sort_by_letters_and_by_pinyin() -> None:
    ranked = [
        "apple",
        "Ärger",
        "重庆长城",
        "Éclair",
        "Leo",
        "黎明",
        "李安",
        "李明",
        "Lima",
        "王芳",
        "西安",
        "先锋",
        "张伟",
    ]
    assert sorted(sorted(ranked), key=sort_key) == ranked
    assert sort_key("𠮷野") == "1 ~𠮷 ye3野"
    assert sort_key("李明") == "1 li3李 ming2明"
    assert sort_key("「Blue-Harbour」  GmbH") == "1 blue harbour gmbh"
    assert sort_key("張三") == sort_key("张三")
    assert sort_key("हिन्दी") == "1 हिन्दी"
    assert sort_key("!!!") == "1 !!!"


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("zeng1曾 ", ("曾国藩", "曾荫权", "曾 伟", "曾·轶可", "曾经纬")),
        ("shan4单 ", ("单田芳", "單田芳", "单方济")),
        ("qiu2仇 ", ("仇英", "仇和")),
        ("xie4解 ", ("解缙", "解晓东", "解放东")),
        ("zha1查 ", ("查良镛", "查 海生")),
        ("ou1区 ", ("区乃思", "區永")),
        ("piao2朴 ", ("朴槿惠", "朴树")),
        ("yu4尉 chi2迟 ", ("尉迟恭", "尉迟敬德")),
        ("mo4万 qi2俟 ", ("万俟卨",)),
        ("chan2单 yu2于 ", ("单于成",)),
        ("le4乐 ", ("乐嘉", "乐毅")),
        ("ren2任 ", ("任正非", "任重")),
        ("zhai2翟 ", ("翟天临",)),
    ],
)
def test_a_family_stands_together_by_its_own_reading(family: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if not sort_key(name).startswith(f"1 {family}")] == []


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("单位", "1 dan1单 wei4位"),
        ("解放军", "1 jie3解 fang4放 jun1军"),
        ("查询", "1 cha2查 xun2询"),
        ("曾", "1 ceng2曾"),
        ("区域经济研究院", "1 qu1区 yu4域 jing1经 ji4济 yan2研 jiu1究 yuan4院"),
        ("任 Trading", "1 ren4任 trading"),
    ],
)
def test_words_and_companies_are_no_families(name: str, key: str) -> None:
    assert sort_key(name) == key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("区块链", "1 qu1区 kuai4块 lian4链"),
        ("任我行", "1 ren4任 wo3我 xing2行"),
        ("单车侠", "1 dan1单 che1车 xia2侠"),
        ("王府井", "1 wang2王 fu3府 jing3井"),
    ],
)
def test_what_is_no_person_has_no_family(name: str, key: str) -> None:
    assert sort_key(name, may_be_person=False) == key


@given(st.sampled_from(sorted(SURNAMES)), st.text(st.sampled_from("伟芳国文位天经行长重"), min_size=1, max_size=2))
def test_one_family_has_one_reading(family: str, given_name: str) -> None:
    key, bare = sort_key(family + given_name), family + given_name
    assert key == sort_key(f"{family} {given_name}")
    if bare not in phrases_dict and not any(bare.startswith(one) for one in SURNAMES if len(one) > len(family)):
        assert re.search(text.PERSONS, key)
        syllables = [word[:-1] for word in key.split()[1:]]
        assert " ".join(syllables[: len(family)]) == SURNAMES[family]
        assert re.search(text.STALE_PLACES, key) is None, "made once"


def test_a_place_of_before_is_seen() -> None:
    stale = [
        re.search(text.STALE_PLACES, key) for key in ("1 ceng2曾 guo2国 fan1藩", "1 yue4乐 yi4毅", "1 yu4万 qi4俟 a卨")
    ]
    assert all(stale)
    kept = (
        "1 ceng2曾",
        "1 dan1单 tian2田 fang1芳 ji2集",
        "1 li3李 ming2明",
        "1 yu4尉 chi2迟 gong1恭",
        "1 zeng1曾 zi3子",
    )
    assert not [key for key in kept if re.search(text.STALE_PLACES, key)]


@given(st.text(max_size=4000) | st.text("装庄重庆𠮷Zz é", max_size=400))
def test_sort_keys_fit_into_an_index_and_carry_their_version(value: str) -> None:
    key = sort_key(value)
    assert key.startswith(f"{text.SORT_VERSION} ")
    assert len(key.encode(errors="surrogatepass")) <= 1300
    assert key == sort_key(unicodedata.normalize("NFD", value)) or len(value) > text.SORTED_LENGTH


def test_pinyin_without_tones() -> None:
    assert pinyin("晨光") == pinyin("辰光") == "chenguang"
    assert pinyin("重庆ABC银行") == "chongqingyinhang"


def test_a_change_of_the_tables_needs_a_new_version() -> None:
    """Keys are stored: when an upgraded library folds or reads a character differently, raise the version, and with it
    what the services do about older keys; then write the new digest here. A character that no key holds any more joins
    `STALE` instead."""
    known = [c for c in map(chr, range(0x30000)) if unicodedata.ucd_3_2_0.category(c) not in ("Cn", "Cs", "Co")]
    made = {
        f"fold {text.FOLD_VERSION}": "\n".join(map(fold_text, known)),
        f"sort {text.SORT_VERSION}": "\n".join(sort_key(c) for c in known if text.has_han(c)),
        f"words {text.SORT_VERSION}": repr(sorted(phrases_dict.items())),
    }
    assert {name: hashlib.sha256(keys.encode()).hexdigest()[:16] for name, keys in made.items()} == {
        "fold 1": "9e0f826525820945",
        "sort 1": "1a774aeef4373280",
        "words 1": "1de524021c54a697",
    }


def test_heavy_tables_are_loaded_by_the_text_that_needs_them() -> None:
    script = (
        "import sys, kit.names; from kit.text import *; fold_text('Ünïcode'); sort_key('Ünïcode'); clean_text('雪');"
        "print(sorted({'opencc', 'pypinyin'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_the_classes_are_those_of_a_schema_too() -> None:
    """The same insides of a class stand in the published patterns, which other languages read."""
    for inside in (text.CONTROLS, text.LINE_CONTROLS, text.BIDI):
        assert re.fullmatch(r"(?:\\u[0-9a-f]{4}-?)+", inside)
