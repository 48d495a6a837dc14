"""What the service knows of something, in one answer."""
