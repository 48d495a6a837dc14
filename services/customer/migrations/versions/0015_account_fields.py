"""Accounts get industry, size, domain, phone and address; phone and address of persons are sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = {
    "industry": "jsonb",
    "employees": "bigint",
    "annual_revenue_base": "bigint",
    "size_class": "text",
    "domain": "text",
    "phone": "text CONSTRAINT ck_account_phone_in_clear CHECK (kind = 'organization' OR phone IS NULL)",
    "address": "text CONSTRAINT ck_account_address_in_clear CHECK (kind = 'organization' OR address IS NULL)",
    "sealed_phone": "bytea",
    "sealed_address": "bytea",
    "phone_index_1": "bytea",
    "phone_index_2": "bytea",
}
_FOUND_BY = ("phone", "phone_index_1", "phone_index_2")


def upgrade() -> None:
    """Apply."""
    for name, kind in _COLUMNS.items():
        op.execute(f"ALTER TABLE account ADD COLUMN IF NOT EXISTS {name} {kind}")
    with op.get_context().autocommit_block():
        for name in _FOUND_BY:
            build_index(f"ix_account_{name}", "account", [name], postgresql_where=sa.text(f"{name} IS NOT NULL"))


def downgrade() -> None:
    """Take back."""
    for name in _COLUMNS:
        op.drop_column("account", name)
