"""From rows to text and files: an excerpt of them, in flat memory, spelled as a format can."""
