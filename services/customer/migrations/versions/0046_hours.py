"""Working hours are a policy of the company."""

from __future__ import annotations

import json
from typing import Any

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_OFFICE = [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "18:00"}]
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS: dict[str, Any] = {"weekdays": dict.fromkeys(_WEEKDAYS, _OFFICE), "makeup_windows": None}
_INSTALL = """
INSERT INTO customer_policy (id, kind, policy_version, body, reason, state, created_by, valid_from, activation)
VALUES ('01989f2e-0000-7000-8000-000000000006', 'hours', 1, '{}', 'Installed', 'active', 'system', '1900-01-01', 1)
"""
_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE customer_policy DROP CONSTRAINT ck_customer_policy_kind,
ADD CONSTRAINT ck_customer_policy_kind CHECK (kind IN ({})) NOT VALID
"""
_WAKE = """
CREATE OR REPLACE FUNCTION case_wake_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE service_case t SET due_at = NEW.updated_at
    FROM (SELECT id FROM service_case WHERE due_at > NEW.updated_at ORDER BY id FOR NO KEY UPDATE) w WHERE t.id = w.id;
    RETURN NULL;
END $$
"""
_ON_HOURS = """
-- widens: workers look at cases again, nothing is refused
CREATE OR REPLACE TRIGGER case_of_hours AFTER UPDATE OF state ON customer_policy
FOR EACH ROW WHEN (NEW.state = 'active' AND OLD.state = 'draft' AND NEW.kind = 'hours')
EXECUTE FUNCTION case_wake_all()
"""


def upgrade() -> None:
    """Apply."""
    _allow("'sla', 'grading', 'lifecycle', 'churn', 'lead_score', 'hours'")
    op.execute(_INSTALL.format(json.dumps(HOURS).replace(":", r"\:")))
    for statement in (_WAKE, _ON_HOURS):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER IF EXISTS case_of_hours ON customer_policy")
    op.execute("DROP FUNCTION IF EXISTS case_wake_all()")
    op.execute("DELETE FROM customer_policy WHERE kind = 'hours'")
    _allow("'sla', 'grading', 'lifecycle', 'churn', 'lead_score'")


def _allow(words: str) -> None:
    op.execute(_KINDS.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE customer_policy VALIDATE CONSTRAINT ck_customer_policy_kind")
