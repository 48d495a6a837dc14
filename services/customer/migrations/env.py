"""Alembic environment of the customer service."""

from kit.db.migrate import run_environment
from services.customer.tables import METADATA

run_environment(METADATA)
