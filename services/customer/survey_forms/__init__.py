"""The forms of surveys, open to whoever has the token of an invitation."""
