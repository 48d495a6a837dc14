"""Names of companies: what is one name, and what a name is made of."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.names import fold_name, split_name
from kit.places import place_at_start
from kit.text import RefusedText, clean_text

LATIN_NAMES = st.lists(st.text(string.ascii_letters, min_size=5, max_size=9), min_size=1, max_size=4).map(" ".join)
CHINESE_NAMES = st.text("博雅晨光海天华信蓝港永利", min_size=2, max_size=6)
LATIN_FORMS = st.sampled_from(
    ["Ltd", "Ltd.", "Co., Ltd.", "S.A.", "S.p.A.", "GmbH & Co. KG", "(Pty) Ltd", "Inc.", "sp. z o.o."]
)
CHINESE_FORMS = st.sampled_from(["有限公司", "股份有限公司", "（有限合伙）", "公司", "有限責任公司", "株式会社", "㈱"])


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("上海蓝港贸易", ["上海藍港貿易有限公司", "上海 蓝港 贸易（股份有限公司）", "上海蓝港贸易公司"]),
        ("北京蓝港贸易", ["北京蓝港贸易"]),
        (
            "blueharbourtrading",
            ["Blue Harbour Trading Co., Ltd.", "BLUE HARBOUR TRADING COMPANY LIMITED", "Ｂｌｕｅ Harbour\u00a0Trading"],
        ),
        ("乾安化工".replace("乾", "干"), ["乾安化工有限公司", "乾安化工"]),
        ("干坤物流", ["乾坤物流有限公司", "乾坤物流"]),
        ("华为集团控股", ["华为集团控股有限公司"]),
        ("トヨタ自动车", ["トヨタ自動車株式会社", "㈱トヨタ自動車", "(株)ﾄﾖﾀ自動車"]),
        ("삼성전자", ["삼성전자(주)", "주식회사 삼성전자", unicodedata.normalize("NFD", "삼성전자㈜")]),
        ("smith", ["Smith & Co. KG", "Smith and Company", "SMITH"]),
        ("abc", ["A-B-C GmbH", "A.B.C. Ltd", "ABC"]),
        ("planb", ["Plan B, S.A."]),
        ("luxe", ["Luxe S.à r.l.", "LUXE SARL"]),
        ("astra", ["PT Astra Tbk", "Astra"]),
        ("ромашка", ["ООО «Ромашка»", "Ромашка, ООО"]),
        ("acme", ["Acme® Inc", "Acme\u200b, L.L.C."]),
        ("三井物产", ["三井物産 Co.,Ltd.", "三井物産株式会社"]),
        ("tobacco", ["Tobacco"]),
        ("limited", ["Limited", "Limited Ltd"]),
        ("有限公司", ["有限公司"]),
        ("集团", ["集团有限公司"]),
        ("!!!", ["!!!"]),
    ],
)
def test_spellings_of_one_name(key: str, names: list[str]) -> None:
    assert [fold_name(name) for name in names] == [key] * len(names)


def test_a_branch_is_not_its_company() -> None:
    assert fold_name("博雅科技有限公司北京分公司") == "博雅科技有限公司北京分公司"
    assert fold_name("博雅科技总公司") != fold_name("博雅科技公司")


@given(LATIN_NAMES, LATIN_FORMS)
def test_a_latin_form_at_the_end_changes_nothing(name: str, form: str) -> None:
    assert fold_name(f"{name} {form}") == fold_name(name)
    assert split_name(f"{name} {form}") == split_name(name)


@given(CHINESE_NAMES, CHINESE_FORMS)
def test_a_chinese_form_at_either_end_changes_nothing(name: str, form: str) -> None:
    assert fold_name(name + form) == fold_name(name)
    assert form == "公司" or fold_name(form + name) == fold_name(name)
    assert split_name(name + form) == split_name(name)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_a_name_that_is_seen_has_a_key_and_a_brand(name: str) -> None:
    try:
        name = clean_text(name)
    except RefusedText:
        return
    assert fold_name(name)
    assert split_name(name).brand
    assert not set(fold_name(name)) & set(" \u3000") or not any(c.isalnum() for c in name)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("上海博雅科技有限公司", ("博雅", "科技", "上海", True)),
        ("博雅科技（上海）有限责任公司", ("博雅", "科技", "上海", True)),
        ("深圳市晨光电子", ("晨光", "电子", "广东", True)),
        ("深圳辰光电子", ("辰光", "电子", "广东", True)),
        ("广州市海天餐饮管理", ("海天", "餐饮管理", "广东", True)),
        ("广州海天餐饮", ("海天", "餐饮", "广东", True)),
        ("Blue Harbour Trading Co., Ltd.", ("blue harbour", "trading", "", False)),
        ("Blue Harbor Trading", ("blue harbor", "trading", "", False)),
        ("上海大众汽车", ("大众", "汽车", "上海", True)),
        ("上海华信贸易", ("华信", "贸易", "上海", True)),
        ("长城汽车", ("长城", "汽车", "", True)),
        ("长安汽车", ("长安", "汽车", "", True)),
        ("Bank of the West", ("bank of the west", "", "", False)),
        ("阿里巴巴（中国）网络技术有限公司", ("阿里巴巴", "网络技术", "", True)),
        ("德州仪器（上海）有限公司", ("德州", "仪器", "上海", True)),
        ("江苏省昆山市永利五金", ("永利", "五金", "江苏", True)),
        ("上海朝阳科技", ("朝阳", "科技", "上海", True)),
        ("深圳市场营销网络", ("市场", "营销网络", "广东", True)),
        ("新疆维吾尔自治区昌吉回族自治州天山水泥", ("天山水泥", "", "新疆", True)),
        ("TCL科技集团股份有限公司", ("tcl", "科技", "", True)),
        ("华为集团控股有限公司", ("华为", "控股", "", True)),
        ("北京大学", ("大学", "", "北京", True)),
        ("上海贸易", ("贸易", "", "上海", True)),
        ("Acme (上海) Ltd", ("acme", "", "上海", False)),
        ("Société Générale, S.A.", ("societe generale", "", "", False)),
        ("Trading International Ltd", ("trading", "international", "", False)),
        ("A-B-C Imports & Exports", ("abc", "imports exports", "", False)),
        ("（上海）", ("上海", "", "", True)),
    ],
)
def test_parts_of_a_name(name: str, parts: tuple[str, str, str, bool]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("广东省深圳", ("广东", 3)),
        ("香港特别行政区", ("香港", 7)),
        ("延边朝鲜族自治州", ("吉林", 8)),
        ("和田地区", ("新疆", 4)),
        ("和田玉器", ("", 0)),
        ("昆山市", ("江苏", 3)),
        ("昆山", ("", 0)),
        ("深圳市政", ("广东", 2)),
        ("中国石油", ("", 2)),
        ("海南", ("海南", 2)),
        ("博雅", ("", 0)),
    ],
)
def test_places_at_the_start(text: str, place: tuple[str, int]) -> None:
    assert place_at_start(text) == place
