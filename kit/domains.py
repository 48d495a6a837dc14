"""Domains of companies: the one that a website names, and those that say nothing because many share them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_MAIL = """
126.com 139.com 163.com 163.net 188.com 189.cn 21cn.com 263.net aliyun.com aol.com att.net bigpond.com bluewin.ch
bol.com.br btinternet.com charter.net chinaren.com comcast.net cox.net daum.net duck.com earthlink.net fastmail.com
foxmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com
hotmail.co.uk hotmail.com hotmail.de hotmail.fr hotmail.it icloud.com inbox.ru laposte.net libero.it list.ru live.cn
live.co.uk live.com mac.com mail.com mail.ru me.com msn.com naver.com netease.com ntlworld.com o2.pl online.de
orange.fr outlook.com outlook.de outlook.fr pm.me proton.me protonmail.com qq.com rambler.ru rediffmail.com
rocketmail.com sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn sina.com sky.com sohu.com sympatico.ca t-online.de
tiscali.it tom.com tutanota.com uol.com.br verizon.net vip.163.com vip.qq.com vip.sina.com wanadoo.fr web.de wo.cn
wp.pl ya.ru yahoo.cn yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.br yahoo.com.cn yahoo.com.hk
yahoo.com.tw yahoo.de yahoo.fr yandex.com yandex.ru yeah.net ymail.com zoho.com
"""
_SHOPS = """
1688.com alibaba.com aliexpress.com amazon.cn amazon.co.jp amazon.co.uk amazon.com amazon.de amazon.fr baidu.com
bilibili.com dangdang.com dianping.com douyin.com ebay.co.uk ebay.com ebay.de etsy.com facebook.com github.com
global.alibaba.com google.com instagram.com jd.com jd.hk kaola.com kuaishou.com lazada.com linkedin.com linktr.ee
made-in-china.com mall.jd.com medium.com meituan.com mercadolibre.com mp.weixin.qq.com myshopify.com notion.site
pinduoduo.com pinterest.com rakuten.co.jp shopee.com shopee.tw shopify.com sites.google.com smzdm.com
squarespace.com store.taobao.com suning.com taobao.com temu.com tiktok.com tmall.com tmall.hk twitter.com vip.com
walmart.com weebly.com weibo.com weidian.com weixin.qq.com wix.com wixsite.com wordpress.com x.com xiaohongshu.com
yangkeduo.com youtube.com youzan.com zhihu.com
"""
SHARED_DOMAINS: Final = frozenset((_MAIL + _SHOPS).split())
"""Domains that many have a mailbox or a shop at: that two companies have one of them says nothing."""


@lru_cache(maxsize=4096)
def domain_of(website: str | None) -> str | None:
    """The domain of a website in IDNA ASCII, without `www`; None where the text names none."""
    import idna

    try:
        written = (website or "").strip()
        host = urlsplit(written if "://" in written else f"//{written}").hostname or ""
        domain = idna.encode(host.rstrip("."), uts46=True).decode().lower()
    except ValueError:  # of which IDNAError is one
        return None
    shorter = domain.removeprefix("www.")
    domain = shorter if "." in shorter else domain
    last = domain.rpartition(".")[2]
    return domain if "." in domain and not last.isdigit() else None
