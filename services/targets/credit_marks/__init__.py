"""Where results were credited of late: what targets are to be told of."""
