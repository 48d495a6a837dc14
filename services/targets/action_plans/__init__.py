"""Action plans: what is done so that a target is reached."""
