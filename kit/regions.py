"""Countries and their regions, by the codes of ISO 3166-1 and ISO 3166-2, each in one spelling."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

from kit.text import fold_text

_PROVINCES = """
11 BJ 北京 Beijing; 12 TJ 天津 Tianjin; 13 HE 河北 Hebei; 14 SX 山西 Shanxi;
15 NM 内蒙古 Inner-Mongolia Nei-Mongol; 21 LN 辽宁 Liaoning; 22 JL 吉林 Jilin; 23 HL 黑龙江 Heilongjiang;
31 SH 上海 Shanghai; 32 JS 江苏 Jiangsu; 33 ZJ 浙江 Zhejiang; 34 AH 安徽 Anhui; 35 FJ 福建 Fujian;
36 JX 江西 Jiangxi; 37 SD 山东 Shandong; 41 HA 河南 Henan; 42 HB 湖北 Hubei; 43 HN 湖南 Hunan;
44 GD 广东 Guangdong; 45 GX 广西 Guangxi; 46 HI 海南 Hainan; 50 CQ 重庆 Chongqing; 51 SC 四川 Sichuan;
52 GZ 贵州 Guizhou; 53 YN 云南 Yunnan; 54 XZ 西藏 Tibet Xizang; 61 SN 陕西 Shaanxi; 62 GS 甘肃 Gansu;
63 QH 青海 Qinghai; 64 NX 宁夏 Ningxia; 65 XJ 新疆 Xinjiang; 71 TW 台湾 Taiwan;
81,91 HK 香港 Hong-Kong Xianggang; 82,92 MO 澳门 Macau Macao Aomen
"""
"""Numbers (of GB/T 2260, and those of ISO 3166-2 before 2017 that differ), alphabetic code, names."""
_NUMBER = re.compile(r"(?:CN-)?([1-9][0-9])(?:[0-9]{2}|[0-9]{4})?")
_ENDINGS = re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区| province| municipality| sar)$")
_OWN_AREA = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]+)+")
_HOME = frozenset({None, "CN", "HK", "MO", "TW"})
"""Where the numbers and names of China's provinces are read: there, and where no country is known."""
_ALIASES = {"UK": "GB", "EL": "GR"}
"""Codes that ISO 3166 reserves or VAT numbers use for a country that has another one."""
_UNLISTED = frozenset({"XI", "XK"})
"""Of the codes for users' own, those that are agreed on: Northern Ireland in VAT numbers, Kosovo in banking."""


@cache
def _subdivisions() -> dict[str, tuple[str, ...]]:
    """Codes of the regions of each country of ISO 3166-1."""
    found, country = dict[str, list[str]](), ""
    for line in files(__package__).joinpath("iso_3166_2.txt").read_text("ascii").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            country, _, line = line.partition(":")
        found.setdefault(country, []).extend(f"{country}-{part}" for part in line.split())
    return {country: tuple(codes) for country, codes in found.items()}


@cache
def known_countries() -> frozenset[str]:
    """Every code of ISO 3166-1 alpha-2, such as `CN`, and XI and XK."""
    return frozenset(_subdivisions()) | _UNLISTED


@cache
def known_regions() -> frozenset[str]:
    """Every code of ISO 3166-2, such as `CN-SH`."""
    return frozenset(code for codes in _subdivisions().values() for code in codes)


@cache
def _provinces() -> dict[str, str]:
    """Alphabetic code of a province by its numbers, its code and its folded names."""
    found: dict[str, str] = {}
    for line in _PROVINCES.split(";"):
        numbers, code, *names = line.split()
        keys = [*numbers.split(","), f"CN-{code}", *(fold_text(name.replace("-", " ")) for name in names)]
        found |= dict.fromkeys(keys, f"CN-{code}")
    return found


def country_code(written: str) -> str | None:
    """The code of a country as it is kept: UK is GB, EL is GR. None of none."""
    code = _ALIASES.get(written, written)
    return code if code in known_countries() else None


@lru_cache(maxsize=1024)
def region_code(written: str, country: str | None = None) -> str | None:
    """The code of a region as it is kept, None of none.

    `cn-sh`, `CN-31`, `310000`, 上海市 and `Shanghai` are CN-SH; `lnd` is GB-LND in GB. Numbers and names are
    China's, so they say nothing in another country.
    """
    plain = fold_text(written)
    code = plain.upper()
    if code in known_regions():
        return code
    if (number := _NUMBER.fullmatch(code)) and (country in _HOME or code.startswith("CN-")):
        return _provinces().get(number[1])
    if country is not None and (own := f"{country}-{code}") in known_regions():
        return own
    if country not in _HOME:
        return None
    return _provinces().get(_ENDINGS.sub("", plain).strip())


def area_code(written: str) -> str | None:
    """The code of a country, of a region or of a part that a company has drawn itself (CN-S, CN-SH-01), as it is kept;
    None of none of them."""
    code = fold_text(written).upper()
    known = country_code(code) or region_code(written)
    if known is None and _OWN_AREA.fullmatch(code) and code[:2] in known_countries():
        return code
    return known


def check_region(region: str) -> str:
    """What is wrong with a region, empty when it is a code of ISO 3166-2 as that writes it."""
    if region in known_regions():
        return ""
    meant = region_code(region)
    return "no code of ISO 3166-2" + (f"; expected {meant}" if meant else "")
