"""Roles of the sales organisation: what who has one is there for, and what it allows."""
