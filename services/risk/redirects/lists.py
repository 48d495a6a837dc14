"""Fields of rows that are filed under an account, which reads as another one once it was merged."""

from __future__ import annotations

from typing import Final

from kit.db.lists import Field

_MEMBERS: Final = """
unnest($1::uuid[]) AS g(id) CROSS JOIN LATERAL (
  SELECT coalesce((SELECT r.root_id FROM account_root r WHERE r.account_id = g.id), g.id) AS id
) t CROSS JOIN LATERAL (
  SELECT t.id UNION ALL SELECT r.account_id FROM account_root r WHERE r.root_id = t.id
) m
"""


def root_sql(column: str) -> str:
    """What the account of a column leads to; NULL for one that leads nowhere."""
    return f"(SELECT ar.root_id FROM account_root ar WHERE ar.account_id = {column})"


def root_of(column: str) -> str:
    """What the account of a column reads as: itself, unless it leads to another."""
    return f"coalesce({root_sql(column)}, {column})"


def is_one_sql(column: str, parameter: str) -> str:
    """Whether the account of a column is one with that of a parameter."""
    members = _MEMBERS.replace("$1::uuid[]", f"ARRAY[{parameter}::uuid]")
    return f"{column} = ANY(ARRAY(SELECT m.id FROM {members}))"


def filed_fields(column: str, *, nullable: bool = False) -> dict[str, Field]:
    """`account_id` is what the account of a column reads as, by any of those that read as it all are found;
    `filed_account_id` is the account itself."""
    return {
        "account_id": Field(root_of(column), "uuid", nullable=nullable, filed=column, members=_MEMBERS),
        "filed_account_id": Field(column, "uuid", nullable=nullable),
    }
