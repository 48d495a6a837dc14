"""Report schedules: of which unit, how often and at what time reports are written."""
