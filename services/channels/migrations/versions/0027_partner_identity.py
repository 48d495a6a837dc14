"""What partners are known by: names, tax id and bank account (sealed), account, lines, who is responsible."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, build_key_indexes, drop_indexes

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TEXTS = ("local_name", "country", "tax_id_hash", "bank_hash")
_IDS = ("owner_id", "account_id")
_SEALED = ("tax_id", "bank")
_HAS_COUNTRY = """
ALTER TABLE partner ADD CONSTRAINT ck_partner_tax_id_has_country
  CHECK (tax_id_hash IS NULL OR country IS NOT NULL) NOT VALID
"""


def upgrade() -> None:
    """Apply; names are searched by the local one too once the worker has made their keys anew."""
    for name in _TEXTS:
        op.add_column("partner", sa.Column(name, sa.Text(), nullable=True))
    for name in _IDS:
        op.add_column("partner", sa.Column(name, sa.Uuid(), nullable=True))
    for name in _SEALED:
        op.add_column("partner", sa.Column(name, sa.LargeBinary(), nullable=True))
    lines: sa.Column[tuple[str, ...]] = sa.Column(
        "product_lines", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
    )
    op.add_column("partner", lines)
    op.execute(_HAS_COUNTRY)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE partner VALIDATE CONSTRAINT ck_partner_tax_id_has_country")
        build_index(
            "uq_partner_country_tax_id_hash",
            "partner",
            ["country", "tax_id_hash"],
            unique=True,
            postgresql_where=sa.text("tax_id_hash IS NOT NULL"),
        )
        build_index(
            "ix_partner_account_id", "partner", ["account_id"], postgresql_where=sa.text("account_id IS NOT NULL")
        )
        drop_indexes("partner", "ix_partner_to_key")
        build_key_indexes("partner", "1.1", ("name", "code", "local_name"))


def downgrade() -> None:
    """Take back; tax ids and bank accounts are gone with it."""
    with op.get_context().autocommit_block():
        drop_indexes("partner", "ix_partner_to_key", "ix_partner_account_id", "uq_partner_country_tax_id_hash")
        build_key_indexes("partner", "1.1", ("name", "code"))
    op.drop_constraint("ck_partner_tax_id_has_country", "partner")
    for name in (*_TEXTS, *_IDS, *_SEALED, "product_lines"):
        op.drop_column("partner", name)
