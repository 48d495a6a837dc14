"""Regions as they are kept: ISO 3166-2, of China the alphabetic codes, however a province was written."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from kit.errors import FieldError, Invalid
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
_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_NUMBER = re.compile(r"(?:CN-)?([1-9][0-9])(?:[0-9]{2}|[0-9]{4})?")
_ENDINGS = re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区| province| municipality| sar)$")


class RegionUnknown(Invalid):
    """No province of China, or no code of ISO 3166-2."""

    code, title = "region-unknown", "There is no such region"


@cache
def _codes() -> dict[str, str]:
    """Alphabetic code of a province by its numbers, its code and its folded names."""
    found: dict[str, str] = {}
    for line in _PROVINCES.split(";"):
        numbers, code, *names = line.split()
        keys = [*numbers.split(","), f"CN-{code}", *(fold_text(name.replace("-", " ")) for name in names)]
        found |= dict.fromkeys(keys, f"CN-{code}")
    return found


@lru_cache(maxsize=1024)
def clean_region(country: str | None, region: str | None, pointer: str = "/region") -> str | None:
    """The region as it is kept. `CN-31`, `310000`, 上海市 and `Shanghai` are `CN-SH`; of other countries a code of the
    form of ISO 3166-2 stands as it is. Numbers and names are China's, so not at an account of another country. Raises
    RegionUnknown."""
    if region is None:
        return None
    written, is_home = region.strip(), country in (None, "CN", "HK", "MO", "TW")
    code = written.upper()
    if (number := _NUMBER.fullmatch(code)) and (is_home or code.startswith("CN-")):
        found = _codes().get(number[1])
    elif _CODE.fullmatch(code):
        found = code if not code.startswith("CN-") else _codes().get(code)
    else:
        found = _codes().get(_ENDINGS.sub("", fold_text(written)).strip()) if is_home else None
    if found is None:
        detail = f"no region {region}: a code of ISO 3166-2, or a province of China"
        raise RegionUnknown(detail, errors=[FieldError(pointer, RegionUnknown.code, detail)])
    return found


def kept_region(country: str | None, region: str | None) -> str | None:
    """A region of before as it is kept today; one that is unknown stays."""
    try:
        return clean_region(country, region)
    except RegionUnknown:
        return region
