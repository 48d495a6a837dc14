"""If-Match (RFC 9110, 13.1.1): the versions that a change may be based on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kit.errors import VersionMismatch, VersionRequired

_NUMBER = "0|[1-9][0-9]{0,8}"
# One element of the list, possibly empty: a version, a version without quotes, or a tag that matches nothing here
# (a weak one never does).
_ELEMENT = re.compile(rf'[ \t]*(?:"({_NUMBER})"|({_NUMBER})|(?:W/)?"[\x21\x23-\x7e\x80-\xff]*")?[ \t]*(?:,|\Z)')


@dataclass(frozen=True, slots=True)
class Versions:
    """Those that a change may be based on; None is `*`: whichever the row has."""

    named: frozenset[int] | None

    def check(self, version: int) -> None:
        """Raises VersionMismatch when `version` is none of them."""
        if self.named is not None and version not in self.named:
            raise VersionMismatch()


def read_if_match(lines: Sequence[str]) -> Versions:
    """The versions named in all header lines together. Raises VersionRequired (428) without any line and
    VersionMismatch (412) for what is no list of ETags, for it can match nothing."""
    if not lines:
        raise VersionRequired()
    text = ",".join(lines).strip(" \t")
    if text == "*":
        return Versions(None)
    named: set[int] = set()
    at = 0
    while at < len(text):
        found = _ELEMENT.match(text, at)
        if found is None:
            raise VersionMismatch("If-Match is no list of ETags")
        named |= {int(number) for number in found.groups() if number}
        at = found.end()
    return Versions(frozenset(named))
