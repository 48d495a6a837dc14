"""Surveys: what is asked, who is invited, what was answered, and what comes of it."""
