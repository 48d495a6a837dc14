"""Metadata of the customer service's tables."""

from __future__ import annotations

from sqlmodel import SQLModel

from kit.db.columns import new_registry


class Base(SQLModel, registry=new_registry()):
    """Base of every table of the service."""
