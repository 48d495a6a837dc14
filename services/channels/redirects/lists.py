"""Fields of rows that are filed under an account, which reads as another one once it was merged."""

from __future__ import annotations

from typing import Final

from kit.db.redirects import Redirects

ACCOUNTS: Final = Redirects("account")
root_of = ACCOUNTS.root_of
filed_fields = ACCOUNTS.filed_fields
