"""Who had accounts, from when on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_NOTE_ADDED = """
CREATE OR REPLACE FUNCTION account_owners_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_owner (id, account_id, account_version, owner_id, since)
    SELECT md5(concat_ws(' ', a.id, a.version))::uuid, a.id, a.version, a.owner_id, a.updated_at
    FROM added a WHERE a.owner_id IS NOT NULL
    ON CONFLICT (account_id, account_version) DO UPDATE SET owner_id = excluded.owner_id;
    RETURN NULL;
END $$
"""
_NOTE_CHANGED = """
CREATE OR REPLACE FUNCTION account_owners_changed() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO account_owner (id, account_id, account_version, owner_id, since)
    SELECT md5(concat_ws(' ', NEW.id, NEW.version))::uuid, NEW.id, NEW.version, NEW.owner_id,
        greatest(NEW.updated_at, (SELECT max(w.since) FROM account_owner w WHERE w.account_id = NEW.id))
    ON CONFLICT (account_id, account_version) DO UPDATE SET owner_id = excluded.owner_id;
    RETURN NULL;
END $$
"""
"""Its plan is kept by the session: one made while the table was empty would read all of it for each account."""
_ADDED = """
CREATE OR REPLACE TRIGGER account_owners_added AFTER INSERT ON account
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION account_owners_added()
"""
_CHANGED = """
CREATE OR REPLACE TRIGGER account_owners_changed AFTER UPDATE OF owner_id ON account
FOR EACH ROW WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION account_owners_changed()
"""
_FILL = """
DO $$
DECLARE ids uuid[]; last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        ids := ARRAY(SELECT id FROM account WHERE id > last ORDER BY id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        PERFORM FROM account WHERE id = ANY (ids) ORDER BY id FOR SHARE;
        WITH said AS (
            SELECT a.id, (l.after->>'owner_id')::uuid AS owner_id, l.at, l.actor,
                row_number() OVER (PARTITION BY a.id ORDER BY l.id) AS place, count(*) OVER (PARTITION BY a.id) AS of
            FROM account a JOIN audit_log l ON l.resource = 'account' AND l.resource_id = a.id::text
            WHERE a.id = ANY (ids) AND l.after ? 'owner_id'
                AND (l.before IS NOT NULL OR l.after->>'owner_id' IS NOT NULL)
        ), told AS (
            INSERT INTO account_owner (id, account_id, account_version, owner_id, since, recorded_by)
            SELECT md5(concat_ws(' ', s.id, s.place))::uuid, s.id, s.place, s.owner_id, s.at, s.actor FROM said s
            WHERE s.place <= s.of - (SELECT count(*) FROM account_owner w WHERE w.account_id = s.id)
            ON CONFLICT DO NOTHING RETURNING account_id
        )
        INSERT INTO account_owner (id, account_id, account_version, owner_id, since)
        SELECT md5(concat_ws(' ', a.id, 1))::uuid, a.id, 1, a.owner_id, a.created_at FROM account a
        WHERE a.id = ANY (ids) AND a.owner_id IS NOT NULL AND a.id NOT IN (SELECT account_id FROM told)
            AND NOT EXISTS (SELECT FROM account_owner w WHERE w.account_id = a.id)
        ON CONFLICT DO NOTHING;
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""
"""The audit log knows who gave an account to whom: each such entry belongs to a later version than the one before it,
so their places go before all versions to come. What the triggers have noted meanwhile are the last of them."""


def upgrade() -> None:
    """Apply; who had the accounts that are there is told by the audit log, of others who has them."""
    op.create_table(
        "account_owner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("account_version", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_owner")),
        sa.UniqueConstraint("account_id", "account_version", name=op.f("uq_account_owner_account_id_account_version")),
        if_not_exists=True,
    )
    for statement in (_NOTE_ADDED, _NOTE_CHANGED, _ADDED, _CHANGED):
        op.execute(statement)
    with op.get_context().autocommit_block():
        op.execute(_FILL)


def downgrade() -> None:
    """Take back; who had accounts before is in the audit log alone."""
    op.execute("DROP TRIGGER IF EXISTS account_owners_changed ON account")
    op.execute("DROP TRIGGER IF EXISTS account_owners_added ON account")
    op.execute("DROP FUNCTION IF EXISTS account_owners_changed()")
    op.execute("DROP FUNCTION IF EXISTS account_owners_added()")
    op.drop_table("account_owner")
