"""Whether a migration expands or contracts, read from its SQL."""

from __future__ import annotations

import re

_CREATED = re.compile(r"\bCREATE TABLE (?:IF NOT EXISTS )?(\S+)", re.IGNORECASE)
_NARROWS = re.compile(
    r"\bDROP (TABLE|COLUMN|SEQUENCE|TYPE|FUNCTION|VIEW|DEFAULT)\b|\bRENAME\b|\bTRUNCATE\b"
    r"|\bDROP CONSTRAINT(?! (IF EXISTS )?ck_)\b"
    r"|\bDROP INDEX(?! (CONCURRENTLY )?(IF EXISTS )?ix_)\b"
    r"|\bALTER COLUMN \S+ (SET NOT NULL|TYPE|SET DATA TYPE)\b|\bADD (CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)\b"
    r"|\bCREATE UNIQUE INDEX\b|\bCREATE (CONSTRAINT )?TRIGGER\b"
    r"|\bADD (COLUMN )?(?!.*\bDEFAULT\b).*\bNOT NULL\b",
    re.IGNORECASE | re.DOTALL,
)
_WIDENS = re.compile(r"^\s*-- widens: \S", re.MULTILINE)
_ADDED = re.compile(r"\bADD COLUMN (\S+)(?!.*\bDEFAULT\b)", re.IGNORECASE)
_UNIQUE = re.compile(r"\bCREATE UNIQUE INDEX\b.*?\bON \S+ \(([^()]*)\)", re.IGNORECASE | re.DOTALL)
_FUNCTION_BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
_TARGET = re.compile(
    r"\b(?:ALTER TABLE(?: ONLY)?|\bON|DROP TABLE|TRUNCATE(?: TABLE)?)\s+(?:IF EXISTS )?(\S+)", re.IGNORECASE
)


def phase_of(sql: str) -> str:
    """`expand` when every statement only adds what the code before does not need to know, else `contract`.

    Taking away, renaming, and refusing what was accepted (constraints, unique indexes, triggers, NOT NULL without a
    default) narrow; on a table made in the same revision nothing does. An index named ix_ is not unique: without it
    the code before is only slower. A CHECK (ck_) that goes accepts more. A unique index over a column that the
    revision adds, without a default, refuses nothing of the code before, which leaves it null. What no expression can
    see, a comment `-- widens: why` in the statement says. In doubt it says `contract`.
    """
    statements = [each.strip() for each in _FUNCTION_BODY.sub("''", sql).split(";")]
    statements = [each for each in statements if not _WIDENS.search(each)]
    made = {name.strip('"(') for statement in statements for name in _CREATED.findall(statement)}
    added = {name for statement in statements for name in _ADDED.findall(statement)}
    for statement in statements:
        unique = _UNIQUE.search(statement)
        if unique is not None and added & {name.strip() for name in unique.group(1).split(",")}:
            continue
        target = _TARGET.search(statement)
        if _NARROWS.search(statement) and (target is None or target.group(1).strip('"(') not in made):
            return "contract"
    return "expand"
