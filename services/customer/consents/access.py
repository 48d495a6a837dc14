"""Consents are the contact's: who may read or write the contact may do so with them."""

from __future__ import annotations

READ, WRITE = "contacts:read", "contacts:write"
