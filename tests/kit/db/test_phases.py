"""Expand or contract, read from the SQL."""

from __future__ import annotations

import pytest

from kit.db.phases import phase_of


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE account ADD COLUMN note TEXT",
        "ALTER TABLE account ADD COLUMN level INTEGER DEFAULT 0 NOT NULL",
        "CREATE INDEX ix ON account (note)",
        "CREATE TABLE x (id UUID NOT NULL, CONSTRAINT pk PRIMARY KEY (id)); CREATE UNIQUE INDEX ux ON x (id)",
        "CREATE TABLE x (id BIGINT); ALTER TABLE x ADD CONSTRAINT c CHECK (id > 0); CREATE TRIGGER t AFTER INSERT ON x "
        "FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE SEQUENCE s",
        "UPDATE account SET note = '' WHERE note IS NULL",
        "ALTER TABLE account ALTER COLUMN note DROP NOT NULL",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM x; DROP TABLE x; END $$",
        "DROP INDEX CONCURRENTLY IF EXISTS ix_account_owner_id_id",
        "ALTER TABLE account DROP CONSTRAINT ck_account_level",
        "ALTER TABLE account ADD COLUMN k TEXT; CREATE UNIQUE INDEX CONCURRENTLY uq ON account (k, country) WHERE b",
        "-- widens: a word\nALTER TABLE account DROP CONSTRAINT ck_k, ADD CONSTRAINT ck_k CHECK (kind > 1)",
    ],
)
def test_what_the_code_before_need_not_know_expands(sql: str) -> None:
    assert phase_of(sql) == "expand"


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE account",
        "ALTER TABLE account DROP COLUMN note",
        "ALTER TABLE account RENAME COLUMN note TO remark",
        "ALTER TABLE account ALTER COLUMN note TYPE VARCHAR(10)",
        "ALTER TABLE account ALTER COLUMN note SET NOT NULL",
        "ALTER TABLE account ADD COLUMN level INTEGER NOT NULL",
        "ALTER TABLE account ADD CONSTRAINT c CHECK (level > 0) NOT VALID",
        "CREATE UNIQUE INDEX ux ON account (note)",
        "DROP INDEX ux",
        "ALTER TABLE account DROP CONSTRAINT uq_account_code",
        "ALTER TABLE account ADD COLUMN k TEXT DEFAULT ''; CREATE UNIQUE INDEX uq ON account (k)",
        "ALTER TABLE account DROP CONSTRAINT ck_kind, ADD CONSTRAINT ck_kind CHECK (kind IN ('a', 'b')) NOT VALID",
        "-- widens: a\nALTER TABLE account DROP CONSTRAINT ck_k, ADD CONSTRAINT ck_k CHECK (a > 1); DROP TABLE b",
        "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON account FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TABLE x (id BIGINT); CREATE UNIQUE INDEX ux ON account (note)",
    ],
)
def test_what_narrows_contracts(sql: str) -> None:
    assert phase_of(sql) == "contract"
