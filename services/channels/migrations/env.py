"""Alembic environment of the channels service."""

from kit.db.migrate import run_environment
from services.channels.tables import METADATA

run_environment(METADATA)
