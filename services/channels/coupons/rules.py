"""Pure rules of coupons: how a code reads, what it is kept as, how unique ones are drawn."""

from __future__ import annotations

import hmac
import unicodedata
from itertools import count

from kit.errors import Conflict, Invalid

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 letters and digits that nobody takes for one another: without 0, 1, I, L, O."""
LENGTH = 12
"""Letters of a unique code: nearly 60 bits, so nobody guesses one of a million."""
LEAST, MOST = 4, 40
"""How many letters a shared code has, written without spaces and hyphens."""
LAST = 4
_FAIR = 256 - 256 % len(ALPHABET)
_IGNORED = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf", "Pd"))


class CouponInvalid(Invalid):
    """Wrong, expired, used or somebody else's: nobody is told which."""

    code, title = "coupon-invalid", "A coupon does not count"


class CouponCodeUnfit(Invalid):
    code, title = "coupon-code-unfit", f"A shared code has {LEAST} to {MOST} letters and digits"


class CouponsNotNeeded(Conflict):
    code, title = "coupons-not-needed", "The promotion is given without a coupon"


def normal(code: str) -> str:
    """A code as it is compared: NFKC, upper case, without spaces and hyphens. What stood apart may join once a space
    between has gone, so it is done until nothing changes.

    >>> normal("spring-26 ａ"), normal("SPRING26A")
    ('SPRING26A', 'SPRING26A')
    """
    upper = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", code).upper())
    form = "".join(letter for letter in upper if unicodedata.category(letter) not in _IGNORED)
    return form if form == code else normal(form)


def shared(code: str) -> str:
    """The normal form of a code that many use; raises CouponCodeUnfit."""
    found = normal(code)
    if not (LEAST <= len(found) <= MOST and found.isalnum()):
        raise CouponCodeUnfit
    return found


def digest_of(key: bytes, form: str) -> bytes:
    """What of a code is kept: a keyed hash of its normal form."""
    return hmac.digest(key, b"coupon\0" + form.encode(), "sha256")


def unique_code(key: bytes, batch: str, number: int) -> str:
    """The code of a number of a batch: who has the key finds it again, nobody else does. Each letter is as likely as
    any other: bytes that would favour some are passed over.

    >>> code = unique_code(b"key", "batch", 1)
    >>> len(code), set(code) <= set(ALPHABET), code == unique_code(b"key", "batch", 1)
    (12, True, True)
    """
    letters: list[str] = []
    for turn in count():
        drawn = hmac.digest(key, f"coupon-code\0{batch}\0{number}\0{turn}".encode(), "sha256")
        letters += [ALPHABET[byte % len(ALPHABET)] for byte in drawn if byte < _FAIR]
        if len(letters) >= LENGTH:
            break
    return "".join(letters[:LENGTH])


def spelt(code: str) -> str:
    """A unique code as it is handed out.

    >>> spelt("ABCDEFGHJKMN")
    'ABCD-EFGH-JKMN'
    """
    return "-".join(code[at : at + LAST] for at in range(0, len(code), LAST))
