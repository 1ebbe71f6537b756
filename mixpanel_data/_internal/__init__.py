"""Private implementation: nothing in here is a promise."""
