"""What each service knows of the sample: made where it is missing, read, and shown."""
