"""What is wrong with a system and what to do: checks that read and change nothing."""
