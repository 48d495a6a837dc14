"""Leads of units, their ends, and what they go on as below another parent."""
